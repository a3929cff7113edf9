import { type FlowParty, type ObservedPeer, workloadKey } from '#model';

/** A party in a word, for lists people read. */
export function partyText(party: FlowParty): string {
  switch (party.kind) {
    case 'workload':
      return workloadKey(party.workload);
    case 'node':
      return `node ${party.node}`;
    case 'service':
      return `Service ${party.service}`;
    case 'external':
      return party.entity ?? party.names[0] ?? party.address;
    case 'unattributed':
      return party.address;
  }
}

/** The same of what is remembered. */
export function peerText(peer: ObservedPeer): string {
  switch (peer.kind) {
    case 'workload':
      return workloadKey(peer.workload);
    case 'node':
      return `node ${peer.node}`;
    case 'service':
      return `Service ${peer.service}`;
    case 'external':
      return peer.host;
    case 'entity':
      return peer.entity;
  }
}
