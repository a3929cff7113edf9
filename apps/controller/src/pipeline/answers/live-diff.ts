import type { Diagnostic } from '#model';
import { type ConnectivityDiff, diff, inForceAt, type PolicyLayers } from '#policy';
import { currentNumber, inLayers, previewRevision, type ReviewContext, type ReviewState, reviewedProposal, revisionAt, type ShownProposal } from '#review';

import type { Answer, DiffSide } from './live-answer.ts';
import { noProposal, shownHash } from './live-simulation.ts';
import { withStandIns } from './stand-in-pods.ts';

/** What opens and closes between two sides, both seen in the cluster as it is now. */
export function diffLive(state: ReviewState, before: DiffSide, after: DiffSide, asked: ReviewContext): Answer<ConnectivityDiff> {
  const context = { ...asked, snapshot: withStandIns(asked.snapshot) };
  const { snapshot } = context;
  const [old, now] = [sideOf(state, before, context), sideOf(state, after, context)];
  if (old.kind === 'unanswerable') return old;
  if (now.kind === 'unanswerable') return now;
  return { kind: 'answer', value: diff({ revision: old.value, snapshot }, { revision: now.value, snapshot }) };
}

function sideOf(state: ReviewState, side: DiffSide, context: ReviewContext): Answer<PolicyLayers> {
  const { snapshot, now } = context;
  const number = side.kind === 'revision' ? side.number : currentNumber(state);
  const revision = revisionAt(state, number, snapshot.policies);
  if (revision === undefined) return { kind: 'unanswerable', diagnostics: [noRevision(number, currentNumber(state))] };
  const inForce: Answer<PolicyLayers> = { kind: 'answer', value: inLayers(state, inForceAt(revision, now), context) };
  if (side.kind === 'revision') return inForce;
  const items = side.workloads === 'all' ? approvable(state, context) : side.workloads.map((workload) => ({ workload, hash: shownHash(state, workload, context) }));
  const unknown = items.filter(({ hash }) => hash === undefined).map(({ workload }) => noProposal(workload));
  if (unknown.length > 0) return { kind: 'unanswerable', diagnostics: unknown };
  if (items.length === 0) return inForce;
  const preview = previewRevision(state, { kind: 'approve', items: items.map(({ workload, hash = '' }) => ({ workload, hash })), reason: '' }, context, []);
  return preview.kind === 'preview' ? { kind: 'answer', value: preview.inForce } : { kind: 'unanswerable', diagnostics: preview.diagnostics };
}

// Everything somebody could approve now: what is in force already, was rejected or would break an invariant is not.
function approvable(state: ReviewState, { reviews, digest }: ReviewContext): readonly ShownProposal[] {
  return [...reviews.values()]
    .filter(({ brokenInvariants }) => brokenInvariants.length === 0)
    .map((review) => reviewedProposal(state, review, digest))
    .filter(({ standing }) => standing === 'proposed' || standing === 'edited')
    .map(({ review, hash }) => ({ workload: review.workload, hash }));
}

function noRevision(number: number, newest: number): Diagnostic {
  return { code: 'no-such-revision', severity: 'error', subject: `revision ${String(number)}`, message: 'was never made', hint: `the newest is ${String(newest)}` };
}
