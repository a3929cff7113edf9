import type { Rule } from './policy.ts';
import type { Tier } from './relationship.ts';
import type { WorkloadRef } from './workload-ref.ts';

/** A rule as learning proposes it: with how sure it is and one sentence saying why. */
export interface ProposedRule extends Rule {
  readonly tier: Tier;
  /** 0 to 1. */
  readonly confidence: number;
  readonly why: string;
}

/** What is proposed for one direction: closed but for these rules, or left open for a reason. */
export type DirectionProposal =
  | { readonly kind: 'closed'; readonly rules: readonly ProposedRule[]; readonly why: string }
  | { readonly kind: 'open'; readonly why: string };

/** A proposal is not a policy: nothing compiles it. Only `approve` in `#policy` makes a Revision of it. */
export interface Proposal {
  readonly workload: WorkloadRef;
  readonly ingress: DirectionProposal;
  readonly egress: DirectionProposal;
}
