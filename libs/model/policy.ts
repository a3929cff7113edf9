import type { Evidence } from './evidence.ts';
import type { Origin } from './origin.ts';
import type { Peer, PodSelection, PortMatch } from './peer.ts';
import type { WorkloadRef } from './workload-ref.ts';

/**
 * One allowance (or, in the admin tiers, one verdict) in one direction.
 *
 * `peers` or `ports` of `any` match everything, addresses outside the cluster included; an empty
 * list matches nothing. `application` is the protocol the rule is meant for (`postgresql`,
 * `http`, …), where known: a connection known to speak another one does not match.
 */
export interface Rule {
  /** Unique within its policy and stable while the rule's meaning is: `ingress-0` or a hash of its content. */
  readonly id: string;
  readonly peers: readonly Peer[] | 'any';
  readonly ports: readonly PortMatch[] | 'any';
  readonly application?: string;
  /**
   * Whether connections that begin to speak something else than `application` are refused on the
   * wire, by targets that can tell; absent: no. Only the first payload is looked at.
   */
  readonly enforceApplication?: boolean;
  /** Milliseconds since 1970 from which on the rule is as if it were not there; absent: it does not end. */
  readonly expiresAt?: number;
  readonly evidence: readonly Evidence[];
  /** 0 to 1, and one sentence saying why the rule is there: what learning said when it proposed the rule. */
  readonly confidence?: number;
  readonly why?: string;
  /** What the rule opens beyond its evidence, one sentence each. */
  readonly widenings: readonly string[];
}

/** An admin-tier rule: the first that matches in priority order decides; `pass` hands over to the next tier. */
export interface AdminRule extends Rule {
  readonly action: 'allow' | 'deny' | 'pass';
}

/** What a policy applies to. Host-network pods are never subject to a policy. */
export type Subject = ({ readonly kind: 'pods' } & PodSelection) | { readonly kind: 'workload'; readonly workload: WorkloadRef };

/**
 * A policy of the middle tier with NetworkPolicy semantics: whatever it selects is isolated in
 * each direction that is present, all such policies together are a union of allowances.
 */
export interface NamespacedPolicy {
  readonly kind: 'namespaced';
  /** `NetworkPolicy shop/web`, `learned shop/Deployment/web`. */
  readonly name: string;
  readonly subject: Subject;
  /** Absent: this policy does not isolate that direction. Empty: isolates and allows nothing. */
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
  /** Why learning held a direction to be known well enough to close it, one sentence each. */
  readonly why?: { readonly ingress?: string; readonly egress?: string };
  readonly origin: Origin;
}

/**
 * A policy of the admin or the baseline tier (AdminNetworkPolicy, BaselineAdminNetworkPolicy,
 * ClusterNetworkPolicy). Lower priority numbers decide first; ties go by name.
 */
export interface AdminPolicy {
  readonly kind: 'admin';
  readonly tier: 'admin' | 'baseline';
  readonly name: string;
  readonly priority: number;
  readonly subject: Subject;
  readonly ingress: readonly AdminRule[];
  readonly egress: readonly AdminRule[];
  readonly origin: Origin;
}

export type Policy = NamespacedPolicy | AdminPolicy;
