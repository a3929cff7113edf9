import { type Proposal, type WorkloadKey, workloadKey, type WorkloadReview } from '#model';

import { editProposal } from './edit-proposal.ts';
import type { Rejection, ReviewState, StandingApproval, StandingEdit } from './review-state.ts';

/**
 * Where a proposal stands. `edited`: a person changed it, and it was not approved since. `approved`:
 * nothing new is proposed since, and no quarantine has ended that kept a rule out of it. `rejected`: silent until the evidence changes.
 */
export type ReviewStanding = 'proposed' | 'edited' | 'approved' | 'rejected';

/** What learning proposes for a workload now, with what people did to it. */
export interface ReviewedProposal {
  readonly review: WorkloadReview;
  readonly standing: ReviewStanding;
  /** With the edits that fit: what an approval approves. */
  readonly proposal: Proposal;
  /** Of that; commands name it. */
  readonly hash: string;
  readonly edits: readonly StandingEdit[];
  /** Edits that do not fit this proposal, and why: their rule is not proposed any more. */
  readonly misfits: readonly { readonly edit: StandingEdit; readonly why: string }[];
  /** While it stands. */
  readonly rejection?: Rejection;
  /** What is in force for the workload, whether or not the proposal has moved on. */
  readonly approval?: StandingApproval;
  /** Proposed again although the approval in force left them out: rule ids. */
  readonly leftOutBefore: readonly string[];
  /** Of these, what was left out only because it was in quarantine, and is not any more: something new. */
  readonly quarantineEnded: readonly string[];
  /** A rejection that stands no more, for the evidence has changed; gone once somebody approves or edits. */
  readonly rejectedBefore?: Rejection;
}

/** Puts a proposal together with its edits, and tells where it stands. */
export function reviewedProposal(state: ReviewState, review: WorkloadReview, digest: (text: string) => string): ReviewedProposal {
  const key: WorkloadKey = workloadKey(review.workload);
  const edits = state.edits.get(key) ?? [];
  const fitting: StandingEdit[] = [];
  const misfits: { readonly edit: StandingEdit; readonly why: string }[] = [];
  let { proposal } = review;
  for (const edit of edits) {
    const result = editProposal(proposal, edit.edit, edit.decided.by, digest);
    if (result.kind === 'misfit') {
      misfits.push({ edit, why: result.why });
      continue;
    }
    ({ proposal } = result);
    fitting.push(edit);
  }
  const hash = fitting.length === 0 ? review.hash : digest(JSON.stringify([review.hash, fitting.map(({ decided }) => decided.seq)]));
  const rejection = state.rejections.get(key);
  const stands = rejection?.rejected.evidenceHash === review.evidenceHash;
  const approval = state.approvals.get(key);
  const leftOutBefore = approval?.approved.leftOut.filter((rule) => hasRule(proposal, rule)) ?? [];
  const held = new Set(review.quarantined.map(({ rule }) => rule));
  const quarantineEnded = leftOutBefore.filter((rule) => approval?.approved.quarantined?.includes(rule) === true && !held.has(rule));
  const isApproved = approval?.approved.proposedHash === review.hash && quarantineEnded.length === 0;
  return {
    review,
    standing: standingOf(fitting.length > 0, stands, isApproved),
    proposal,
    hash,
    edits,
    misfits,
    ...(stands ? { rejection } : rejection === undefined ? {} : { rejectedBefore: rejection }),
    ...(approval === undefined ? {} : { approval }),
    leftOutBefore,
    quarantineEnded,
  };
}

/** Ids of the rules of a proposal, both directions. */
export function ruleIds({ ingress, egress }: Proposal): readonly string[] {
  return [ingress, egress].flatMap((direction) => (direction.kind === 'closed' ? direction.rules.map(({ id }) => id) : []));
}

function hasRule(proposal: Proposal, rule: string): boolean {
  return ruleIds(proposal).includes(rule);
}

function standingOf(isEdited: boolean, isRejected: boolean, isApproved: boolean): ReviewStanding {
  if (isRejected) return 'rejected';
  if (isEdited) return 'edited';
  return isApproved ? 'approved' : 'proposed';
}
