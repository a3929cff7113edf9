import { type Direction, type Peer, type PortMatch, type Snapshot, type Workload, workloadKey } from '#model';

import type { Catalogue, CatalogueEntry, CataloguePeer, CatalogueRule } from './catalogue.ts';
import { addressBlocks, type GroundedPeers, type PeerGrounding, podsPeer } from './peer-grounding.ts';
import type { RuleDraft } from './rule-draft.ts';
import { applies } from './workload-match.ts';

/** The rules the catalogue adds to one closed direction of a workload, given those it was proposed already. */
export function catalogueRules(
  workload: Workload,
  direction: Direction,
  learned: readonly RuleDraft[],
  grounding: PeerGrounding,
  catalogue: Catalogue,
): readonly RuleDraft[] {
  return catalogue.entries.flatMap((entry) =>
    entry.rules
      .filter((rule) => rule.direction === direction && applies(rule.applies, workload, grounding.snapshot))
      .flatMap((rule) => draftsOf(entry, rule, workload, learned, grounding)),
  );
}

function draftsOf(entry: CatalogueEntry, rule: CatalogueRule, workload: Workload, learned: readonly RuleDraft[], grounding: PeerGrounding): readonly RuleDraft[] {
  const evidence = [{ kind: 'built-in' as const, source: 'catalogue', where: `catalogue entry ${entry.name}`, text: entry.why }];
  return groundRule(rule, workload, learned, grounding).map(({ peers, ports, widenings }) => ({
    peers,
    ports: ports ?? rule.ports,
    ...(rule.application === undefined ? {} : { application: rule.application }),
    tier: 'strong',
    confidence: 1,
    evidence,
    why: rule.why,
    widenings: [...widenings, ...(rule.widening === undefined ? [] : [rule.widening])],
  }));
}

// Plain peers share one rule; an entity brings ports and widenings of its own.
function groundRule(rule: CatalogueRule, workload: Workload, learned: readonly RuleDraft[], grounding: PeerGrounding): readonly GroundedPeers[] {
  if (rule.peers === 'any') return [{ peers: 'any', widenings: [] }];
  const plain: Peer[] = [];
  const grounded: GroundedPeers[] = [];
  for (const peer of rule.peers) {
    if (peer.kind === 'entity') {
      grounded.push(...grounding.ofEntity(peer.entity, rule.direction).map((each) => withRulePorts(each, rule.ports)));
      continue;
    }
    if (peer.kind === 'peers' && learned.some((draft) => draft.peers === 'any')) grounded.push({ peers: 'any', widenings: [] });
    plain.push(...plainPeers(peer, workload, learned, grounding.snapshot));
  }
  const distinct = [...new Map(plain.map((peer) => [peerKey(peer), peer])).values()];
  return distinct.length === 0 ? grounded : [{ peers: distinct, widenings: [] }, ...grounded];
}

function withRulePorts(grounded: GroundedPeers, ports: readonly PortMatch[] | 'any'): GroundedPeers {
  return ports === 'any' ? grounded : { ...grounded, ports };
}

function plainPeers(peer: Exclude<CataloguePeer, { kind: 'entity' }>, workload: Workload, learned: readonly RuleDraft[], snapshot: Snapshot): readonly Peer[] {
  switch (peer.kind) {
    case 'pods':
      return [podsPeer(peer.labels, peer.namespace)];
    case 'cidr':
      return [{ kind: 'cidr', cidr: peer.cidr, except: [] }];
    case 'service':
      return addressBlocks(snapshot.services.get(`${peer.namespace}/${peer.service}`)?.clusterAddresses ?? []);
    case 'own':
      return [{ kind: 'workload', workload: workload.ref }];
    case 'peers':
      // only who runs beside it in the cluster can be part of a mesh
      return learned.flatMap((draft) => (draft.peers === 'any' ? [] : draft.peers)).filter((each) => each.kind === 'workload' || each.kind === 'pods');
  }
}

function peerKey(peer: Peer): string {
  if (peer.kind === 'workload') return workloadKey(peer.workload);
  return peer.kind === 'cidr' ? peer.cidr.text : JSON.stringify(peer);
}
