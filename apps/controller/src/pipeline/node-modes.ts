import { type DispatchEntry, type EnforcementMode, engineLinks, type NodeSettings } from '#compilers/nftables';
import type { ConnectionFate, Direction, Mode, OutputTarget, Snapshot, WorkloadRef } from '#model';

/** What is decided beside the policies: how earnestly a workload's are enforced, by whom, and what becomes of its connections. */
export interface EnforcementSettings {
  /** A namespace may say a mode itself, so it is asked in view of them. */
  readonly modeOf: (workload: WorkloadRef, cluster: Pick<Snapshot, 'namespaces'>) => Mode;
  readonly targetOf: (namespace: string) => OutputTarget;
  readonly fateOf?: (workload: WorkloadRef) => ConnectionFate | undefined;
}

/** Nothing is dropped until somebody says so. */
export const OBSERVING: EnforcementSettings = { modeOf: () => 'observe', targetOf: () => 'nftables' };

/**
 * The settings of the pods of a node, as the compiler's bundles take them.
 *
 * A pod whose namespace is written somewhere else (NetworkPolicies, a folder, nowhere) is observed
 * by the enforcer and never refused anything by it.
 */
export function nodeSettings(snapshot: Snapshot, settings: EnforcementSettings): NodeSettings {
  const modeOfWorkload = workloadModes(snapshot, settings);
  const workloadOf = ({ pod }: DispatchEntry): WorkloadRef | undefined => snapshot.pods.get(pod)?.workload;
  const { fateOf } = settings;
  return {
    ...engineLinks(snapshot),
    modeOf: (entry: DispatchEntry, direction: Direction) => {
      // what is open has no mode, and `enforce` is what a bundle says by saying nothing
      if (entry[direction] === undefined) return undefined;
      const workload = workloadOf(entry);
      const mode = workload === undefined ? 'observe' : modeOfWorkload(workload);
      return mode === 'enforce' ? undefined : mode;
    },
    ...(fateOf === undefined
      ? {}
      : {
          fateOf: (entry: DispatchEntry) => {
            const workload = workloadOf(entry);
            return workload === undefined ? undefined : fateOf(workload);
          },
        }),
  };
}

/** How earnestly an enforcer takes the policies of each workload; each is asked for once. */
export function workloadModes(snapshot: Snapshot, settings: EnforcementSettings): (workload: WorkloadRef) => EnforcementMode {
  const modes = new Map<WorkloadRef, EnforcementMode>();
  return (workload) => {
    const known = modes.get(workload);
    if (known !== undefined) return known;
    const mode = settings.targetOf(workload.namespace) === 'nftables' ? settings.modeOf(workload, snapshot) : 'observe';
    modes.set(workload, mode);
    return mode;
  };
}
