import type { Direction, LabelSelector } from '#model';

import type { EvidenceClass } from './evidence-class.ts';

/**
 * A rule somebody wrote that approves proposals in their place: YAML under
 * `policies/auto-approval/`, one file a rule.
 *
 * A proposal of a workload it is about is approved where every condition holds. Some are never a
 * matter of what is written here: a workload that is not ready, a proposal that breaks an invariant
 * or takes back what was approved before, and a namespace whose labels nobody knows wait for a person.
 */
export interface AutoApprovalRule {
  readonly name: string;
  readonly title: string;
  /** Why proposals like these need no eyes, in one sentence: it becomes the reason of the approval. */
  readonly why: string;
  readonly namespaces: LabelSelector;
  /** On the labels of its pods. */
  readonly workloads: LabelSelector;
  /** Kinds of workload it is about (`Deployment`, …); empty: all. */
  readonly kinds: readonly string[];
  /** What may speak for a rule of the proposal. */
  readonly evidence: readonly Exclude<EvidenceClass, 'built-in'>[];
  readonly coverage: { readonly estimate?: number; readonly low?: number };
  /** Directions the proposal has to close. */
  readonly closed: readonly Direction[];
  /** `block`: nothing is approved while a rule is in quarantine; `leave-out`: the others are. */
  readonly quarantined: 'block' | 'leave-out';
  /** Whether rules may be approved that open more than their evidence. */
  readonly widenings: 'block' | 'allow';
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
