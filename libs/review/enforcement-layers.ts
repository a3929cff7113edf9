import type { EnforcedBy, OutputTarget, Pod, Revision, WorkloadRef } from '#model';
import { inForceAt, layerPolicies, type PolicyLayers } from '#policy';

import { enforcementOf } from './enforcement.ts';
import type { ReviewContext } from './review-command.ts';
import type { ReviewState } from './review-state.ts';
import { currentRevision } from './revisions.ts';
import { targetOf } from './settings.ts';

type Context = Pick<ReviewContext, 'snapshot' | 'now' | 'enforcesExisting'>;

/**
 * What holds in the cluster at that time, by who enforces it.
 *
 * What is approved is enforced on the nodes, or, where its namespace has policies written as objects,
 * by the cluster's network together with those of others: there they add up. Whatever the modes are:
 * what is approved counts as it will once it is enforced.
 */
export function policiesInForce(state: ReviewState, context: Context): PolicyLayers {
  return inLayers(state, everythingAt(state, context), context);
}

/** The same of a revision that is not the current one, or holds what nobody approved yet. */
export function inLayers(state: ReviewState, revision: Revision, context: Pick<Context, 'enforcesExisting'>): PolicyLayers {
  return layerPolicies(revision, ({ subject }) => (subject.kind === 'workload' ? enforcerOf(state, subject.workload, context) : enforcerOfOthers(context)));
}

/**
 * What is dropped at that very time, by whom: what is approved only of workloads that are set to
 * `enforce` and whose policies go anywhere. What others wrote is dropped by the cluster's network
 * whatever is set here, and by the enforcers, where they see to it, as what is approved is.
 */
export function policiesDropping(state: ReviewState, context: Context): PolicyLayers {
  const droppingTarget = (workload: WorkloadRef): OutputTarget => {
    const { mode, target } = enforcementOf(state, workload, context.snapshot);
    return mode.value === 'enforce' ? target : 'none';
  };
  const dropsOnNode = ({ workload }: Pod): boolean => droppingTarget(workload) === 'nftables';
  const revision = everythingAt(state, context);
  const dropped = { ...revision, policies: revision.policies.filter(({ subject }) => subject.kind === 'pods' || droppingTarget(subject.workload) !== 'none') };
  const { layers, ...rest } = inLayers(state, dropped, context);
  return { ...rest, layers: layers.map((layer) => (layer.enforcedBy === 'enforcers' ? { ...layer, isEnforcedFor: dropsOnNode } : layer)) };
}

// What was approved and what others wrote, without rules that have ended: nobody enforces all of it as if it were one.
function everythingAt(state: ReviewState, { snapshot, now }: Context): Revision {
  return inForceAt(currentRevision(state, snapshot.policies), now);
}

/** Who enforces what is approved for a workload. */
export function enforcerOf(state: ReviewState, workload: WorkloadRef, { enforcesExisting }: Pick<Context, 'enforcesExisting'>): EnforcedBy {
  return enforcesExisting === true ? 'enforcers' : ENFORCERS[targetOf(state, workload.namespace) ?? 'nftables'];
}

function enforcerOfOthers({ enforcesExisting }: Pick<Context, 'enforcesExisting'>): EnforcedBy {
  return enforcesExisting === true ? 'enforcers' : 'network';
}

/**
 * Objects in a folder are applied by somebody, and are objects like any other then. What goes nowhere
 * would, if it went anywhere, go where it goes when nobody says.
 */
const ENFORCERS: Readonly<Record<OutputTarget, EnforcedBy>> = { nftables: 'enforcers', networkpolicy: 'network', folder: 'network', none: 'enforcers' };
