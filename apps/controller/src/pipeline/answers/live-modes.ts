import { compareText, type Mode, type ModeScope, type ObservedRelationship, workloadKey, type WorkloadRef } from '#model';
import { type Enforcement, enforcementOf, modeOf, modeOfCluster, modeOfNamespace, type ReviewContext, type ReviewState, type SettingAnswer, workloadsIn } from '#review';

import { type Page, type PageRequest, pageOf, type WorkloadFilter } from './live-list.ts';
import { countDrops, pendingDrops, type WouldDrops } from './would-drops.ts';

type Context = Pick<ReviewContext, 'snapshot' | 'now' | 'enforcesExisting'>;

/** How a scope stands: what its workloads start in and why, and what that comes to. */
export interface ScopeStanding {
  readonly scope: ModeScope;
  /** What a workload that is new in it starts in. */
  readonly mode: SettingAnswer<Mode>;
  readonly workloads: Readonly<Record<Mode, number>>;
  /** In audit or enforce with nothing approved: open. */
  readonly open: number;
  readonly wouldDrops: WouldDrops;
}

/** One workload's mode with where it comes from, and what it comes to. */
export interface WorkloadStanding extends Enforcement {
  readonly wouldDrops: WouldDrops;
}

/** The cluster, every namespace with workloads or a mode of its own, and behind it the workloads that have one. */
export function liveScopes(state: ReviewState, observed: readonly ObservedRelationship[], context: Context): readonly ScopeStanding[] {
  const { snapshot } = context;
  const byNamespace = Map.groupBy(workloadsIn({ kind: 'cluster' }, snapshot), ({ namespace }) => namespace);
  const ownByNamespace = Map.groupBy([...state.modes.workloads.values()].map(({ workload }) => workload), ({ namespace }) => namespace);
  const namespaces = [...new Set([...byNamespace.keys(), ...ownByNamespace.keys(), ...state.modes.namespaces.keys()])].sort(compareText);
  const pending = pendingDrops(state, observed, context);
  const standing = (scope: ModeScope, mode: SettingAnswer<Mode>, workloads: readonly WorkloadRef[]): ScopeStanding => {
    const meant = new Set(workloads.map(workloadKey));
    const counts = { observe: 0, audit: 0, enforce: 0 };
    let open = 0;
    for (const workload of workloads) {
      const { mode: own, approval } = enforcementOf(state, workload, snapshot);
      counts[own.value] += 1;
      if (own.value !== 'observe' && approval === undefined) open += 1;
    }
    return { scope, mode, workloads: counts, open, wouldDrops: countDrops(pending, (workload) => meant.has(workloadKey(workload))) };
  };
  return [
    standing({ kind: 'cluster' }, modeOfCluster(state), [...byNamespace.values()].flat()),
    ...namespaces.flatMap((namespace) => [
      standing({ kind: 'namespace', namespace }, modeOfNamespace(state, namespace, snapshot), byNamespace.get(namespace) ?? []),
      ...(ownByNamespace.get(namespace) ?? [])
        .sort((a, b) => compareText(workloadKey(a), workloadKey(b)))
        .map((workload) => standing({ kind: 'workload', workload }, modeOf(state, workload, snapshot), snapshot.workloads.has(workloadKey(workload)) ? [workload] : [])),
    ]),
  ];
}

/** One page of workloads with the mode of each, sorted. */
export function liveWorkloadModes(state: ReviewState, observed: readonly ObservedRelationship[], { namespace, workload }: WorkloadFilter, page: PageRequest, context: Context): Page<WorkloadStanding> {
  const scope: ModeScope = workload !== undefined ? { kind: 'workload', workload } : namespace === undefined ? { kind: 'cluster' } : { kind: 'namespace', namespace };
  const pending = pendingDrops(state, observed, context);
  const sorted = [...workloadsIn(scope, context.snapshot)].sort((a, b) => compareText(workloadKey(a), workloadKey(b)));
  const { items, ...rest } = pageOf(sorted, page, workloadKey);
  return { items: items.map((one) => ({ ...enforcementOf(state, one, context.snapshot), wouldDrops: countDrops(pending, (other) => workloadKey(other) === workloadKey(one)) })), ...rest };
}
