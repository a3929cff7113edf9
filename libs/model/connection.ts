import type { Address } from './address.ts';
import type { Pod } from './pod.ts';
import type { Protocol } from './protocol.ts';

/** One end of a connection: a pod on one of its addresses, or an address that belongs to none. */
export type Endpoint =
  | { readonly kind: 'pod'; readonly pod: Pod; readonly address: Address }
  | { readonly kind: 'address'; readonly address: Address };

/**
 * A possible connection: its first packet, as the workloads see it, after service translation, so
 * `port` is the target port. 0 for ICMP. Both addresses are of one family.
 */
export interface Connection {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly protocol: Protocol;
  readonly port: number;
  readonly application?: string;
}

export type Direction = 'ingress' | 'egress';
export type Decision = 'allow' | 'deny' | 'unknown';

/** Who enforces a policy: our enforcers on the nodes, or the network of the cluster itself. */
export type EnforcedBy = 'enforcers' | 'network';

/** A rule, or the absence of one, that took part in a decision. */
export interface VerdictReason {
  readonly direction: Direction;
  readonly effect: 'allow' | 'deny' | 'pass';
  /** The policy's name, or undefined where no policy decided (default, same pod, host network). */
  readonly policy?: string;
  readonly rule?: string;
  /** Whose policies these are the reasons of, where it is told apart who enforces what. */
  readonly enforcedBy?: EnforcedBy;
  /** One sentence for people. */
  readonly text: string;
}

export interface Verdict {
  readonly decision: Decision;
  /** Egress first; empty never. */
  readonly reasons: readonly VerdictReason[];
}
