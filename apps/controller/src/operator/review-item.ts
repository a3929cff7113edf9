import type { Mode } from '#model';
import type { ReviewedProposal } from '#review';

/** A workload's proposal with everything a person needs to decide. */
export interface ReviewItem extends ReviewedProposal {
  readonly mode: Mode;
  /** The auto-approval rule that takes it, or why none does; absent where there are no such rules. */
  readonly autoApproval?: { readonly rule: string } | { readonly why: readonly string[] };
}
