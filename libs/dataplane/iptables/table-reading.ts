import { MAY_END, type TableReading } from '../driver.ts';
import type { TableNote } from '../table-note.ts';
import { NOTE_SET, parseNote } from '../table-note.ts';
import type { HeldTable } from './held-table.ts';
import { CHAIN_PREFIX, chainName, NOTE_CHAIN, readSetName, shortDigest } from './kernel-names.ts';
import { commented, type FamilyChains } from './restore-text.ts';
import { readingOf, setParts, type SetPart } from './set-part.ts';

const KEY = '0x1';

/** What the kernel has of ours, as its own programs say it. */
export interface KernelTexts {
  readonly rules4: string;
  readonly rules6: string;
  readonly sets: string;
}

/** Which names of the kernel stand for what; learned from what is written and from what is asked for. */
export class NameBook {
  readonly #parts = new Map<string, string>();
  readonly #chains = new Map<string, string>();

  learn(table: Pick<HeldTable, 'sets' | 'maps' | 'chains'>): void {
    for (const { part } of setParts(table)) this.#parts.set(shortDigest(part), part);
    for (const name of table.chains.keys()) this.#chains.set(chainName(name), name);
  }

  partOf(digest: string): string {
    return this.#parts.get(digest) ?? digest;
  }

  chainOf(name: string): string {
    return this.#chains.get(name) ?? name;
  }
}

/** The note, which is written with the rules of IPv6, after those of IPv4. */
export function noteIn(rules6: string): TableNote | undefined {
  const text = new RegExp(`^-A ${NOTE_CHAIN} -m comment --comment "([^"]*)" -j RETURN$`, 'm').exec(rules6)?.[1];
  return text === undefined ? undefined : parseNote(text);
}

/** What {@link readKernel} gives once the kernel holds this. */
export function expectedOf(table: HeldTable, chains: readonly FamilyChains[], note: string | undefined): TableReading {
  const sets = new Map(setParts(table).map((part) => [part.part, elementsOf(part)]));
  if (note !== undefined) sets.set(NOTE_SET, new Map([[KEY, note]]));
  const found = new Map<string, { hook?: string; rules: string[] }>();
  chains.forEach(({ raw, security }, at) => {
    for (const [name, rules] of [...raw, ...security]) {
      const chain = found.get(name) ?? { rules: [] };
      const hook = table.chains.get(name)?.hook === undefined ? {} : { hook: name.toUpperCase() };
      found.set(name, { ...hook, rules: [...chain.rules, ...rules.map((rule) => `${String(at)} ${digestIn(commented(rule))}`)] });
    }
  });
  return { sets, chains: found };
}

/** What the kernel holds; undefined where nothing of ours is there. Of two sets for one part, what rules look at counts, then what is newer. */
export function readKernel({ rules4, rules6, sets: text }: KernelTexts, book: NameBook): TableReading | undefined {
  const chains = new Map<string, { hook?: string; rules: string[] }>();
  const calls: string[][] = [];
  [rules4, rules6].forEach((rules, at) => {
    calls.push([]);
    for (const line of rules.split('\n')) {
      const declared = /^:(RINGFENCE-\S+) /.exec(line)?.[1];
      if (declared !== undefined && declared !== NOTE_CHAIN) chains.set(book.chainOf(declared), chains.get(book.chainOf(declared)) ?? { rules: [] });
      const [, chain = '', rest = ''] = /^-A (\S+) (.*)$/.exec(line) ?? [];
      const called = /^-j (RINGFENCE-\S+)$/.exec(rest)?.[1];
      if (chain.startsWith(CHAIN_PREFIX)) chains.get(book.chainOf(chain))?.rules.push(`${String(at)} ${digestIn(rest)}`);
      else if (called !== undefined) calls[at]?.push(`${called} ${chain}`);
    }
  });
  if (chains.size === 0) return undefined;
  for (const call of calls[0] ?? []) {
    const [called = '', hook = ''] = call.split(' ');
    const chain = chains.get(book.chainOf(called));
    if (chain !== undefined && calls[1]?.includes(call) === true) chain.hook = hook;
  }
  const sets = readSets(text, new Set([...`${rules4}${rules6}`.matchAll(/--match-set (\S+)/g)].map(([, name = '']) => name)), book);
  const note = noteIn(rules6);
  if (note !== undefined) sets.set(NOTE_SET, new Map([[KEY, `revision ${String(note.revision)} generation ${String(note.generation)} hash ${note.hash}`]]));
  return { sets, chains };
}

function elementsOf(part: SetPart): ReadonlyMap<string, string> {
  return new Map(part.entries().map((entry) => readingOf(part, entry)));
}

function readSets(text: string, looked: ReadonlySet<string>, book: NameBook): Map<string, ReadonlyMap<string, string>> {
  const sets = new Map<string, Map<string, string>>();
  const kinds = new Map<string, Pick<SetPart, 'family' | 'type'> & { readonly elements: Map<string, string> }>();
  const rank = (name: string): number => (looked.has(name) ? Infinity : (readSetName(name)?.serial ?? 0));
  const chosen = new Map<string, string>();
  const lines = text.split('\n').map((line) => line.split(' '));
  for (const [word, name = '', type = '', , family] of lines) {
    const own = word === 'create' ? readSetName(name) : undefined;
    if (own === undefined) continue;
    const part = book.partOf(own.digest);
    const elements = new Map<string, string>();
    kinds.set(name, { family: family === 'inet6' ? 6 : 4, type: type as SetPart['type'], elements });
    if (rank(name) < rank(chosen.get(part) ?? '')) continue;
    chosen.set(part, name);
    sets.set(part, elements);
  }
  for (const [word, name = '', element = '', behind, seconds] of lines) {
    const kind = word === 'add' ? kinds.get(name) : undefined;
    if (kind === undefined) continue;
    // an element for good is saved with a timeout of 0
    const [key] = readingOf(kind, { text: element });
    kind.elements.set(key, behind === 'timeout' && seconds !== '0' ? MAY_END : '');
  }
  return sets;
}

function digestIn(rule: string): string {
  return /--comment "?([0-9a-f]{16})"?(?: |$)/.exec(rule)?.[1] ?? rule;
}
