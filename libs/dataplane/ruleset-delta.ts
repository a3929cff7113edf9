import type { NftChain, NftMap, NftSet, Ruleset } from '#compilers/nftables';

import type { MapChange, RulesetDelta, SetChange } from './driver.ts';

/** The parts of a ruleset that end up in the kernel. */
export type RulesetParts = Pick<Ruleset, 'sets' | 'maps' | 'chains'>;

/**
 * The way from one ruleset to another; undefined where a name stands for something of another
 * kind afterwards, which takes a whole new table.
 *
 * What is the same object in both is the same: bundles share what did not change.
 */
export function deltaBetween(before: RulesetParts, after: RulesetParts): RulesetDelta | undefined {
  const sets = pairByName(before.sets, after.sets);
  const maps = pairByName(before.maps, after.maps);
  const chains = pairByName(before.chains, after.chains);
  const isOfAnotherKind =
    sets.both.some(([a, b]) => a.keyType !== b.keyType || a.isInterval !== b.isInterval || (a.hasTimeouts ?? false) !== (b.hasTimeouts ?? false)) ||
    maps.both.some(([a, b]) => a.keyType !== b.keyType) ||
    chains.both.some(([a, b]) => a.hook !== b.hook) ||
    sets.added.some(({ name }) => before.maps.some((map) => map.name === name)) ||
    maps.added.some(({ name }) => before.sets.some((set) => set.name === name));
  if (isOfAnotherKind) return undefined;
  return {
    addedSets: sets.added,
    addedMaps: maps.added,
    addedChains: chains.added,
    rewrittenChains: chains.both.filter(([a, b]) => !hasSameRules(a, b)).map(([, b]) => b),
    sets: sets.both.map(([a, b]) => setChange(a, b)).filter((change) => change !== undefined),
    maps: changesOf(maps),
    removedChains: chains.removed.map(({ name }) => name),
    removedSets: [...maps.removed, ...sets.removed].map(({ name }) => name),
  };
}

export function isEmptyDelta(delta: RulesetDelta): boolean {
  return Object.values(delta as unknown as Readonly<Record<string, readonly unknown[]>>).every((list) => list.length === 0);
}

/** What changes in maps that are there before and after. */
export function mapChanges(before: readonly NftMap[], after: readonly NftMap[]): readonly MapChange[] {
  return changesOf(pairByName(before, after));
}

function changesOf({ both }: Pairs<NftMap>): readonly MapChange[] {
  return both.map(([a, b]) => mapChange(a, b)).filter((change) => change !== undefined);
}

interface Pairs<T> {
  readonly added: readonly T[];
  readonly removed: readonly T[];
  readonly both: readonly (readonly [T, T])[];
}

function pairByName<T extends { readonly name: string }>(before: readonly T[], after: readonly T[]): Pairs<T> {
  // mostly nothing came or went, and all stand where they stood
  if (before.length === after.length && before.every(({ name }, at) => name === after[at]?.name)) {
    return { added: [], removed: [], both: before.map((each, at): readonly [T, T] => [each, after[at] ?? each]).filter(([a, b]) => a !== b) };
  }
  const known = new Map(before.map((each) => [each.name, each]));
  const added: T[] = [];
  const both: (readonly [T, T])[] = [];
  for (const each of after) {
    const earlier = known.get(each.name);
    known.delete(each.name);
    if (earlier === undefined) added.push(each);
    else if (earlier !== each) both.push([earlier, each]);
  }
  return { added, removed: [...known.values()], both };
}

function hasSameRules(a: NftChain, b: NftChain): boolean {
  if (a.rules === b.rules) return true;
  return a.rules.length === b.rules.length && a.rules.every(({ text, comment }, at) => text === b.rules[at]?.text && comment === b.rules[at].comment);
}

function setChange(before: NftSet, after: NftSet): SetChange | undefined {
  const { removed, added } = listChange(before.elements, after.elements);
  return removed.length + added.length === 0 ? undefined : { set: after, removed, added };
}

const NO_CHANGE = { removed: [], added: [] };

/** What is only in the one and only in the other. Both ends are mostly the same, so what lies between is mostly little. */
export function listChange(before: readonly string[], after: readonly string[]): { readonly removed: readonly string[]; readonly added: readonly string[] } {
  if (before === after) return NO_CHANGE;
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start += 1;
  if (start === before.length && start === after.length) return NO_CHANGE;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const old = new Set(before.slice(start, before.length - end));
  const fresh = new Set(after.slice(start, after.length - end));
  return { removed: [...old.difference(fresh)], added: [...fresh.difference(old)] };
}

function mapChange(before: NftMap, after: NftMap): MapChange | undefined {
  if (before.elements === after.elements || isSameMap(before.elements, after.elements)) return undefined;
  const old = new Map(before.elements.map(({ key, verdict }) => [key, verdict]));
  const added: { readonly key: string; readonly verdict: string }[] = [];
  const removed: string[] = [];
  for (const element of after.elements) {
    const verdict = old.get(element.key);
    old.delete(element.key);
    if (verdict === element.verdict) continue;
    if (verdict !== undefined) removed.push(element.key);
    added.push(element);
  }
  removed.push(...old.keys());
  return removed.length + added.length === 0 ? undefined : { map: after, removed, added };
}

function isSameMap(before: NftMap['elements'], after: NftMap['elements']): boolean {
  return before.length === after.length && before.every(({ key, verdict }, at) => key === after[at]?.key && verdict === after[at].verdict);
}
