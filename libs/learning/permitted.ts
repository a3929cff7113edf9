import type { Evidence, GraphPeer, ObservedPeer, ObservedRelationship, Relationship } from '#model';

/** Names of the policies others wrote that let a relationship through, sorted. */
export type PermittedBy = (relationship: Relationship) => readonly string[];

/** That a policy somebody else wrote lets it through already: it makes no rule, it says that one changes nothing. */
export function permittedEvidence(relationship: Relationship, permittedBy: PermittedBy | undefined): readonly Evidence[] {
  return (permittedBy?.(relationship) ?? []).map((name) => ({ kind: 'permitted', source: 'network-policy', where: name, text: `${name} lets it through already` }));
}

/** The same for something observed, where the graph has a word for both ends. */
export function permittedObservation(observed: ObservedRelationship, permittedBy: PermittedBy | undefined): readonly Evidence[] {
  const { from, to, port, protocol } = observed;
  const [client, server] = [graphPeer(from), graphPeer(to)];
  if (client === undefined || server === undefined) return [];
  const host = to.kind === 'external' ? { host: to.host } : from.kind === 'external' ? { host: from.host } : {};
  return permittedEvidence({ from: client, to: server, port, protocol, ...host, tier: 'weak', confidence: 0, evidence: [] }, permittedBy);
}

function graphPeer(peer: ObservedPeer): GraphPeer | undefined {
  switch (peer.kind) {
    case 'workload':
      return peer.workload;
    case 'entity':
      return peer.entity;
    case 'external':
      return 'internet';
    case 'node':
    case 'service':
      return undefined;
  }
}
