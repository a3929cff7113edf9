import { type Mode, type OutputTarget, type Snapshot, workloadKey, type WorkloadRef } from '#model';

import type { ReviewState, StandingApproval } from './review-state.ts';
import { modeOf, type SettingAnswer, targetOf } from './settings.ts';

/** How earnestly a workload's rules are taken: its mode, whether there are any, and who enforces them. */
export interface Enforcement {
  readonly workload: WorkloadRef;
  readonly mode: SettingAnswer<Mode>;
  readonly target: OutputTarget;
  /** What closes it, at least one way. Absent: nothing is approved, or only that it stays open, and in every mode it is open. */
  readonly approval?: StandingApproval;
}

/** What the mode, and what is approved, come to for one workload in this cluster. */
export function enforcementOf(state: ReviewState, workload: WorkloadRef, snapshot: Pick<Snapshot, 'namespaces'>): Enforcement {
  const approval = state.approvals.get(workloadKey(workload));
  return {
    workload,
    mode: modeOf(state, workload, snapshot),
    target: targetOf(state, workload.namespace) ?? 'nftables',
    ...(approval?.policy === undefined ? {} : { approval }),
  };
}
