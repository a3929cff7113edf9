import type { LabelSelector } from '#model';

import type { EvidenceClass } from './evidence-class.ts';

/**
 * A rule somebody wrote that approves proposals in their place: YAML under
 * `policies/auto-approval/`, one file a rule.
 *
 * A proposal of a workload it is about is approved where every condition holds. Broken invariants
 * are never approved, whatever is written here.
 */
export interface AutoApprovalRule {
  readonly name: string;
  readonly title: string;
  /** Why proposals like these need no eyes, in one sentence: it becomes the reason of the approval. */
  readonly why: string;
  readonly namespaces: LabelSelector;
  readonly workloads: LabelSelector;
  /** Kinds of workload it is about (`Deployment`, …); absent: all. */
  readonly kinds?: readonly string[];
  /** What has to speak for every rule of the proposal. */
  readonly evidence: readonly Exclude<EvidenceClass, 'built-in'>[];
  readonly coverage: { readonly estimate?: number; readonly low?: number };
  /** Whether the workload has to be ready: no scheduled run awaited, observed for long enough. */
  readonly mustBeReady: boolean;
  /** `block`: nothing is approved while a rule is in quarantine; `leave-out`: the others are. */
  readonly quarantined: 'block' | 'leave-out';
  /** Whether rules may be approved that open more than their evidence. */
  readonly allowsWidenings: boolean;
  /** Which directions have to be closed: what stays open is no reason to wait, unless it is named here. */
  readonly closed: readonly ('ingress' | 'egress')[];
}

/** Why one rule does not approve a proposal. */
export interface AutoApprovalRefusal {
  readonly rule: string;
  /** One sentence each. */
  readonly reasons: readonly string[];
}

/** `approved`: by this rule, without the rules of the proposal named in `leaveOut`. */
export type AutoApproval =
  | { readonly kind: 'approved'; readonly rule: AutoApprovalRule; readonly leaveOut: readonly string[] }
  | { readonly kind: 'not-approved'; readonly refusals: readonly AutoApprovalRefusal[] };
