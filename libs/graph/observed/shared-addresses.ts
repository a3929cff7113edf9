import { compareText, type ObservedRelationship, workloadKey } from '#model';

import type { ObservedPair, PairedParty } from './observed-pair.ts';
import type { UnattributedAddress } from './observed-report.ts';
import { peerText } from './party-text.ts';

const MOST_NAMES = 4;
const MOST_REPORTERS = 8;

/**
 * Nodes and Services as ends: what could not be told to be one workload's, of the four weeks that
 * are kept. A node's address is its own, or that of any pod on its network; and it stands for
 * whoever asked a node port or a load balancer of it.
 */
export function sharedAddresses(parties: Iterable<PairedParty>, reporters: ReadonlySet<string>): readonly UnattributedAddress[] {
  const clientsOf = new Map<PairedParty, ObservedPair[]>();
  const all = [...parties];
  for (const party of all) for (const pair of party.asClient.values()) push(clientsOf, pair.to, pair);
  return all.flatMap((party): readonly UnattributedAddress[] => {
    const { peer } = party;
    if (peer.kind !== 'node' && peer.kind !== 'service') return [];
    const asClient = [...party.asClient.values()];
    const asServer = clientsOf.get(party) ?? [];
    if (peer.kind === 'service') return summary([...asClient, ...asServer], party, { kind: 'service', name: peer.service, why: 'a Service nobody translated', mayBe: [] }, letThrough);
    const translated = (pair: ObservedPair): number => Math.min(pair.letThrough, party.translatedTo(pair));
    const mayBe = peer.mayBe.map(workloadKey).sort(compareText);
    const isMute = !reporters.has(peer.node);
    return [
      ...summary(asClient.filter((pair) => translated(pair) > 0), party, { kind: 'node', name: peer.node, why: 'translated by a node', mayBe: [] }, translated),
      ...(mayBe.length === 0 ? [] : summary([...asClient, ...asServer], party, { kind: 'node', name: peer.node, why: 'shared by a node', mayBe }, (pair) => letThrough(pair) - (pair.from === party ? translated(pair) : 0))),
      ...(mayBe.length === 0 && isMute ? summary(asClient, party, { kind: 'node', name: peer.node, why: 'a node that does not report', mayBe: [] }, letThrough) : []),
    ];
  });
}

function letThrough(pair: ObservedPair): number {
  return pair.letThrough;
}

function summary(pairs: readonly ObservedPair[], party: PairedParty, what: Pick<UnattributedAddress, 'kind' | 'name' | 'why' | 'mayBe'>, count: (pair: ObservedPair) => number): readonly UnattributedAddress[] {
  const connections = pairs.reduce((sum, pair) => sum + count(pair), 0);
  if (connections === 0) return [];
  const others = pairs.map((pair): ObservedRelationship['from'] => (pair.from === party ? pair.to.peer : pair.from.peer));
  return [
    {
      ...what,
      connections,
      firstSeen: Math.min(...pairs.map(({ firstSeen }) => firstSeen)),
      lastSeen: Math.max(...pairs.map(({ lastSeen }) => lastSeen)),
      reporters: distinct(pairs.flatMap(({ reporters }) => reporters)).slice(0, MOST_REPORTERS),
      others: distinct(others.map(peerText)).slice(0, MOST_NAMES),
    },
  ];
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort(compareText);
}

function push(map: Map<PairedParty, ObservedPair[]>, party: PairedParty, pair: ObservedPair): void {
  const known = map.get(party);
  if (known === undefined) map.set(party, [pair]);
  else known.push(pair);
}
