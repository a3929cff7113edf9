import type { Diagnostic } from './diagnostic.ts';
import type { Evidence } from './evidence.ts';
import type { Protocol } from './protocol.ts';
import type { GraphPeer, WorkloadKey, WorkloadRef } from './workload-ref.ts';

/** `strong` may be proposed for enforcement; `weak` is shown and never enforced alone. */
export type Tier = 'strong' | 'weak';

/**
 * A client that talks to a server on one port.
 *
 * `port` is the server pod's port after Service translation, null where the protocol is known but
 * no port is (a Service with several and no hint: one relationship per port, each flagged, or an
 * external host without one). `host` is the DNS name (or address) of an external server.
 */
export interface Relationship {
  readonly from: GraphPeer;
  readonly to: GraphPeer;
  readonly port: number | null;
  readonly protocol: Protocol;
  readonly host?: string;
  /** The protocol spoken over the connection (`postgresql`, `http`, `grpc`, …) where metadata tells. */
  readonly application?: string;
  readonly tier: Tier;
  /** True where nothing names the port: it is the likeliest, and the client may use others of that server. */
  readonly isPortGuessed?: boolean;
  /** 0 to 1. */
  readonly confidence: number;
  readonly evidence: readonly Evidence[];
}

/** An address-shaped mention that leads to nothing in the input: reported, and opens nothing. */
export interface UnresolvedMention {
  readonly from: WorkloadRef;
  readonly text: string;
  readonly port: number | null;
  readonly evidence: Evidence;
}

/** Whether one direction of a workload is known well enough to be closed, and the sentence that says why (not). */
export interface DirectionKnowledge {
  readonly isKnown: boolean;
  /** Not known by the strong tier, but known if the weak relationships of this direction are admitted as well. */
  readonly isKnownWithWeak?: boolean;
  /** Egress only: peers inside the cluster are known, those outside are not and have to stay open. */
  readonly isOutsideOpen?: boolean;
  readonly why: string;
}

export interface WorkloadKnowledge {
  readonly ingress: DirectionKnowledge;
  readonly egress: DirectionKnowledge;
}

/** Who talks to whom, on what, on which evidence. Sorted; equal inputs give equal graphs. */
export interface ServiceGraph {
  readonly relationships: readonly Relationship[];
  readonly unresolved: readonly UnresolvedMention[];
  readonly knowledge: ReadonlyMap<WorkloadKey, WorkloadKnowledge>;
  readonly diagnostics: readonly Diagnostic[];
}
