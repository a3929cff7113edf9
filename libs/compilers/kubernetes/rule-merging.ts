import { compareText, type Rule } from '#model';

import type { LoweredRule } from './lowering.ts';
import type { WirePeer, WirePort } from './network-policy.ts';

/** One entry of a NetworkPolicy's `ingress` or `egress`, with the rules it stands for. */
export interface MergedRule {
  readonly peers: readonly WirePeer[] | 'any';
  readonly ports: readonly WirePort[] | 'any';
  readonly sources: readonly LoweredRule[];
}

/**
 * Merges rules with equal peers, then those with equal ports: both let through exactly what the
 * rules did one by one. Sorted, learned rules before built-in ones; nothing depends on the order
 * the rules came in.
 */
export function mergeRules(lowered: readonly LoweredRule[]): readonly MergedRule[] {
  const single = lowered.map(({ peers, ports, ...rest }): MergedRule => ({ peers: distinct(peers), ports: distinct(ports), sources: [{ peers, ports, ...rest }] }));
  const byPeers = mergeBy(single, (rule) => listKey(rule.peers), (a, b) => ({ peers: a.peers, ports: union(a.ports, b.ports), sources: [...a.sources, ...b.sources] }));
  const byPorts = mergeBy(byPeers, (rule) => `${rule.peers === 'any' ? 'any' : 'some'} ${listKey(rule.ports)}`, (a, b) => ({
    peers: union(a.peers, b.peers),
    ports: a.ports,
    sources: [...a.sources, ...b.sources],
  }));
  return byPorts
    .map((rule) => ({ ...rule, sources: [...rule.sources].sort(compareSources) }))
    .sort((a, b) => rankOf(a) - rankOf(b) || compareText(ruleKey(a), ruleKey(b)));
}

function mergeBy(rules: readonly MergedRule[], keyOf: (rule: MergedRule) => string, merge: (a: MergedRule, b: MergedRule) => MergedRule): readonly MergedRule[] {
  const merged = new Map<string, MergedRule>();
  for (const rule of rules) {
    const key = keyOf(rule);
    const known = merged.get(key);
    merged.set(key, known === undefined ? rule : merge(known, rule));
  }
  return [...merged.values()];
}

function union<T>(a: readonly T[] | 'any', b: readonly T[] | 'any'): readonly T[] | 'any' {
  return a === 'any' || b === 'any' ? 'any' : distinct([...a, ...b]);
}

function distinct<T>(list: readonly T[] | 'any'): readonly T[] | 'any' {
  if (list === 'any') return 'any';
  return [...new Map(list.map((item) => [JSON.stringify(item), item])).entries()].sort(([a], [b]) => compareText(a, b)).map(([, item]) => item);
}

function listKey(list: readonly unknown[] | 'any'): string {
  return JSON.stringify(list);
}

function ruleKey({ peers, ports }: MergedRule): string {
  return `${listKey(peers)} ${listKey(ports)}`;
}

function rankOf({ sources }: MergedRule): number {
  return sources.every(({ source }) => isBuiltIn(source)) ? 1 : 0;
}

function isBuiltIn({ evidence }: Rule): boolean {
  return evidence.length > 0 && evidence.every((each) => each.kind === 'built-in');
}

function compareSources(a: LoweredRule, b: LoweredRule): number {
  return compareText(a.source.id, b.source.id) || compareText(JSON.stringify(a.ports), JSON.stringify(b.ports));
}
