import { spawnSync } from 'node:child_process';

import { quotable, type Ruleset } from '#compilers/nftables';

import { compareTable } from '../compare-table.ts';
import { type Commit, type Driver, type DriverCapabilities, MAY_END, type RefusalCode, type RuleCounter, type RulesetDelta, type TableReading, type Watch } from '../driver.ts';
import { inNetworkNamespace } from '../netlink/network-namespace.ts';
import { NOTE_SET, parseNote, type TableNote } from '../table-note.ts';
import { keyBytes, splitElement } from './element-text.ts';
import { readListing } from './nft-listing.ts';
import { deltaText, rulesetText } from './nft-text.ts';
import { countElements, countMoved } from './ruleset-batch.ts';

export interface NftDriverOptions {
  /** Which nft to run; the first on the path unless said. */
  readonly command?: string;
  readonly namespacePath?: string;
}

interface Ran {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TABLE = ['table', 'inet', 'ringfence'];

/** Writes our table as text through the nft program: needs nothing but that program, and a thousand times as long. */
export class NftDriver implements Driver {
  readonly name = 'nft';
  readonly capabilities: DriverCapabilities = {
    isAtomic: true,
    ownsTable: false,
    survivesProcess: true,
    readsRules: 'by comment',
    readsElements: true,
    countsHits: true,
    noticesForeignChanges: false,
    expiresElements: true,
  };
  readonly #options: NftDriverOptions;
  /** How the keys of sets are written, from what was written; a listing says it only in nft's own words. */
  readonly #keyTypes = new Map<string, string>();

  constructor(options: NftDriverOptions = {}) {
    this.#options = options;
  }

  replace(ruleset: Ruleset): Commit {
    this.#learn([...ruleset.sets, ...ruleset.maps]);
    return this.#commit(rulesetText(ruleset), countElements(ruleset));
  }

  update(delta: RulesetDelta): Commit {
    this.#learn([...delta.addedSets, ...delta.addedMaps]);
    return this.#commit(deltaText(delta), countMoved(delta));
  }

  readBack(): TableReading | undefined {
    return this.#list()?.reading;
  }

  readNote(): TableNote | undefined {
    const ran = this.#run(['--json', 'list', 'set', 'inet', 'ringfence', NOTE_SET]);
    if (ran.status !== 0) return undefined;
    for (const value of readListing(ran.stdout, () => undefined).reading.sets.get(NOTE_SET)?.values() ?? []) return parseNote(value);
    return undefined;
  }

  expectedReading({ sets, maps, chains }: Ruleset): TableReading {
    this.#learn([...sets, ...maps]);
    return {
      sets: new Map([
        ...sets.map(({ name, keyType, elements }) => [name, new Map(elements.map(splitElement).map(({ key, comment = '', timeoutMs }) => [keyBytes(keyType, key), `${comment}${timeoutMs === undefined ? '' : MAY_END}`]))] as const),
        ...maps.map(({ name, keyType, elements }) => [name, new Map(elements.map(({ key, verdict }) => [keyBytes(keyType, key), verdict]))] as const),
      ]),
      chains: new Map(
        chains.map(({ name, hook, rules }) => {
          const match = /hook (\w+) priority (-?\w+); policy (\w+);/.exec(hook ?? '');
          const calls = match === null ? {} : { hook: `${match[1] ?? ''} ${match[2] ?? ''} ${match[3] ?? ''}` };
          return [name, { ...calls, rules: rules.map(({ comment }) => (comment === undefined ? '' : quotable(comment))) }];
        }),
      ),
    };
  }

  differences(ruleset: Ruleset): readonly string[] {
    return compareTable(this.expectedReading(ruleset), this.readBack());
  }

  counters(): readonly RuleCounter[] {
    return this.#list()?.counters ?? [];
  }

  watch(): Watch {
    // capabilities say so: whoever needs to know reads back from time to time
    return { stop: () => undefined };
  }

  remove(): void {
    const ran = this.#run(['-f', '-'], `add ${TABLE.join(' ')}\ndelete ${TABLE.join(' ')}\n`);
    if (ran.status !== 0) throw new Error(`remove table ringfence: ${describe(ran)}`);
  }

  close(): void {
    this.#keyTypes.clear();
  }

  #learn(sets: readonly { readonly name: string; readonly keyType: string }[]): void {
    for (const { name, keyType } of sets) this.#keyTypes.set(name, keyType);
  }

  #list(): ReturnType<typeof readListing> | undefined {
    const ran = this.#run(['--json', 'list', ...TABLE]);
    if (ran.status === 0) return readListing(ran.stdout, (set) => this.#keyTypes.get(set));
    if (ran.stderr.includes('No such file or directory')) return undefined;
    throw new Error(`list table ringfence: ${describe(ran)}`);
  }

  #commit(text: string, elements: number): Commit {
    const from = performance.now();
    const ran = this.#run(['-f', '-'], text);
    const kernelMs = performance.now() - from;
    if (ran.status === 0) return { kind: 'committed', kernelMs, elements, diagnostics: [] };
    return { kind: 'refused', code: codeOf(ran), why: describe(ran), diagnostics: ran.signal === null ? [] : [crashDiagnostic(ran.signal)] };
  }

  #run(args: readonly string[], input = ''): Ran {
    const { command = 'nft', namespacePath } = this.#options;
    const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
    const ran = inNetworkNamespace(namespacePath, () => spawnSync(command, args, { input, env, encoding: 'utf8', maxBuffer: 1 << 30, timeout: 120_000 }));
    if (ran.error !== undefined && ran.signal === null) throw new Error(`run ${command}: ${ran.error.message}`, { cause: ran.error });
    return ran;
  }
}

function codeOf({ signal, stderr }: Ran): RefusalCode {
  if (signal !== null) return 'crashed';
  if (stderr.includes('Operation not permitted')) return 'not permitted';
  if (/No such file or directory|File exists|Device or resource busy|does not exist/.test(stderr)) return 'out of step';
  return 'other';
}

// its first line says what went wrong, and the text it goes on to quote may be megabytes
function describe({ status, signal, stderr }: Ran): string {
  const how = signal === null ? `exited ${String(status)}` : `was ended by ${signal}`;
  return `nft ${how}: ${(stderr.split('\n')[0] ?? '').slice(0, 300)}`;
}

function crashDiagnostic(signal: string): Commit['diagnostics'][number] {
  return {
    code: 'nft-crashed',
    severity: 'error',
    subject: 'nft',
    message: `was ended by ${signal}; rules stay as they were`,
    hint: 'nft 1.0.6 crashes beside sets that nft 1.1.3 or later wrote: let the enforcer use netlink, or install the same nft for everybody',
  };
}
