import { type AutoApproval, autoApprovable, type AutoApprovalRule } from '#learning';
import { compareText, type Snapshot, workloadKey, type WorkloadReview, type WorkloadReviews } from '#model';
import { type Actor, type ReviewCommand, type ReviewedProposal, reviewedProposal, type ReviewState } from '#review';

import type { ReviewItem } from './answers/live-list.ts';

/** Something a rule decides in a person's place, as if that person had written it. */
export interface AutomaticApproval {
  readonly command: Extract<ReviewCommand, { readonly kind: 'approve' }>;
  readonly actor: Actor;
}

interface Deciding {
  readonly state: ReviewState;
  readonly snapshot: Snapshot;
  readonly rules: readonly AutoApprovalRule[];
  readonly digest: (text: string) => string;
}

/**
 * What the rules approve now: a command for each rule and namespace, so that one workload that
 * cannot be approved holds up its own namespace and no other.
 *
 * A rule never overrules a person: what somebody edited, rejected, left out or rolled back is not
 * approved in their place.
 */
export function automaticApprovals(reviews: WorkloadReviews, deciding: Deciding): readonly AutomaticApproval[] {
  if (deciding.rules.length === 0) return [];
  const approvals = new Map<string, AutomaticApproval>();
  for (const [, review] of [...reviews].sort(([a], [b]) => compareText(a, b))) {
    const reviewed = reviewedProposal(deciding.state, review, deciding.digest);
    if (reviewed.standing !== 'proposed') continue;
    const approval = judge(reviewed, deciding);
    if (approval.kind !== 'approved') continue;
    const { rule, leaveOut } = approval;
    const key = `${rule.name}\n${review.workload.namespace}`;
    const items = [...(approvals.get(key)?.command.items ?? []), { workload: review.workload, hash: reviewed.hash, leaveOut }];
    approvals.set(key, { command: { kind: 'approve', items, reason: rule.why }, actor: { kind: 'rule', name: rule.name } });
  }
  return [...approvals.values()];
}

/** Which rule takes a proposal, or why none does; undefined where there are no rules. */
export function automaticApproval(review: WorkloadReview, deciding: Deciding): ReviewItem['autoApproval'] {
  if (deciding.rules.length === 0) return undefined;
  const approval = judge(reviewedProposal(deciding.state, review, deciding.digest), deciding);
  if (approval.kind === 'approved') return { rule: approval.rule.name };
  return { why: approval.refusals.flatMap(({ rule, reasons }) => reasons.map((reason) => `${rule}: ${reason}`)) };
}

function judge(reviewed: ReviewedProposal, { state, snapshot, rules }: Deciding): AutoApproval {
  const { review, standing, approval } = reviewed;
  const reasons = personsReasons(reviewed, state);
  if (standing === 'edited') reasons.push('a person edited it');
  if (standing === 'rejected') reasons.push('a person rejected it');
  if (reasons.length > 0) return { kind: 'not-approved', refusals: rules.map(({ name }) => ({ rule: name, reasons })) };
  return autoApprovable(review, rules, snapshot, approval?.approved.proposal);
}

function personsReasons({ review, approval, leftOutBefore }: ReviewedProposal, state: ReviewState): string[] {
  const { decided, approved } = approval ?? {};
  // what was in quarantine when a person approved the rest was nobody's choice
  const chosen = leftOutBefore.filter((rule) => approved?.quarantined?.includes(rule) !== true);
  const reasons = decided?.by.kind === 'person' ? chosen.map((rule) => `a person left out rule ${rule}`) : [];
  const undone = rolledBack(review, state);
  return undone === undefined ? reasons : [...reasons, `revision ${String(undone)}, which approved this, was rolled back`];
}

/** A revision that approved this very proposal and was left for an older one. */
function rolledBack({ workload, hash }: WorkloadReview, { revisions }: ReviewState): number | undefined {
  const key = workloadKey(workload);
  for (const { number, restored } of revisions) {
    if (restored === undefined) continue;
    const undone = revisions.slice(restored, number - 1).find(({ changes }) => changes.get(key)?.approved.proposedHash === hash);
    if (undone !== undefined) return undone.number;
  }
  return undefined;
}
