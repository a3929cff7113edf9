import { compareText, compareWorkloads, type Diagnostic, type DirectionProposal, type Proposal, type Quarantine, whyNameProvesNothing, type WorkloadKey, workloadKey, type WorkloadRef } from '#model';

import { foldReview } from './fold-review.ts';
import { writeProposal } from './proposal-json.ts';
import { conflict, note, problem, problemsOfWords, refused } from './refusal.ts';
import type { ApprovalItem, ReviewCommand, ReviewContext, ReviewDecision } from './review-command.ts';
import type { Actor, ApprovedWorkload, ReviewEvent } from './review-event.ts';
import type { ReviewState, StandingApproval } from './review-state.ts';
import { type ReviewedProposal, reviewedProposal, ruleIds } from './reviewed-proposal.ts';
import { approvalsAt, currentNumber } from './revisions.ts';

/** More workloads than one revision changes at once. */
const MOST_WORKLOADS = 20_000;

/** The revision a command would make, before anybody asked whether it may. */
export interface NextRevision {
  readonly kind: 'next';
  readonly event: Extract<ReviewEvent, { readonly kind: 'approved' | 'rolled-back' }>;
  readonly after: ReviewState;
  /** Workloads that are allowed something else than before, sorted. */
  readonly changed: readonly WorkloadRef[];
  readonly notes: readonly Diagnostic[];
}

type Refused = Extract<ReviewDecision, { readonly kind: 'refused' | 'conflict' }>;

/** A command that makes a revision. */
export type RevisionCommand = Extract<ReviewCommand, { readonly kind: 'approve' | 'roll-back' }>;

export function nextRevision(state: ReviewState, command: RevisionCommand, context: ReviewContext): NextRevision | Refused {
  const number = currentNumber(state);
  const words = problemsOfWords(command, command.kind === 'approve' ? 'approval' : 'rollback');
  if (words.length > 0) return refused(...words);
  if (command.base !== undefined && command.base !== number) {
    return conflict(problem('revision-changed', `revision ${String(command.base)}`, `is not the current one any more: ${String(number)} is`, 'look at what changed since, then decide again'));
  }
  return command.kind === 'approve' ? nextByApproval(state, command, context) : nextByRollback(state, command, context);
}

function nextByApproval(state: ReviewState, command: ReviewCommand & { readonly kind: 'approve' }, context: ReviewContext): NextRevision | Refused {
  const { items, reason, ticket, expiresAt } = command;
  if (items.length === 0 || items.length > MOST_WORKLOADS) return refused(problem('approval-size', 'approval', `names ${String(items.length)} workloads`, `name 1 to ${String(MOST_WORKLOADS)}`));
  if (expiresAt !== undefined && expiresAt <= context.now) return refused(problem('expiry-past', 'approval', 'would end before it begins', 'give a time that is still to come'));
  const workloads = new Map<WorkloadKey, ApprovedWorkload>();
  const problems: Diagnostic[] = [];
  const stale: Diagnostic[] = [];
  const notes: Diagnostic[] = [];
  for (const item of items) {
    const { workload, hash } = item;
    const key = workloadKey(workload);
    const review = context.reviews.get(key);
    if (workloads.has(key)) problems.push(problem('workload-twice', key, 'is named twice', 'name every workload once'));
    if (review === undefined) {
      problems.push(problem('proposal-missing', key, 'has no proposal', 'it may be gone, or not be known yet: list what is proposed'));
      continue;
    }
    const reviewed = reviewedProposal(state, review, context.digest);
    if (reviewed.hash !== hash) {
      stale.push(problem('proposal-changed', key, 'is not proposed any more as it was shown', 'look at what is proposed now, then decide again'));
      continue;
    }
    const doubted = doubtedRules(reviewed, item);
    const leaveOut = [...(item.leaveOut ?? []), ...doubted.map(({ rule }) => rule)];
    problems.push(...obstacles(reviewed, item, leaveOut, context));
    notes.push(...doubted.map(({ rule, reasons }) => note('rule-quarantined', key, `rule ${rule} is in quarantine and was left out: ${reasons.join('; ')}`, 'admit it by its id to let that through')));
    notes.push(...reviewed.misfits.map(({ why }) => note('edit-unfitting', key, `an edit does nothing: ${why}`, 'discard it, or make it anew')));
    workloads.set(key, approvedWorkload(reviewed, { leaveOut, unchosen: unchosen(reviewed, item, context.actor) }, expiresAt));
  }
  if (problems.length > 0) return refused(...problems, ...stale);
  if (stale.length > 0) return conflict(...stale);
  const fresh = [...workloads.values()].filter((approved) => !isInForce(state, approved));
  if (fresh.length === 0) return refused(problem('already-approved', 'approval', 'would change nothing: all of this is in force', 'nothing has to be done'));
  const base = currentNumber(state);
  const event = { kind: 'approved', revision: base + 1, base, workloads: fresh.sort((a, b) => compareWorkloads(a.workload, b.workload)), by: context.actor, reason, ...(ticket === undefined ? {} : { ticket }) } as const;
  return { kind: 'next', event, after: after(state, event, context), changed: event.workloads.map(({ workload }) => workload), notes };
}

/** Rules in quarantine that nobody admits or has left out. */
function doubtedRules({ review, proposal }: ReviewedProposal, { leaveOut = [], admit = [] }: Pick<ApprovalItem, 'leaveOut' | 'admit'>): readonly Quarantine[] {
  const rules = ruleIds(proposal);
  return review.quarantined.filter(({ rule }) => rules.includes(rule) && !leaveOut.includes(rule) && !admit.includes(rule));
}

