import type { NftChain, NftMap, Ruleset } from '#compilers/nftables';

import { compareTable } from './compare-table.ts';
import { type Commit, type Driver, type DriverCapabilities, type ForeignChange, MAY_END, type RuleCounter, type RulesetDelta, type TableReading, type Watch } from './driver.ts';
import { countElements, countMoved } from './nftables/ruleset-batch.ts';
import { splitElement } from './nftables/element-text.ts';
import type { RulesetParts } from './ruleset-delta.ts';
import { NOTE_SET, parseNote, type TableNote } from './table-note.ts';

/** A table as this driver keeps it: copied before it is changed, so a refused change leaves no trace. */
interface FakeTable {
  /** When elements end, by set and key. */
  readonly ends: Map<string, number>;
  readonly sets: Map<string, Map<string, string>>;
  readonly chains: Map<string, Pick<NftChain, 'hook' | 'rules'>>;
}

class Refusal extends Error {}

/**
 * A kernel in memory, as strict as the real one: what is there already cannot be added, what is
 * not there cannot be taken away, and what is in use cannot be deleted.
 */
export class FakeDriver implements Driver {
  readonly name = 'fake';
  readonly capabilities: DriverCapabilities = {
    isAtomic: true,
    ownsTable: false,
    survivesProcess: false,
    readsRules: 'exactly',
    readsElements: true,
    countsHits: false,
    noticesForeignChanges: true,
    expiresElements: true,
  };
  readonly #listeners = new Set<(change: ForeignChange) => void>();
  readonly #now: () => number;
  #table: FakeTable | undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  replace(ruleset: Ruleset): Commit {
    return this.#commit({ sets: new Map(), chains: new Map(), ends: new Map() }, countElements(ruleset), (table) => {
      addParts(table, ruleset, this.#now());
    });
  }

  update(delta: RulesetDelta): Commit {
    if (this.#table === undefined) return { kind: 'refused', code: 'out of step', why: 'the table is not there', diagnostics: [] };
    this.#expire();
    return this.#commit(copyOf(this.#table), countMoved(delta), (table) => {
      applyDelta(table, delta, this.#now());
    });
  }

  readBack(): TableReading | undefined {
    this.#expire();
    return this.#table === undefined ? undefined : readingOf(this.#table);
  }

  readNote(): TableNote | undefined {
    for (const value of this.#table?.sets.get(NOTE_SET)?.values() ?? []) return parseNote(value);
    return undefined;
  }

  expectedReading(ruleset: Ruleset): TableReading {
    const table: FakeTable = { sets: new Map(), chains: new Map(), ends: new Map() };
    addParts(table, ruleset, this.#now());
    return readingOf(table);
  }

  differences(ruleset: Ruleset): readonly string[] {
    return compareTable(this.expectedReading(ruleset), this.readBack());
  }

  counters(): readonly RuleCounter[] {
    return [];
  }

  watch(listener: (change: ForeignChange) => void): Watch {
    this.#listeners.add(listener);
    return {
      stop: () => {
        this.#listeners.delete(listener);
      },
    };
  }

  remove(): void {
    this.#table = undefined;
  }

  close(): void {
    this.#listeners.clear();
  }

  /** What somebody else's `nft flush ruleset` does. */
  flushByOther(process: string): void {
    this.#table = undefined;
    for (const listener of [...this.#listeners]) listener({ what: ['deleted the table'], process, isIncomplete: false });
  }

  /** What somebody else's `nft delete element` does. */
  takeElementByOther(set: string, key: string, process: string): void {
    this.#table?.sets.get(set)?.delete(key);
    for (const listener of [...this.#listeners]) listener({ what: [`deleted elements of ${set}`], process, isIncomplete: false });
  }

  #expire(): void {
    const { sets, ends } = this.#table ?? { sets: new Map<string, Map<string, string>>(), ends: new Map<string, number>() };
    for (const [place, at] of [...ends]) {
      if (at > this.#now()) continue;
      ends.delete(place);
      const space = place.indexOf(' ');
      sets.get(place.slice(0, space))?.delete(place.slice(space + 1));
    }
  }

  #commit(table: FakeTable, elements: number, change: (table: FakeTable) => void): Commit {
    const from = performance.now();
    try {
      change(table);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { kind: 'refused', code: 'out of step', why: error.message, diagnostics: [] };
    }
    this.#table = table;
    return { kind: 'committed', kernelMs: performance.now() - from, elements, diagnostics: [] };
  }
}

function copyOf({ sets, chains, ends }: FakeTable): FakeTable {
  return { ends: new Map(ends), sets: new Map([...sets].map(([name, elements]) => [name, new Map(elements)])), chains: new Map(chains) };
}

function addParts(table: FakeTable, { sets, maps, chains }: RulesetParts, now: number): void {
  for (const { name } of [...sets, ...maps]) addNew(table.sets, name, new Map());
  for (const { name, hook, rules } of chains) addNew(table.chains, name, { rules, ...(hook === undefined ? {} : { hook }) });
  for (const { rules } of chains) for (const { text } of rules) assertReferences(table, text);
  for (const { name, elements } of sets) addElements(table, name, elements, now);
  for (const { name, elements } of maps) addVerdicts(table, name, elements);
}

function applyDelta(table: FakeTable, delta: RulesetDelta, now: number): void {
  addParts(table, { sets: delta.addedSets, maps: delta.addedMaps, chains: delta.addedChains }, now);
  for (const { name, rules } of delta.rewrittenChains) {
    const before = table.chains.get(name);
    if (before === undefined) throw new Refusal(`rewrite chain ${name}: ENOENT`);
    table.chains.set(name, { ...before, rules });
  }
  for (const { set, removed } of delta.sets) for (const text of removed) take(elementsOf(table, set.name), splitElement(text).key, set.name);
  for (const { map, removed } of delta.maps) for (const key of removed) take(elementsOf(table, map.name), key, map.name);
  for (const { set, added } of delta.sets) addElements(table, set.name, added, now);
  for (const { map, added } of delta.maps) addVerdicts(table, map.name, added);
  for (const name of delta.removedChains) take(table.chains, name, 'the table');
  for (const name of delta.removedSets) take(table.sets, name, 'the table');
  for (const { rules } of table.chains.values()) for (const { text } of rules) assertReferences(table, text);
  for (const elements of table.sets.values()) for (const verdict of elements.values()) assertVerdict(table, verdict);
}

function addElements(table: FakeTable, set: string, texts: readonly string[], now: number): void {
  for (const text of texts) {
    const { key, comment = '', timeoutMs } = splitElement(text);
    addNew(elementsOf(table, set), key, `${comment}${timeoutMs === undefined ? '' : MAY_END}`);
    if (timeoutMs !== undefined) table.ends.set(`${set} ${key}`, now + timeoutMs);
  }
}

function addVerdicts(table: FakeTable, map: string, entries: NftMap['elements']): void {
  for (const { key, verdict } of entries) {
    assertVerdict(table, verdict);
    addNew(elementsOf(table, map), key, verdict);
  }
}

function assertReferences(table: FakeTable, rule: string): void {
  for (const [, set = ''] of rule.matchAll(/@([a-z_][a-z0-9_]*)(?![\w,])/g)) elementsOf(table, set);
  assertVerdict(table, /(?:jump|goto) \S+$/.exec(rule)?.[0] ?? '');
}

function assertVerdict(table: FakeTable, verdict: string): void {
  const chain = /^(?:jump|goto) (\S+)$/.exec(verdict)?.[1];
  if (chain !== undefined && !table.chains.has(chain)) throw new Refusal(`chain ${chain} is not there, or is deleted while in use: EBUSY`);
}

function elementsOf(table: FakeTable, set: string): Map<string, string> {
  const elements = table.sets.get(set);
  if (elements === undefined) throw new Refusal(`set ${set} is not there: ENOENT`);
  return elements;
}

function addNew<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.has(key)) throw new Refusal(`add ${key}: EEXIST`);
  map.set(key, value);
}

function take(map: Map<string, unknown>, key: string, from: string): void {
  if (!map.delete(key)) throw new Refusal(`take ${key} from ${from}: ENOENT`);
}

function readingOf({ sets, chains }: FakeTable): TableReading {
  return {
    sets,
    chains: new Map([...chains].map(([name, { hook, rules }]) => [name, { rules: rules.map(({ text }) => text), ...(hook === undefined ? {} : { hook }) }])),
  };
}
