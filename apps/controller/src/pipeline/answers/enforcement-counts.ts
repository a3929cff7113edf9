import { type Snapshot, type WorkloadKey, workloadKey, type WorkloadRef } from '#model';
import { type Enforcement, enforcementOf, type ReviewState } from '#review';

/** Workloads by what really becomes of what their rules deny; each is counted once. */
export interface EnforcementCounts {
  /** In mode enforce, and what is approved is in force wherever they run. */
  readonly realised: number;
  /** In mode enforce, and what is approved is not known to be in force everywhere. */
  readonly pending: number;
  /** In mode enforce, and nothing is approved: open. */
  readonly unapproved: number;
  readonly audited: number;
  /** In mode audit, and nothing is approved: there is nothing to count. */
  readonly unaudited: number;
  readonly observed: number;
}

/** The revision in force on each node that is known to hold all it should. */
export type RealisedNodes = ReadonlyMap<string, number>;

/** Where what is approved is known to be. */
export interface Realised {
  readonly nodes: RealisedNodes;
  /** Of workloads whose NetworkPolicy is on the API server as it is desired: the revision of that. */
  readonly written: ReadonlyMap<WorkloadKey, number>;
}

/**
 * Counts workloads by how they are enforced.
 *
 * In force is what every node says that runs a pod of the workload; one without any running pod has
 * nothing that is not enforced. Of what goes to the API server it is the policy there; what becomes of
 * a folder nobody here can tell, so that is pending.
 */
export function countEnforcement(state: ReviewState, workloads: Iterable<WorkloadRef>, snapshot: Snapshot, { nodes, written }: Realised): EnforcementCounts {
  const counts = { realised: 0, pending: 0, unapproved: 0, audited: 0, unaudited: 0, observed: 0 };
  let placed: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  for (const workload of workloads) {
    const enforcement = enforcementOf(state, workload, snapshot);
    const standing = standingOf(enforcement);
    if (standing !== 'enforced') {
      counts[standing] += 1;
      continue;
    }
    const key = workloadKey(workload);
    if (enforcement.target === 'nftables') placed ??= nodesByWorkload(snapshot);
    counts[isRealised(enforcement, { on: placed?.get(key) ?? [], nodes, written: written.get(key) }) ? 'realised' : 'pending'] += 1;
  }
  return counts;
}

function standingOf({ mode, approval }: Enforcement): 'enforced' | 'unapproved' | 'audited' | 'unaudited' | 'observed' {
  switch (mode.value) {
    case 'enforce':
      return approval === undefined ? 'unapproved' : 'enforced';
    case 'audit':
      return approval === undefined ? 'unaudited' : 'audited';
    case 'observe':
      return 'observed';
  }
}

function isRealised({ target, approval }: Enforcement, { on, nodes, written = -1 }: { readonly on: Iterable<string>; readonly nodes: RealisedNodes; readonly written: number | undefined }): boolean {
  if (approval === undefined) return false;
  if (target === 'networkpolicy') return written >= approval.revision;
  if (target !== 'nftables') return false;
  for (const node of on) if ((nodes.get(node) ?? -1) < approval.revision) return false;
  return true;
}

function nodesByWorkload({ pods }: Snapshot): ReadonlyMap<string, ReadonlySet<string>> {
  const placed = new Map<string, Set<string>>();
  for (const { workload, node, phase } of pods.values()) {
    if (node === undefined || phase === 'finished') continue;
    const key = workloadKey(workload);
    const nodes = placed.get(key);
    if (nodes === undefined) placed.set(key, new Set([node]));
    else nodes.add(node);
  }
  return placed;
}
