import { type ObservedRelationship, type Snapshot, workloadKey, type WorkloadRef } from '#model';
import { enforcementOf, policiesInForce, type ReviewContext, type ReviewState } from '#review';

import { LackFinder } from './missing-rules.ts';

/** What audit has counted, and still lacks a rule. */
export interface WouldDrops {
  /** Different clients, servers and ports. */
  readonly kinds: number;
  readonly connections: number;
  /** Absent where there are none. */
  readonly first?: number;
  readonly last?: number;
}

/** Something audit has counted that still lacks a rule, with the workloads whose rules would drop it if they were enforced. */
export interface PendingDrop {
  readonly observed: ObservedRelationship;
  readonly workloads: readonly WorkloadRef[];
}

const known = new WeakMap<readonly ObservedRelationship[], { readonly state: ReviewState; readonly snapshot: Snapshot; readonly pending: readonly PendingDrop[] }>();

/**
 * Everything audit has counted that would be dropped if what is approved were enforced for whoever
 * is not yet. What was approved since lacks nothing any more, and what is enforced is dropped.
 */
export function pendingDrops(state: ReviewState, observed: readonly ObservedRelationship[], context: Pick<ReviewContext, 'snapshot' | 'now' | 'enforcesExisting'>): readonly PendingDrop[] {
  // the same question comes with every look at the status
  const before = known.get(observed);
  if (before?.state === state && before.snapshot === context.snapshot) return before.pending;
  const pending = findPending(state, observed, context);
  known.set(observed, { state, snapshot: context.snapshot, pending });
  return pending;
}

/** The same in numbers, of those that concern some of these workloads; each counts once. */
export function countDrops(pending: readonly PendingDrop[], concerns: (workload: WorkloadRef) => boolean = () => true): WouldDrops {
  const own = pending.filter(({ workloads }) => workloads.some(concerns)).map(({ observed }) => observed);
  const connections = own.reduce((sum, { wouldBeDenied }) => sum + wouldBeDenied, 0);
  const spans = own.flatMap(({ wouldBeDeniedIn }) => wouldBeDeniedIn ?? []);
  if (spans.length === 0) return { kinds: own.length, connections };
  return { kinds: own.length, connections, first: Math.min(...spans.map(({ first }) => first)), last: Math.max(...spans.map(({ last }) => last)) };
}

function findPending(state: ReviewState, observed: readonly ObservedRelationship[], context: Pick<ReviewContext, 'snapshot' | 'now' | 'enforcesExisting'>): readonly PendingDrop[] {
  const audited = observed.filter(({ wouldBeDenied }) => wouldBeDenied > 0);
  if (audited.length === 0) return [];
  const finder = new LackFinder(policiesInForce(state, context), context.snapshot);
  return audited.flatMap((one): readonly PendingDrop[] => {
    const workloads = [...finder.denyingEnds(one)]
      .flatMap((direction) => {
        const peer = direction === 'egress' ? one.from : one.to;
        return peer.kind === 'workload' ? [peer.workload] : [];
      })
      .filter((workload) => context.snapshot.workloads.has(workloadKey(workload)) && enforcementOf(state, workload, context.snapshot).mode.value !== 'enforce');
    return workloads.length === 0 ? [] : [{ observed: one, workloads }];
  });
}
