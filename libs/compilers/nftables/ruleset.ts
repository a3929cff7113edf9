import { baseChains } from './base-chains.ts';
import { connectionMaps } from './connection-mark.ts';
import { dispatchMaps, selfSets } from './dispatch.ts';
import { type NftSet, type NumberedRule, peerSetName, type Ruleset } from './nft-object.ts';
import type { NodeBundle, PeerSet, PortSet, Profile } from './node-bundle.ts';
import { formatPortRange } from './port-set.ts';
import { profileChains } from './profile-chains.ts';
import { numberRules, ruleKey, rulesOf } from './rule-numbers.ts';

/**
 * Lays a bundle out as nftables objects.
 *
 * Members come and go as elements of sets and maps; chains and rules differ only where policies do.
 * `generation` (1 to {@link GENERATIONS}) is the one connections are stamped with: a table that
 * replaces another one should take another generation, so that connections the old one let
 * through are judged again.
 */
export function layOutRuleset(bundle: NodeBundle, generation = 1): Ruleset {
  const numbers = numberRules(bundle);
  return {
    table: 'inet ringfence',
    node: bundle.node,
    hash: bundle.hash,
    rules: numberedRules(bundle.profiles, numbers),
    sets: [...localSets(bundle), ...selfSets(bundle), ...usedSets(bundle.profiles)],
    chains: [...baseChains(), ...bundle.profiles.flatMap((profile) => profileChains(profile, numbers))],
    maps: [...connectionMaps(generation), ...dispatchMaps(bundle)],
  };
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

function localSets({ local4, local6 }: NodeBundle): readonly NftSet[] {
  const why = 'addresses only pods of this node have';
  return [
    { name: 'local4', keyType: 'ip saddr', isInterval: true, why, elements: local4 },
    { name: 'local6', keyType: 'ip6 saddr', isInterval: true, why, elements: local6 },
  ];
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
