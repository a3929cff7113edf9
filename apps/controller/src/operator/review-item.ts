import type { Mode, Proposal, WorkloadReview } from '#model';
import type { Rejection, StandingApproval, StandingEdit } from '#review';

/**
 * Where one workload's review stands. `edited`: a person changed what is proposed, and it was not
 * approved since. `approved`: what is proposed now, edits included, is what is in force.
 * `rejected`: silent until the evidence changes.
 */
export type ReviewStanding = 'proposed' | 'edited' | 'approved' | 'rejected';

/** A workload's proposal with everything a person needs to decide. */
export interface ReviewItem {
  /** As learned. */
  readonly review: WorkloadReview;
  /** What an approval would approve: the learned proposal with its edits. */
  readonly proposal: Proposal;
  /** Of that proposal; a command has to name it. */
  readonly hash: string;
  readonly standing: ReviewStanding;
  readonly edits: readonly StandingEdit[];
  /** While it stands. */
  readonly rejection?: Rejection;
  /** What is in force for the workload, also where the proposal has moved on since. */
  readonly approval?: StandingApproval;
  readonly mode: Mode;
  /** Whether an auto-approval rule takes it, and if not why; absent where there are no such rules. */
  readonly autoApproval?: { readonly rule: string } | { readonly why: readonly string[] };
}