/** What is left out because it is in quarantine and for no other reason: a rule somebody wrote leaves nothing else out, a person who names it chose to. */
function unchosen(reviewed: ReviewedProposal, item: ApprovalItem, { kind }: Actor): readonly string[] {
  return doubtedRules(reviewed, kind === 'rule' ? {} : item).map(({ rule }) => rule);
}

/** What stands in the way of one approval, apart from invariants. */
function obstacles(reviewed: ReviewedProposal, item: ApprovalItem, leaveOut: readonly string[], { actor }: ReviewContext): readonly Diagnostic[] {
  const { review, proposal, standing } = reviewed;
  const key = workloadKey(review.workload);
  const rules = ruleIds(proposal);
  const named = [...(item.leaveOut ?? []), ...(item.admit ?? [])];
  const problems = named.filter((rule) => !rules.includes(rule)).map((rule) => problem('rule-unknown', key, `is proposed no rule ${rule.slice(0, 100)}`, 'name rules by the ids they are shown with'));
  if (reviewed.edits.length === 0 && leaveOut.length === 0) problems.push(...review.brokenInvariants.map((text) => problem('invariant-broken', key, `cannot be approved: ${text}`, 'leave out or narrow the rule, or change the invariant')));
  if (actor.kind === 'person') return problems;
  // a rule decides only about what nobody touched and nothing speaks against
  if (standing !== 'proposed') problems.push(problem('not-automatic', key, `is ${standing}, so only a person may approve it`, 'approve it by hand'));
  const unproven = whyNameProvesNothing(review.workload);
  if (unproven !== undefined) problems.push(problem('not-automatic', key, unproven, 'approve it by hand'));
  if (!review.isReady) problems.push(problem('not-automatic', key, `is not ready: ${review.waitsFor.join('; ')}`, 'wait, or approve it by hand'));
  const quarantined = review.quarantined.filter(({ rule }) => rules.includes(rule) && item.leaveOut?.includes(rule) !== true);
  problems.push(...quarantined.map(({ rule, reasons }) => problem('not-automatic', key, `rule ${rule} is in quarantine: ${reasons.join('; ')}`, 'approve it by hand, or leave the rule out')));
  return problems;
}

function approvedWorkload(reviewed: ReviewedProposal, { leaveOut, unchosen: held }: { readonly leaveOut: readonly string[]; readonly unchosen: readonly string[] }, expiresAt: number | undefined): ApprovedWorkload {
  const { review, hash } = reviewed;
  const proposal: Proposal = { workload: review.workload, ingress: approvedDirection(reviewed.proposal.ingress, leaveOut, expiresAt), egress: approvedDirection(reviewed.proposal.egress, leaveOut, expiresAt) };
  const kept = new Set(ruleIds(proposal));
  const leftOut = ruleIds(review.proposal).filter((rule) => !kept.has(rule));
  const quarantined = [...new Set(held)].filter((rule) => !kept.has(rule)).sort(compareText);
  return { workload: review.workload, hash, proposedHash: review.hash, evidenceHash: review.evidenceHash, proposal, leftOut: [...new Set(leftOut)].sort(compareText), ...(quarantined.length === 0 ? {} : { quarantined }) };
}

function approvedDirection(direction: DirectionProposal, leaveOut: readonly string[], expiresAt: number | undefined): DirectionProposal {
  if (direction.kind === 'open') return direction;
  const rules = direction.rules.filter(({ id }) => !leaveOut.includes(id)).map((rule) => (expiresAt === undefined ? rule : { ...rule, expiresAt: Math.min(expiresAt, rule.expiresAt ?? expiresAt) }));
  return { ...direction, rules };
}

function nextByRollback(state: ReviewState, command: ReviewCommand & { readonly kind: 'roll-back' }, context: ReviewContext): NextRevision | Refused {
  const { to, reason, ticket } = command;
  const base = currentNumber(state);
  if (!Number.isInteger(to) || to < 0 || to > base) return refused(problem('revision-unknown', `revision ${String(to)}`, 'is not there', base === 0 ? 'nothing was approved yet' : `revisions go from 0 to ${String(base)}`));
  if (to === base) return refused(problem('revision-current', `revision ${String(to)}`, 'is the current one', 'name an older one'));
  const changed = differing(state.approvals, approvalsAt(state.revisions, to));
  if (changed.length === 0) return refused(problem('revision-current', `revision ${String(to)}`, 'allows what the current one allows', 'nothing has to be done'));
  const event = { kind: 'rolled-back', revision: base + 1, base, to, by: context.actor, reason, ...(ticket === undefined ? {} : { ticket }) } as const;
  return { kind: 'next', event, after: after(state, event, context), changed, notes: [] };
}

function after(state: ReviewState, event: ReviewEvent, { now }: ReviewContext): ReviewState {
  return foldReview(state, { seq: state.seq + 1, at: now, event });
}

/** Where a quarantine has ended, leaving the rule out is a decision, though it allows the same. */
function isInForce({ approvals }: ReviewState, { workload, proposal, quarantined = [] }: ApprovedWorkload): boolean {
  const known = approvals.get(workloadKey(workload))?.approved;
  return known !== undefined && contentOf(known.proposal) === contentOf(proposal) && (known.quarantined ?? []).join() === quarantined.join();
}

function contentOf(proposal: Proposal): string {
  return JSON.stringify(writeProposal(proposal));
}

function differing(before: ReadonlyMap<WorkloadKey, StandingApproval>, next: ReadonlyMap<WorkloadKey, StandingApproval>): readonly WorkloadRef[] {
  const refs = new Map([...before, ...next].map(([key, { approved }]) => [key, approved.workload]));
  return [...refs].filter(([key]) => before.get(key) !== next.get(key)).map(([, workload]) => workload).sort(compareWorkloads);
}
