import type { Protocol } from './protocol.ts';
import { type Entity, workloadKey, type WorkloadRef } from './workload-ref.ts';
import type { WireProtocol } from './wire-protocol.ts';

/** One end of what was observed: a workload, an entity every cluster has, a node (with whoever shares its address), or a host outside. */
export type ObservedPeer =
  | { readonly kind: 'workload'; readonly workload: WorkloadRef }
  | { readonly kind: 'entity'; readonly entity: Entity }
  | { readonly kind: 'node'; readonly node: string; readonly mayBe: readonly WorkloadRef[] }
  /** A Service whose address nobody translated: `namespace/name`. */
  | { readonly kind: 'service'; readonly service: string }
  /** `host` is the DNS name its clients knew it by (hearsay), else its address, else the block its address is in, where too many are seen to list them. */
  | { readonly kind: 'external'; readonly host: string; readonly addresses: readonly string[] };

/**
 * Everything that was seen of one client talking to one server on one port: a summary that does
 * not grow with traffic.
 *
 * Times are milliseconds since 1970; a bucket is one hour.
 */
export interface ObservedRelationship {
  readonly from: ObservedPeer;
  readonly to: ObservedPeer;
  readonly protocol: Protocol;
  /** The server's port; null for ICMP. */
  readonly port: number | null;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** In how many buckets of time it was seen at all. */
  readonly buckets: number;
  /** In how many runs of buckets without a gap; absent: nobody counted. */
  readonly spells?: number;
  /** Let through, those included that would have been refused. */
  readonly connections: number;
  readonly bytes: number;
  /** Known to be answered; undefined where no reporter could tell. */
  readonly replied: number | undefined;
  /** Attempts that were refused, and such as would have been. */
  readonly denied: number;
  readonly wouldBeDenied: number;
  /** When the first and the last of those were seen that would have been refused; absent: none were. */
  readonly wouldBeDeniedIn?: { readonly first: number; readonly last: number };
  /** How many pods of the client it came from, counted up to a bound. */
  readonly clientPods: number;
  readonly serverPods: number;
  readonly applications: readonly WireProtocol[];
  readonly processes: readonly string[];
  /** Names of the reporters that saw it, sorted, a few at most. */
  readonly reporters: readonly string[];
}

/** Under what one end of what was observed is told from others: equal for the same, whatever else is known of it. */
export function observedPeerKey(peer: ObservedPeer): string {
  switch (peer.kind) {
    case 'workload':
      return `workload ${workloadKey(peer.workload)}`;
    case 'entity':
      return `entity ${peer.entity}`;
    case 'node':
      return `node ${peer.node}`;
    case 'service':
      return `service ${peer.service}`;
    case 'external':
      return `external ${hostKey(peer.host)}`;
  }
}

/** A host outside, however its name was written: names end with a dot or without, and case means nothing in them. */
export function hostKey(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}
