import { type Diagnostic, type ObservedRelationship, workloadKey, type WorkloadRef } from '#model';
import { type ApprovalItem, previewRevision, type ReviewContext, type ReviewState, reviewedProposal, type RevisionCommand, ruleIds } from '#review';

import type { Answer, SimulationAnswer, SimulationQuestion } from './live-answer.ts';
import { replayedFlows } from './replayed-flows.ts';
import { withStandIns } from './stand-in-pods.ts';

const DAY_MS = 86_400_000;

/** What would come of approving these proposals, or of going back to that revision, seen against what was observed. */
export function simulateLive(state: ReviewState, question: SimulationQuestion, asked: ReviewContext, observedSince: (moment: number) => readonly ObservedRelationship[]): Answer<SimulationAnswer> {
  const context = { ...asked, snapshot: withStandIns(asked.snapshot) };
  const { what, days } = question;
  const from = context.now - days * DAY_MS;
  const hashes = what.kind === 'proposals' ? what.workloads.map((workload) => ({ workload, hash: shownHash(state, workload, context) })) : [];
  const unknown = hashes.filter(({ hash }) => hash === undefined).map(({ workload }) => noProposal(workload));
  if (unknown.length > 0) return { kind: 'unanswerable', diagnostics: unknown };
  const shown = hashes.map(({ workload, hash = '' }) => ({ workload, hash }));
  const command: RevisionCommand = what.kind === 'proposals' ? { kind: 'approve', items: shown.map((item) => ({ ...item, ...namedRules(state, item.workload, what, context) })), reason: '' } : { kind: 'roll-back', to: what.number, reason: '' };
  const flows = replayedFlows(observedSince(from), context.snapshot);
  const preview = previewRevision(state, command, context, flows);
  if (preview.kind !== 'preview') return { kind: 'unanswerable', diagnostics: preview.diagnostics };
  return {
    kind: 'answer',
    value: {
      hashes: shown,
      base: preview.base,
      from,
      to: context.now,
      flows: flows.length,
      connections: flows.reduce((sum, { count }) => sum + count, 0),
      lost: preview.simulation.lost.map((one) => ({ ...one, deniedBefore: preview.deniedBefore.has(one.flow) })),
      change: preview.change,
      unused: preview.simulation.unused,
      brokenInvariants: preview.broken.map(({ text }) => text),
      notes: preview.notes,
    },
  };
}

/** Of the rules a question names, those that are proposed for this workload. */
function namedRules(state: ReviewState, workload: WorkloadRef, { leaveOut = [], admit = [] }: Extract<SimulationQuestion['what'], { readonly kind: 'proposals' }>, { reviews, digest }: ReviewContext): Required<Pick<ApprovalItem, 'leaveOut' | 'admit'>> {
  const review = reviews.get(workloadKey(workload));
  const proposed = new Set(review === undefined ? [] : ruleIds(reviewedProposal(state, review, digest).proposal));
  return { leaveOut: leaveOut.filter((rule) => proposed.has(rule)), admit: admit.filter((rule) => proposed.has(rule)) };
}

/** The hash a decision about this workload has to name now; undefined where nothing is proposed for it. */
export function shownHash(state: ReviewState, workload: WorkloadRef, { reviews, digest }: Pick<ReviewContext, 'reviews' | 'digest'>): string | undefined {
  const review = reviews.get(workloadKey(workload));
  return review === undefined ? undefined : reviewedProposal(state, review, digest).hash;
}

export function noProposal(workload: WorkloadRef): Diagnostic {
  return { code: 'proposal-missing', severity: 'error', subject: workloadKey(workload), message: 'has no proposal', hint: 'it may be gone, or not be known yet: list what is proposed' };
}
