import { type FlowParty, workloadKey } from '#model';

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
