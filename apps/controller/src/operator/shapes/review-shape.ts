import type { DirectionProposal, Proposal, ProposedRule } from '#model';
import { type ApprovalShape, decidedShape, directionsShape, proposalEditShape, type ProposalShape, type ProposalSummaryShape } from '#operator-api';
import type { ReviewState, StandingApproval } from '#review';

import type { ReviewItem } from '../../pipeline/answers/live-list.ts';
import { comparisonShape, differenceShape, previewShape, sinceApprovalShape } from './comparison-shape.ts';

/** One workload's line in the list of proposals. */
export function summaryShape(item: ReviewItem, decided: ReviewState): ProposalSummaryShape {
  const { review, proposal, hash, standing, mode, approval, comparison, quarantineEnded, rejectedBefore, autoApproval } = item;
  const rules = rulesOf(proposal);
  const isBacked = (rule: ProposedRule, kind: 'declared' | 'observed'): boolean => rule.evidence.some((one) => one.kind === kind);
  return {
    workload: review.workload,
    hash,
    standing,
    mode,
    isReady: review.isReady,
    waitsFor: review.waitsFor,
    coverage: review.coverage,
    ingress: proposal.ingress.kind,
    egress: proposal.egress.kind,
    rules: rules.length,
    undeclared: rules.filter((rule) => isBacked(rule, 'observed') && !isBacked(rule, 'declared')).length,
    notExercised: rules.filter((rule) => isBacked(rule, 'declared') && !isBacked(rule, 'observed')).length,
    quarantined: review.quarantined.length,
    brokenInvariants: review.brokenInvariants,
    ...(approval === undefined ? {} : { inForce: approvalShape(approval, decided) }),
    ...(comparison === undefined ? {} : { sinceApproval: sinceApprovalShape(comparison) }),
    quarantineEnded,
    ...(rejectedBefore === undefined ? {} : { rejectedBefore: decidedShape(rejectedBefore.decided, rejectedBefore.reason) }),
    ...(autoApproval === undefined ? {} : { autoApproval }),
  };
}

/** Everything a person needs to decide about one workload. */
export function proposalShape(item: ReviewItem, decided: ReviewState): ProposalShape {
  const { review, edits, misfits, leftOutBefore, rejection, comparison, sinceRejection, preview = {} } = item;
  return {
    ...summaryShape(item, decided),
    proposal: directionsShape(item.proposal),
    directionCoverage: review.directions,
    ...(comparison === undefined ? {} : { comparison: comparisonShape(comparison) }),
    ...(sinceRejection === undefined ? {} : { sinceRejection: differenceShape(sinceRejection) }),
    preview: previewShape(preview),
    awaitedRuns: review.awaitedRuns.map(({ workload, schedule, next, why }) => ({ workload, schedule, why, ...(next === undefined ? {} : { next }) })),
    quarantine: review.quarantined,
    edits: edits.map((one) => ({ ...decidedShape(one.decided, one.reason), edit: proposalEditShape(one.edit) })),
    misfits: misfits.map(({ why }) => why),
    leftOutBefore,
    ...(rejection === undefined ? {} : { rejection: decidedShape(rejection.decided, rejection.reason) }),
  };
}

/** The approval of a workload that is in force, told by the revision that brought it in. */
export function approvalShape({ revision, decided: own }: StandingApproval, decided: ReviewState): ApprovalShape {
  const record = decided.revisions[revision - 1];
  return { ...decidedShape(own, record?.reason), revision, ...(record?.ticket === undefined ? {} : { ticket: record.ticket }) };
}

function rulesOf({ ingress, egress }: Proposal): readonly ProposedRule[] {
  return [ingress, egress].flatMap((direction: DirectionProposal) => (direction.kind === 'closed' ? direction.rules : []));
}
