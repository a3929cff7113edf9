import type { ObservedRelationship } from '#model';
import type { SimulatedFlow } from '#policy';
import { previewMode, type Remedy, remedyFor, type ReviewContext, type ReviewState } from '#review';

import type { Answer, DoomedFlow, ModeAnswer, ModeQuestion } from './live-answer.ts';
import { flowKey } from './live-flows.ts';
import { LackFinder } from './missing-rules.ts';
import { replayedFlows } from './replayed-flows.ts';
import { withStandIns } from './stand-in-pods.ts';

const DAY_MS = 86_400_000;
/** Of more, what they lack is not looked up: nobody reads that far before they look again. */
const MOST_EXPLAINED = 500;

/**
 * What would come of setting a mode, seen against what was observed in these days and everything
 * audit has counted, however long ago.
 */
export function previewModeLive(state: ReviewState, question: ModeQuestion, asked: ReviewContext, observedSince: (moment: number) => readonly ObservedRelationship[]): Answer<ModeAnswer> {
  const context = { ...asked, snapshot: withStandIns(asked.snapshot) };
  const { days, ...rest } = question;
  const from = context.now - days * DAY_MS;
  const recent = new Map(observedSince(from).map((one) => [flowKey(one), one]));
  const audited = observedSince(0).filter(({ wouldBeDenied }) => wouldBeDenied > 0);
  // what audit has counted is told in full, whatever the days
  const whole = new Map(audited.map((one) => [flowKey(one), one]));
  const candidates = [...recent.values(), ...audited.filter((one) => !recent.has(flowKey(one)))];
  const flows = replayedFlows(candidates, context.snapshot);
  const preview = previewMode(state, { kind: 'set-mode', ...rest }, context, flows);
  if (preview.kind !== 'preview') return { kind: 'unanswerable', diagnostics: preview.diagnostics };
  const finder = new LackFinder(preview.dropping, asked.snapshot);
  const parts = Map.groupBy(preview.lost, ({ flow }) => flow.line);
  const doomed = [...parts].flatMap(([line, lost]): readonly DoomedFlow[] => {
    const observed = candidates[line - 1];
    if (observed === undefined) return [];
    const key = flowKey(observed);
    const count = recent.has(key) ? lost.reduce((sum, { flow }) => sum + flow.count, 0) : 0;
    return [{ observed: whole.get(key) ?? observed, count, ...worstOf(lost), missing: [], remedies: [] }];
  });
  const sorted = doomed.sort((a, b) => b.observed.wouldBeDenied - a.observed.wouldBeDenied || b.count - a.count);
  const replayed = flows.filter(({ line }) => line <= recent.size);
  const { revision, shown, changes, isLowering, unchanged, open, change, notes } = preview;
  return {
    kind: 'answer',
    value: {
      ...{ revision, shown, changes, isLowering, unchanged, open, notes },
      ...(change === undefined ? {} : { change }),
      from,
      to: context.now,
      flows: replayed.length,
      connections: replayed.reduce((sum, { count }) => sum + count, 0),
      lost: sorted.map((one, at) => (at < MOST_EXPLAINED ? { ...one, ...lacking(one.observed, finder, state, context) } : one)),
    },
  };
}

function lacking(observed: ObservedRelationship, finder: LackFinder, state: ReviewState, context: ReviewContext): Pick<DoomedFlow, 'missing' | 'remedies'> {
  const lacks = finder.lacksOf(observed);
  const remedies = new Map<string, Remedy>();
  for (const { missing, connection } of lacks) {
    const remedy = remedyFor(state, missing, connection, context);
    if (remedy !== undefined) remedies.set(remedy.text, remedy);
  }
  return { missing: lacks.map(({ missing }) => missing.text), remedies: [...remedies.values()] };
}

function worstOf(lost: readonly SimulatedFlow[]): Pick<DoomedFlow, 'decision' | 'text'> {
  const { decision, text } = lost.find((one) => one.decision === 'deny') ?? lost[0] ?? { decision: 'unknown', text: '' };
  return { decision, text };
}
