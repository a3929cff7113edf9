import type { NftChain, NftMap, NftSet } from '#compilers/nftables';

import type { RulesetDelta } from '../driver.ts';
import { splitElement } from '../nftables/element-text.ts';
import type { RulesetParts } from '../ruleset-delta.ts';

/** A set as it is held: its elements by key, with the moment they end where they do. */
export interface HeldSet extends Omit<NftSet, 'elements'> {
  readonly elements: ReadonlyMap<string, HeldElement>;
}

export interface HeldElement {
  readonly comment?: string;
  readonly endsAt?: number;
}

export interface HeldMap extends Omit<NftMap, 'elements'> {
  readonly elements: ReadonlyMap<string, string>;
}

/** What the kernel was last made to hold. An object that did not change is the same one afterwards. */
export interface HeldTable {
  readonly sets: ReadonlyMap<string, HeldSet>;
  readonly maps: ReadonlyMap<string, HeldMap>;
  readonly chains: ReadonlyMap<string, NftChain>;
}

/** The shadow does not fit what is asked for: nothing is to be done. */
export class OutOfStep extends Error {}

export function holdRuleset(parts: RulesetParts, now: number): HeldTable {
  const table: HeldTable = {
    sets: new Map(parts.sets.map((set) => [set.name, holdSet(set, now)])),
    maps: new Map(parts.maps.map((map) => [map.name, holdMap(map)])),
    chains: new Map(parts.chains.map((chain) => [chain.name, chain])),
  };
  assertReferences(table);
  return table;
}

/** Goes the way of a delta, as strictly as a kernel would; throws {@link OutOfStep}. */
export function holdDelta(before: HeldTable, delta: RulesetDelta, now: number): HeldTable {
  const sets = new Map(before.sets);
  const maps = new Map(before.maps);
  const chains = new Map(before.chains);
  for (const set of delta.addedSets) addNew(sets, set.name, holdSet(set, now));
  for (const map of delta.addedMaps) addNew(maps, map.name, holdMap(map));
  for (const chain of delta.addedChains) addNew(chains, chain.name, chain);
  for (const chain of delta.rewrittenChains) chains.set(chain.name, { ...found(chains, chain.name), rules: chain.rules });
  for (const { set, removed, added } of delta.sets) {
    const held = found(sets, set.name);
    const elements = new Map([...held.elements].filter(([, { endsAt }]) => endsAt === undefined || endsAt > now));
    for (const text of removed) {
      const { key } = splitElement(text);
      // what ends by itself may just have done so
      if (!elements.delete(key) && held.elements.get(key)?.endsAt === undefined) throw new OutOfStep(`take ${key} from ${set.name}: it is not there`);
    }
    for (const text of added) addElement(elements, text, now);
    sets.set(set.name, { ...held, elements });
  }
  for (const { map, removed, added } of delta.maps) {
    const held = found(maps, map.name);
    const elements = new Map(held.elements);
    for (const key of removed) take(elements, key);
    for (const { key, verdict } of added) addNew(elements, key, verdict);
    maps.set(map.name, { ...held, elements });
  }
  for (const name of delta.removedChains) take(chains, name);
  for (const name of delta.removedSets) if (!sets.delete(name)) take(maps, name);
  const table = { sets, maps, chains };
  assertReferences(table);
  return table;
}

function holdSet(set: NftSet, now: number): HeldSet {
  const elements = new Map<string, HeldElement>();
  for (const text of set.elements) addElement(elements, text, now);
  return { ...set, elements };
}

function holdMap(map: NftMap): HeldMap {
  const elements = new Map<string, string>();
  for (const { key, verdict } of map.elements) addNew(elements, key, verdict);
  return { ...map, elements };
}

function addElement(elements: Map<string, HeldElement>, text: string, now: number): void {
  const { key, comment, timeoutMs } = splitElement(text);
  addNew(elements, key, { ...(comment === undefined ? {} : { comment }), ...(timeoutMs === undefined ? {} : { endsAt: now + timeoutMs }) });
}

function assertReferences({ sets, maps, chains }: HeldTable): void {
  const verdicts = [...maps.values()].flatMap(({ elements }) => [...new Set(elements.values())]);
  for (const { rules } of chains.values()) {
    for (const { text } of rules) {
      for (const [, name = ''] of text.matchAll(/ @([a-z_][a-z0-9_]*)(?![\w,])/g)) if (!sets.has(name) && !maps.has(name)) throw new OutOfStep(`set ${name} is not there`);
      verdicts.push(/(?:jump|goto) \S+$/.exec(text)?.[0] ?? '');
    }
  }
  for (const verdict of verdicts) {
    const chain = /^(?:jump|goto) (\S+)$/.exec(verdict)?.[1];
    if (chain !== undefined && !chains.has(chain)) throw new OutOfStep(`chain ${chain} is not there, or is taken away while in use`);
  }
}

function found<T>(map: ReadonlyMap<string, T>, key: string): T {
  const value = map.get(key);
  if (value === undefined) throw new OutOfStep(`${key} is not there`);
  return value;
}

function addNew<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.has(key)) throw new OutOfStep(`add ${key}: it is there already`);
  map.set(key, value);
}

function take(map: Map<string, unknown>, key: string): void {
  if (!map.delete(key)) throw new OutOfStep(`take ${key}: it is not there`);
}
