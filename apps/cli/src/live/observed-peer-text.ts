import { workloadKey } from '#model';
import type { FlowShape } from '#operator-api';

/** An end of what was observed, in words. */
export function observedPeerText(peer: FlowShape['from']): string {
  switch (peer.kind) {
    case 'workload':
      return workloadKey(peer.workload);
    case 'entity':
      return peer.entity;
    case 'node':
      return `node ${peer.node}${peer.mayBe.length === 0 ? '' : ` (or ${peer.mayBe.map(workloadKey).join(', ')})`}`;
    case 'service':
      return `Service ${peer.service}`;
    case 'external':
      return peer.host;
  }
}
