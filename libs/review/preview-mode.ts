import type { Diagnostic, Flow, Mode, WorkloadRef } from '#model';
import { type ConnectivityDiff, diff, type PolicyLayers, type SimulatedFlow, simulate } from '#policy';

import { decideSetting } from './decide-setting.ts';
import { policiesDropping } from './enforcement-layers.ts';
import { type Enforcement, enforcementOf } from './enforcement.ts';
import { foldReview } from './fold-review.ts';
import { workloadsIn } from './mode-scope.ts';
import { modeShown } from './mode-shown.ts';
import type { ReviewCommand, ReviewContext, ReviewDecision } from './review-command.ts';
import type { ReviewState } from './review-state.ts';
import { currentNumber } from './revisions.ts';

export type ModeCommand = Extract<ReviewCommand, { readonly kind: 'set-mode' }>;

/** A workload that would be in another mode than it is. */
export interface ModeChange {
  readonly workload: WorkloadRef;
  readonly before: Enforcement;
  readonly after: Enforcement;
}

/** What would come of setting a mode, for whoever is about to. */
export interface ModePreview {
  readonly kind: 'preview';
  readonly revision: number;
  /** Of what is shown here: a command that names it is about this and nothing later. */
  readonly shown: string;
  /** By workload. */
  readonly changes: readonly ModeChange[];
  /** Whether no workload is taken more earnestly than before: nobody has to be kept from that. */
  readonly isLowering: boolean;
  /** Workloads of the scope whose mode stays: they have one of their own, or have this one already. */
  readonly unchanged: number;
  /** Of the scope, in audit or enforce afterwards, and nothing is approved for them: they stay open. */
  readonly open: readonly WorkloadRef[];
  /** What would be dropped from then on, by whom. */
  readonly dropping: PolicyLayers;
  /** Paths that open and close by it; absent where so much changes that nobody could wait for all of them. */
  readonly change?: ConnectivityDiff;
  /** Flows that get through now and would not any more, most connections first. */
  readonly lost: readonly SimulatedFlow[];
  readonly notes: readonly Diagnostic[];
}

/** Changed workloads times those they may talk to: looking at each pair takes some tens of microseconds. */
const MOST_PAIRS = 100_000;

/**
 * Shows what setting a mode would do before it is set: the same checks as `decide`, and nothing
 * happens. `flows` are those that get through now.
 */
export function previewMode(state: ReviewState, command: ModeCommand, context: ReviewContext, flows: readonly Flow[]): ModePreview | Extract<ReviewDecision, { readonly kind: 'refused' | 'conflict' }> {
  const decision = decideSetting(state, command, context);
  if (decision.kind !== 'events') return decision;
  const after = decision.events.reduce((next, event) => foldReview(next, { seq: next.seq + 1, at: context.now, event }), state);
  const { snapshot } = context;
  const meant = workloadsIn(command.scope, snapshot).map((workload) => ({ workload, before: enforcementOf(state, workload, snapshot), after: enforcementOf(after, workload, snapshot) }));
  const changes = meant.filter((each) => each.before.mode.value !== each.after.mode.value);
  const [before, dropping] = [policiesDropping(state, context), policiesDropping(after, context)];
  // what does not get through now is no loss, and what nobody could tell before is no news
  const known = new Map(simulate(before, snapshot, flows, { unusedOf: [] }).flows.map(({ flow, decision: now }) => [flow, now]));
  const { lost } = simulate(dropping, snapshot, flows, { unusedOf: [] });
  return {
    kind: 'preview',
    revision: currentNumber(state),
    shown: modeShown(state, after, command.scope, context),
    changes,
    isLowering: changes.every((each) => STRICTNESS[each.after.mode.value] <= STRICTNESS[each.before.mode.value]),
    unchanged: meant.length - changes.length,
    open: meant.filter((each) => each.after.mode.value !== 'observe' && each.after.approval === undefined).map(({ workload }) => workload),
    dropping,
    ...(changes.filter((each) => each.after.approval !== undefined).length * snapshot.workloads.size > MOST_PAIRS ? {} : { change: diff({ revision: before, snapshot }, { revision: dropping, snapshot }) }),
    lost: lost.filter(({ flow, decision: then }) => known.get(flow) === 'allow' || (known.get(flow) === 'unknown' && then === 'deny')),
    notes: decision.notes,
  };
}

const STRICTNESS: Readonly<Record<Mode, number>> = { observe: 0, audit: 1, enforce: 2 };
