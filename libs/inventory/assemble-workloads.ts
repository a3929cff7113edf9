import { type Pod, type PodKey, type ServiceAccount, type Workload, type WorkloadKey, podKey, workloadKey } from '#model';

import type { PodDraft, WorkloadDraft } from './found.ts';
import { Ownership, describesBetter } from './ownership.ts';

export interface AssembledWorkloads {
  readonly workloads: Map<WorkloadKey, Workload>;
  readonly pods: Map<PodKey, Pod>;
  readonly ownership: Ownership;
  /** Workloads that are there without any pod. */
  readonly declared: ReadonlySet<WorkloadKey>;
  /** Pods that two sources speak of. */
  readonly twins: readonly PodDraft[];
}

/**
 * Workloads by their top owner, and pods with the workload they belong to.
 *
 * A workload that is known by what it owns only (its ReplicaSets, its pods) is described by them.
 */
export function assembleWorkloads(
  drafts: ReadonlyMap<WorkloadKey, WorkloadDraft>,
  podDrafts: readonly PodDraft[],
  accounts: ReadonlyMap<string, ServiceAccount>,
): AssembledWorkloads {
  const ownership = new Ownership(drafts);
  const chosen = new Map<WorkloadKey, WorkloadDraft>();
  for (const [key, draft] of drafts) {
    const top = ownership.topOf(draft);
    const topKey = workloadKey(top);
    if (topKey === key) chosen.set(key, draft);
    else if (!drafts.has(topKey)) chooseBetter(chosen, topKey, { ...draft, workload: { ...draft.workload, ref: top } });
  }
  const declared = new Set(chosen.keys());
  const pods = new Map<PodKey, Pod>();
  const twins: PodDraft[] = [];
  const orphans = new Map<WorkloadKey, PodDraft[]>();
  for (const podDraft of podDrafts) {
    const workload = ownership.workloadOf(podDraft);
    const key = workloadKey(workload);
    if (pods.has(podKey(podDraft.pod))) twins.push(podDraft);
    pods.set(podKey(podDraft.pod), { ...podDraft.pod, workload });
    if (declared.has(key)) continue;
    const group = orphans.get(key);
    if (group === undefined) orphans.set(key, [podDraft]);
    else group.push(podDraft);
  }
  for (const [key, group] of orphans) {
    const [first] = group.sort((a, b) => (a.pod.name < b.pod.name ? -1 : 1));
    const pod = first === undefined ? undefined : pods.get(podKey(first.pod));
    if (first === undefined || pod === undefined) continue;
    const replicas = Math.max(1, group.filter((each) => each.pod.phase !== 'finished').length);
    chosen.set(key, { ...first.draft, workload: { ...first.draft.workload, ref: pod.workload, replicas } });
  }
  const workloads = new Map<WorkloadKey, Workload>();
  for (const key of [...chosen.keys()].sort()) {
    const draft = chosen.get(key);
    if (draft !== undefined) workloads.set(key, { ...draft.workload, tokenMounted: isTokenMounted(draft, accounts) });
  }
  return { workloads, pods, ownership, declared, twins };
}

function chooseBetter(chosen: Map<WorkloadKey, WorkloadDraft>, key: WorkloadKey, draft: WorkloadDraft): void {
  const before = chosen.get(key);
  if (before === undefined || describesBetter(draft, before)) chosen.set(key, draft);
}

/** The pod's word counts, else the account's, else yes; a projected token is one in any case. */
function isTokenMounted({ workload, automountToken, hasProjectedToken }: WorkloadDraft, accounts: ReadonlyMap<string, ServiceAccount>): boolean {
  if (hasProjectedToken) return true;
  return automountToken ?? accounts.get(`${workload.ref.namespace}/${workload.serviceAccount}`)?.automountToken ?? true;
}
