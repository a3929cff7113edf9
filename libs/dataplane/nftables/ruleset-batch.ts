import type { Ruleset } from '#compilers/nftables';

import type { RulesetDelta } from '../driver.ts';
import type { TableBatch } from './table-batch.ts';

/** Adds everything of a ruleset to a batch: what others refer to comes first. */
export function writeRuleset(batch: TableBatch, { sets, maps, chains }: Pick<Ruleset, 'sets' | 'maps' | 'chains'>): void {
  for (const set of sets) batch.addSet(set);
  for (const map of maps) batch.addMap(map);
  for (const chain of chains) batch.addChain(chain);
  for (const chain of chains) batch.addRules(chain);
  for (const set of sets) batch.addElements(set, set.elements);
  for (const map of maps) batch.addMapElements(map, map.elements);
}

/** Adds a delta: see {@link RulesetDelta} for the order. */
export function writeDelta(batch: TableBatch, delta: RulesetDelta): void {
  const { addedSets: sets, addedMaps: maps, addedChains: chains } = delta;
  writeRuleset(batch, { sets, maps, chains });
  for (const { name } of delta.rewrittenChains) batch.flushChain(name);
  for (const chain of delta.rewrittenChains) batch.addRules(chain);
  for (const { set, removed } of delta.sets) batch.deleteElements(set, removed);
  for (const { map, removed } of delta.maps) batch.deleteMapElements(map, removed);
  for (const { set, added } of delta.sets) batch.addElements(set, added);
  for (const { map, added } of delta.maps) batch.addMapElements(map, added);
  // chains refer to each other: all are emptied before one is deleted
  batch.deleteTargets(delta.removedChains);
  for (const name of delta.removedChains) batch.flushChain(name);
  for (const name of delta.removedChains) batch.deleteChain(name);
  for (const name of delta.removedSets) batch.deleteSet(name);
}

/** How many elements a ruleset has. */
export function countElements({ sets, maps }: Pick<Ruleset, 'sets' | 'maps'>): number {
  return [...sets, ...maps].reduce((sum, { elements }) => sum + elements.length, 0);
}

/** How many elements a delta moves. */
export function countMoved({ sets, maps, addedSets, addedMaps }: RulesetDelta): number {
  const moved = [...sets, ...maps].reduce((sum, { added, removed }) => sum + added.length + removed.length, 0);
  return moved + countElements({ sets: addedSets, maps: addedMaps });
}
