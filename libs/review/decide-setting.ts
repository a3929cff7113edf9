import { assertNever, type Diagnostic, type ModeScope, type WorkloadRef, workloadKey } from '#model';

import { LONGEST_DRAIN_SECONDS } from './event-json.ts';
import { foldReview } from './fold-review.ts';
import { scopeName, workloadsIn } from './mode-scope.ts';
import { modeShown } from './mode-shown.ts';
import { conflict, note, problem, problemsOfWords, refused } from './refusal.ts';
import type { ReviewCommand, ReviewContext, ReviewDecision } from './review-command.ts';
import type { ReviewEvent } from './review-event.ts';
import type { ReviewState } from './review-state.ts';
import { modeOf, modeOfNamespace } from './settings.ts';
import { notesOfTarget } from './target-change.ts';

/** A command that sets how earnestly policies are enforced, how connections end, or where policies go. */
export type SettingCommand = Extract<ReviewCommand, { readonly kind: 'set-mode' | 'set-fate' | 'set-target' }>;

export function decideSetting(state: ReviewState, command: SettingCommand, context: ReviewContext): ReviewDecision {
  const { actor: by } = context;
  const reason = command.reason === undefined ? {} : { reason: command.reason };
  const words = problemsOfWords(reason, command.kind, false);
  if (words.length > 0) return refused(...words);
  switch (command.kind) {
    case 'set-mode': {
      const problems = command.mode === 'enforce' && command.skipsRamp !== true ? problemsOfRamp(state, command.scope, context) : [];
      if (problems.length > 0) return refused(...problems);
      const { scope, mode, shown } = command;
      const event: ReviewEvent = { kind: 'mode-set', scope, mode, by, ...reason };
      if (shown !== undefined && shown !== modeShown(state, foldReview(state, { seq: state.seq + 1, at: context.now, event }), scope, context)) {
        return conflict(problem('mode-changed', scopeName(scope), 'would be changed in another way than it was shown', 'look at what it would do now, then decide again'));
      }
      return { kind: 'events', events: [event], notes: [...notesOfScope(scope, context), ...(mode === 'enforce' ? notesOfEnforcing(state, scope, context) : [])] };
    }
    case 'set-fate': {
      const { scope, fate } = command;
      if (fate !== 'cleared' && fate.kind === 'drain' && !(Number.isInteger(fate.seconds) && fate.seconds >= 1 && fate.seconds <= LONGEST_DRAIN_SECONDS)) {
        return refused(problem('drain-time', scopeName(scope), `cannot drain for ${String(fate.seconds)} seconds`, `use 1 to ${String(LONGEST_DRAIN_SECONDS)}, or keep`));
      }
      return { kind: 'events', events: [{ kind: 'fate-set', scope, fate, by, ...reason }], notes: notesOfScope(scope, context) };
    }
    case 'set-target': {
      const { namespace, target } = command;
      const event: ReviewEvent = { kind: 'target-set', namespace, target, by, ...reason };
      const after = foldReview(state, { seq: state.seq + 1, at: context.now, event });
      return { kind: 'events', events: [event], notes: [...notesOfScope({ kind: 'namespace', namespace }, context), ...notesOfTarget(state, after, namespace, context)] };
    }
    default:
      return assertNever(command);
  }
}

// The whole cluster at once is how a mistake in one namespace becomes an outage of all.
function problemsOfRamp(state: ReviewState, scope: ModeScope, { snapshot }: ReviewContext): readonly Diagnostic[] {
  if (scope.kind !== 'cluster') return [];
  const namespaces = [...new Set([...snapshot.workloads.values()].map(({ ref }) => ref.namespace))].sort();
  const waiting = namespaces.filter((namespace) => modeOfNamespace(state, namespace, snapshot).value !== 'enforce');
  if (waiting.length === 0) return [];
  const named = waiting.length > 5 ? `${waiting.slice(0, 5).join(', ')} and ${String(waiting.length - 5)} more` : waiting.join(', ');
  return [problem('ramp-skipped', 'the cluster', `cannot go to enforce at once: ${named} ${waiting.length === 1 ? 'does' : 'do'} not enforce yet`, 'ramp one namespace at a time, or say that the ramp is to be skipped')];
}

function notesOfScope(scope: ModeScope, { snapshot }: ReviewContext): readonly Diagnostic[] {
  const isThere = scope.kind === 'cluster' || (scope.kind === 'namespace' ? snapshot.namespaces.has(scope.namespace) : snapshot.workloads.has(workloadKey(scope.workload)));
  return isThere ? [] : [note('scope-absent', scopeName(scope), 'is not there', 'the setting waits for it')];
}

function notesOfEnforcing(state: ReviewState, scope: ModeScope, { snapshot }: ReviewContext): readonly Diagnostic[] {
  const meant = workloadsIn(scope, snapshot);
  const unapproved = meant.filter((workload) => state.approvals.get(workloadKey(workload))?.policy === undefined);
  const unaudited = meant.filter((workload) => modeOf(state, workload, { namespaces: snapshot.namespaces }).value === 'observe');
  return [
    ...(unapproved.length === 0 ? [] : [note('nothing-approved', scopeName(scope), `has ${count(unapproved)} with no approved policy, which stay open`, 'approve what is proposed for them')]),
    ...(unaudited.length === 0 ? [] : [note('audit-skipped', scopeName(scope), `has ${count(unaudited)} that ${unaudited.length === 1 ? 'was' : 'were'} never in audit`, 'in audit it is counted and shown what would be dropped')]),
  ];
}

function count(workloads: readonly WorkloadRef[]): string {
  return workloads.length === 1 ? '1 workload' : `${String(workloads.length)} workloads`;
}
