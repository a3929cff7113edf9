import { compareWorkloads, type ModeScope, type Snapshot, workloadKey, type WorkloadRef } from '#model';

/** The workloads that are there and that a scope is about, sorted. */
export function workloadsIn(scope: ModeScope, { workloads }: Pick<Snapshot, 'workloads'>): readonly WorkloadRef[] {
  const all = [...workloads.values()].map(({ ref }) => ref);
  return all.filter((workload) => isIn(workload, scope)).sort(compareWorkloads);
}

function isIn(workload: WorkloadRef, scope: ModeScope): boolean {
  if (scope.kind === 'cluster') return true;
  return scope.kind === 'namespace' ? workload.namespace === scope.namespace : workloadKey(workload) === workloadKey(scope.workload);
}

/** `the cluster`, `namespace shop`, `shop/Deployment/web`. */
export function scopeName(scope: ModeScope): string {
  if (scope.kind === 'cluster') return 'the cluster';
  return scope.kind === 'namespace' ? `namespace ${scope.namespace}` : workloadKey(scope.workload);
}
