import type { Diagnostic, Flow } from '#model';
import { type ConnectivityDiff, diff, type PolicyLayers, simulate, type Simulation } from '#policy';

import type { BrokenInvariant } from './broken-invariants.ts';
import { brokenByNext } from './decide.ts';
import { policiesInForce } from './enforcement-layers.ts';
import { nextRevision, type RevisionCommand } from './next-revision.ts';
import type { ReviewContext, ReviewDecision } from './review-command.ts';
import type { ReviewState } from './review-state.ts';

/** What would come of an approval or a rollback, for whoever is about to decide. */
export interface RevisionPreview {
  readonly kind: 'preview';
  /** What would be in force now, policies of others included, by who enforces it. */
  readonly inForce: PolicyLayers;
  readonly base: number;
  /** Paths that would open and close against what is in force. */
  readonly change: ConnectivityDiff;
  /** The flows replayed: which would die, and which open paths of the changed workloads nothing used. */
  readonly simulation: Simulation;
  /** Those of the lost flows that what is in force does not let through already: the command changes nothing about them. */
  readonly deniedBefore: ReadonlySet<Flow>;
  /** While there are any it is refused. */
  readonly broken: readonly BrokenInvariant[];
  readonly notes: readonly Diagnostic[];
}

/**
 * Shows what a command would do before it is given: the same checks as `decide`, and nothing
 * happens. `flows` are those of the last days, as many as somebody wants to look back.
 */
export function previewRevision(
  state: ReviewState,
  command: RevisionCommand,
  context: ReviewContext,
  flows: readonly Flow[],
): RevisionPreview | Extract<ReviewDecision, { readonly kind: 'refused' | 'conflict' }> {
  // whoever only looks owes no reason yet
  const next = nextRevision(state, { ...command, reason: 'preview' }, context);
  if (next.kind !== 'next') return next;
  const { snapshot } = context;
  const [before, inForce] = [policiesInForce(state, context), policiesInForce(next.after, context)];
  const simulation = simulate(inForce, snapshot, flows, { unusedOf: next.changed });
  const already = simulate(before, snapshot, simulation.lost.map(({ flow }) => flow), { unusedOf: [] });
  return {
    kind: 'preview',
    inForce,
    base: next.event.base,
    change: diff({ revision: before, snapshot }, { revision: inForce, snapshot }),
    simulation,
    deniedBefore: new Set(already.lost.map(({ flow }) => flow)),
    broken: brokenByNext(state, next, context),
    notes: next.notes,
  };
}
