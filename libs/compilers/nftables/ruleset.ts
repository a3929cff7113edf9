import { applicationChains } from './application-chains.ts';
import { baseChains } from './base-chains.ts';
import { connectionMaps, markLayout } from './connection-mark.ts';
import { dispatchMaps, hostMaps } from './dispatch.ts';
import { type NftMap, type NftSet, type NumberedRule, peerSetName, type Ruleset } from './nft-object.ts';
import type { NodeBundle, PeerSet, PortSet, Profile } from './node-bundle.ts';
import { expirySets, nodeSets } from './node-sets.ts';
import { formatPortRange } from './port-set.ts';
import { profileChains } from './profile-chains.ts';
import { numberRules, ruleKey, rulesOf } from './rule-numbers.ts';
import type { RulesetOptions } from './ruleset-options.ts';

/**
 * Lays a bundle out as nftables objects.
 *
 * Members come and go as elements of sets and maps; chains and rules differ only where policies do.
 * `generation` (1 to {@link GENERATIONS}) is the one connections are stamped with: a table that
 * replaces another one should take another generation, so that connections the old one let
 * through are judged again.
 */
export function layOutRuleset(bundle: NodeBundle, generation = 1, options: RulesetOptions = {}): Ruleset {
  const layout = markLayout(options.ownedMark);
  const numbers = numberRules(bundle, layout.mostRules);
  const { profiles } = bundle;
  const { sets, maps } = layOutElements(bundle, generation, options);
  return {
    table: 'inet ringfence',
    node: bundle.node,
    hash: bundle.hash,
    rules: numberedRules(profiles, numbers),
    sets,
    chains: [...baseChains(layout), ...applicationChains(profiles, layout), ...profiles.flatMap((profile) => profileChains(profile, { numbers, layout }))],
    maps,
  };
}

/** The sets and maps of a ruleset alone: all that differs where only members came or went. */
export function layOutElements(bundle: NodeBundle, generation: number, options: RulesetOptions): Pick<Ruleset, 'sets' | 'maps'> {
  const { profiles } = bundle;
  return {
    sets: [...nodeSets(bundle, options), ...expirySets(bundle, options), ...usedSets(profiles)],
    maps: [...layOutGeneration(generation, options), ...dispatchMaps(bundle, options), ...hostMaps(bundle)],
  };
}

/** The maps that say which generation connections are stamped with, and which are not judged again. */
export function layOutGeneration(generation: number, { ownedMark }: RulesetOptions): readonly NftMap[] {
  return connectionMaps(markLayout(ownedMark), generation);
}

function numberedRules(profiles: readonly Profile[], numbers: ReadonlyMap<string, number>): readonly NumberedRule[] {
  const found = new Map<number, NumberedRule>();
  for (const rule of profiles.flatMap(rulesOf)) {
    const number = numbers.get(ruleKey(rule)) ?? 0;
    const { policy, rule: id, application, why } = rule;
    found.set(number, { number, policy, rule: id, ...(application === undefined ? {} : { application }), why });
  }
  return [...found.values()].sort((a, b) => a.number - b.number);
}

function usedSets(profiles: readonly Profile[]): readonly NftSet[] {
  const sets = new Map<string, NftSet>();
  for (const { matches } of profiles.flatMap(rulesOf)) {
    for (const match of matches) {
      const peer = match.kind === 'socket' ? match.sockets : match.peer;
      if (peer !== 'any' && !sets.has(peerSetName(peer, peer.families[0] ?? 4))) for (const set of peerSets(peer)) sets.set(set.name, set);
      if (match.kind === 'peer' && typeof match.ports !== 'string' && !sets.has(match.ports.name)) sets.set(match.ports.name, portSet(match.ports));
    }
  }
  return [...sets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function peerSets(set: PeerSet): readonly NftSet[] {
  return set.families.map((family) => {
    const address = family === 4 ? 'ip saddr' : 'ip6 saddr';
    return {
      name: peerSetName(set, family),
      keyType: set.kind === 'sockets' ? `${address} . meta l4proto . th dport` : address,
      isInterval: set.kind === 'ranges',
      why: set.why,
      elements: family === 4 ? set.elements4 : set.elements6,
    };
  });
}

function portSet({ name, ranges }: PortSet): NftSet {
  return {
    name,
    keyType: 'meta l4proto . th dport',
    isInterval: ranges.some(({ from, to }) => from !== to),
    why: 'ports of rules',
    elements: ranges.map(formatPortRange),
  };
}
