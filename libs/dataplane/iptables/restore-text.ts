import type { NftChain } from '#compilers/nftables';
import { type Diagnostic, type IpFamily } from '#model';

import type { HeldTable } from './held-table.ts';
import { CHAIN_PREFIX, chainName, NOTE_CHAIN, shortDigest } from './kernel-names.ts';
import { translateRule, Unsayable } from './rule-translation.ts';
import type { SetEntry, SetPart } from './set-part.ts';

/** Where our chains live: what `security` lets through others have let through before, and what it drops is dropped. */
export type KernelTable = 'raw' | 'security';

/** Chains of one family as they are to be: rules as words, by table and the chain's own name. */
export type FamilyChains = Readonly<Record<KernelTable, ReadonlyMap<string, readonly string[]>>>;

/** Chains that only show what is spoken: what they do needs the payload, and nothing depends on it. */
const SHOWING = new Set(['identify', 'first_payload']);
const HOOKS: Readonly<Record<string, string>> = { prerouting: 'PREROUTING', forward: 'FORWARD', input: 'INPUT', output: 'OUTPUT' };

export interface TranslatedTable {
  readonly chains: FamilyChains;
  readonly diagnostics: readonly Diagnostic[];
}

/** Says every chain of a table in one family. A rule that decides something and cannot be said is an error. */
export function translateChains(table: HeldTable, family: IpFamily, nameOf: (part: string) => string): TranslatedTable {
  const diagnostics: Diagnostic[] = [];
  const place = { family, table, nameOf };
  const early = reachedFrom(table.chains, 'prerouting');
  const raw = new Map<string, readonly string[]>();
  const security = new Map<string, readonly string[]>();
  for (const { name, rules } of table.chains.values()) {
    const lines = rules.flatMap(({ text }) => {
      if (SHOWING.has(name) || text.endsWith(' jump identify')) return [];
      try {
        return translateRule(text, place);
      } catch (error) {
        if (!(error instanceof Unsayable)) throw error;
        if (isHarmless(text)) return [];
        diagnostics.push(unsayable(name, error.message));
        return [];
      }
    });
    (early.has(name) ? raw : security).set(name, lines);
  }
  if ((table.sets.get('identify')?.elements.size ?? 0) > 0) diagnostics.push(notShown);
  return { chains: { raw, security }, diagnostics };
}

/** What iptables-restore is to read: our chains, emptied and written anew, and the way into them; all of a table at once. */
export function restoreText(chains: FamilyChains, found: string, note: string | undefined): string {
  const lines: string[] = [];
  for (const table of ['raw', 'security'] as const) {
    const known = chainsIn(found, table);
    const wanted = [...chains[table].keys()].map(chainName);
    if (table === 'security' && note !== undefined) wanted.push(NOTE_CHAIN);
    const old = known.filter((name) => !wanted.includes(name));
    lines.push(`*${table}`, ...[...wanted, ...old].map((name) => `:${name} - [0:0]`));
    for (const [name, rules] of chains[table]) for (const rule of rules) lines.push(`-A ${chainName(name)} ${commented(rule)}`);
    if (table === 'security' && note !== undefined) lines.push(`-A ${NOTE_CHAIN} -m comment --comment "${note}" -j RETURN`);
    for (const [hook, point] of Object.entries(HOOKS)) {
      if (chains[table].has(hook) && !callsIn(found, table).includes(`${point} -j ${chainName(hook)}`)) lines.push(`-I ${point} 1 -j ${chainName(hook)}`);
    }
    lines.push(...old.map((name) => `-X ${name}`), 'COMMIT');
  }
  return `${lines.join('\n')}\n`;
}

/** What makes our part of one family again what it was when `before` was saved; `now` is what it has become. */
export function undoText(before: string, now: string): string {
  const lines: string[] = [];
  for (const table of ['raw', 'security'] as const) {
    const old = chainsIn(before, table);
    const fresh = chainsIn(now, table).filter((name) => !old.includes(name));
    const calls = callsIn(before, table);
    const rules = sectionOf(before, table).split('\n').filter((line) => line.startsWith(`-A ${CHAIN_PREFIX}`));
    const added = callsIn(now, table).filter((call) => !calls.includes(call));
    lines.push(`*${table}`, ...[...old, ...fresh].map((name) => `:${name} - [0:0]`), ...added.map((call) => `-D ${call}`), ...rules, ...fresh.map((name) => `-X ${name}`), 'COMMIT');
  }
  return `${lines.join('\n')}\n`;
}

