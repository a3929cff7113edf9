import { keyMeaning } from './key-meaning.ts';
import type { KeyedMention } from './mention.ts';
import { type Variable, type Variables, expandTemplate, withoutArithmetic } from './expansion.ts';
import { scanProbeCommand } from './probe-command.ts';
import type { Setting } from './setting.ts';
import { scanSettings } from './setting-scan.ts';
import { splitScript } from './shell-words.ts';
import { scanProse } from './value-scan.ts';

const SHELL = /^(?:.*\/)?(?:ba|da|a|z|k)?sh$/;
const DEV_TCP = /\/dev\/(tcp|udp)\/([A-Za-z0-9._-]{1,253})\/(\d{1,5})/g;

/**
 * Finds the addresses on a container's command line: flags, plain words, and the script where a
 * shell is given one. `switches` are the environment's settings, which may turn a flag's feature off.
 */
export function scanCommand(argv: readonly string[], variables: Variables, switches: readonly Setting[]): readonly KeyedMention[] {
  const mentions: KeyedMention[] = [];
  const plain: string[] = [];
  const hasShell = argv.some((word) => SHELL.test(word));
  for (const word of argv) {
    const isScript = word.includes('\n') || (hasShell && /\s/.test(word)) || (argv.length === 1 && /\s/.test(word));
    if (isScript) mentions.push(...scanScript(word, variables, switches));
    else plain.push(word);
  }
  return [...mentions, ...scanWords(plain, 1, switches)];
}

/** Finds the addresses in a shell script, with its own assignments and the container's environment put in. */
export function scanScript(text: string, variables: Variables, switches: readonly Setting[]): readonly KeyedMention[] {
  const assigned = new Map<string, Variable>();
  const known: Variables = { get: (name) => assigned.get(name) ?? variables.get(name) };
  const mentions: KeyedMention[] = [];
  const assignments: Setting[] = [];
  for (const { words, line } of splitScript(withoutArithmetic(text))) {
    const expanded = words.map((word) => expandTemplate(word, known).text);
    const first = expanded.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word) && word !== 'export' && word !== 'local');
    for (const word of first < 0 ? expanded : expanded.slice(0, first)) {
      const equals = word.indexOf('=');
      if (equals <= 0) continue;
      const key = word.slice(0, equals);
      const value = word.slice(equals + 1);
      assigned.set(key, { value, isSecret: false });
      assignments.push({ key, value, position: line });
    }
    if (first >= 0) mentions.push(...scanWords(expanded.slice(first), line, switches));
  }
  return [...mentions, ...scanSettings(assignments, [...assignments, ...switches])];
}

function scanWords(words: readonly string[], line: number, switches: readonly Setting[]): readonly KeyedMention[] {
  const mentions: KeyedMention[] = [];
  const program = words[0] ?? '';
  for (const mention of scanProbeCommand(words)) {
    mentions.push({ ...mention, key: program, meaning: 'address', position: line });
  }
  const { flags, others } = splitFlags(words, line);
  mentions.push(...scanSettings(flags, [...flags, ...switches]));
  for (const word of others) {
    for (const mention of scanProse(word)) mentions.push({ ...mention, key: program.length > 80 ? '' : program, meaning: 'neutral', position: line });
    for (const match of word.includes('/dev/') ? word.matchAll(DEV_TCP) : []) {
      mentions.push({ host: (match[2] ?? '').toLowerCase(), port: Number(match[3]), form: 'command', key: '/dev/tcp', meaning: 'address', position: line });
    }
  }
  return mentions;
}

interface SplitWords {
  readonly flags: readonly Setting[];
  readonly others: readonly string[];
}

// --flag=value, --flag value, -Dproperty=value, name=value; the rest are plain words
function splitFlags(words: readonly string[], line: number): SplitWords {
  const flags: Setting[] = [];
  const others: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const equals = word.indexOf('=');
    const next = words[at + 1];
    if (equals > 0 && /^-{0,2}[A-Za-z_][\w.:/-]*$/.test(word.slice(0, Math.min(equals, 200)))) {
      flags.push({ key: word.slice(0, equals).replace(/^-+(?:D(?=[a-z]+\.))?/, ''), value: word.slice(equals + 1), position: line });
    } else if (/^--?[A-Za-z][\w.-]{1,200}$/.test(word) && next !== undefined && !next.startsWith('-') && keyMeaning(word) !== 'neutral') {
      flags.push({ key: word.replace(/^-+/, ''), value: next, position: line });
      at += 1;
    } else {
      others.push(word);
    }
  }
  return { flags, others };
}
