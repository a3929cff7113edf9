import type { Direction, Proposal, WorkloadRef } from '#model';

/** A direction of a workload that stays open, and why. */
export interface NotEnforced {
  readonly workload: WorkloadRef;
  readonly direction: Direction;
  readonly why: string;
}

/** Lists what is not enforced, in the order of the proposals, ingress first: what is left open has to be said. */
export function notEnforced(proposals: readonly Proposal[]): readonly NotEnforced[] {
  const open: NotEnforced[] = [];
  for (const { workload, ingress, egress } of proposals) {
    if (ingress.kind === 'open') open.push({ workload, direction: 'ingress', why: ingress.why });
    if (egress.kind === 'open') open.push({ workload, direction: 'egress', why: egress.why });
  }
  return open;
}