/** What takes everything of ours out of one family. */
export function removalText(found: string): string {
  const lines: string[] = [];
  for (const table of ['raw', 'security'] as const) {
    const known = chainsIn(found, table);
    lines.push(`*${table}`, ...known.map((name) => `:${name} - [0:0]`), ...callsIn(found, table).map((call) => `-D ${call}`), ...known.map((name) => `-X ${name}`), 'COMMIT');
  }
  return `${lines.join('\n')}\n`;
}

/** What ipset is to read to make sets that nothing looks at yet. */
export function setText(parts: readonly SetPart[], nameOf: (part: string) => string, now: number): string {
  const lines: string[] = [];
  for (const part of parts) {
    const name = nameOf(part.part);
    const entries = part.entries();
    const timeout = part.hasTimeouts ? ' timeout 0' : '';
    lines.push(`create ${name} ${part.type} family ${part.family === 4 ? 'inet' : 'inet6'}${timeout} maxelem ${String(Math.max(65_536, entries.length))}`);
    for (const entry of entries) if (secondsLeft(entry, now) !== 0) lines.push(`add ${name} ${entry.text}${timeoutOf(entry, now)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

export function commented(rule: string): string {
  const at = rule.search(/(?:^| )-[jg] /);
  return `${rule.slice(0, at)} -m comment --comment ${shortDigest(rule.replace(/rf-[0-9a-z]+-/g, ''))}${at === 0 ? ' ' : ''}${rule.slice(at)}`.trim();
}

function secondsLeft({ endsAt }: SetEntry, now: number): number | undefined {
  // rounded down: never longer than it was meant to last
  return endsAt === undefined ? undefined : Math.min(Math.max(0, Math.floor((endsAt - now) / 1000)), 2_147_483);
}

function timeoutOf(entry: SetEntry, now: number): string {
  const seconds = secondsLeft(entry, now);
  return seconds === undefined ? '' : ` timeout ${String(seconds)}`;
}

function sectionOf(found: string, table: KernelTable): string {
  return found.split(`*${table}\n`)[1]?.split('COMMIT')[0] ?? '';
}

/** The ways into our chains, without the word that adds them. */
function callsIn(found: string, table: KernelTable): readonly string[] {
  return [...sectionOf(found, table).matchAll(/^-A ([A-Z]+ -j RINGFENCE-\S+)$/gm)].map(([, call = '']) => call);
}

function chainsIn(found: string, table: KernelTable): readonly string[] {
  return [...sectionOf(found, table).matchAll(/^:(\S+) /gm)].map(([, name = '']) => name).filter((name) => name.startsWith(CHAIN_PREFIX));
}

function reachedFrom(chains: ReadonlyMap<string, NftChain>, start: string): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    for (const { text } of chains.get(name)?.rules ?? []) {
      const next = /(?:jump|goto) (\w+)$/.exec(text)?.[1];
      if (next !== undefined) open.push(next);
    }
  }
  return reached;
}

// it neither lets through nor closes: only the mark of first payloads nobody waits for here
function isHarmless(text: string): boolean {
  return /^ct mark & \S+ != \S+ @ih,0,8 >= 0x00 ct mark set ct mark & \S+ \| 0x0+$/.test(text);
}

function unsayable(chain: string, message: string): Diagnostic {
  return { code: 'iptables-cannot-say', severity: 'error', subject: `chain ${chain}`, message, hint: 'rules held to an application need nf_tables; without it let the policy name ports only' };
}

const notShown: Diagnostic = {
  code: 'iptables-shows-no-payload',
  severity: 'warning',
  subject: 'first payloads',
  message: 'iptables does not tell packets with payload, so no protocol is identified',
  hint: 'identify protocols on nodes with nf_tables',
};
