import type { NotEnforced } from '#learning';
import { type Diagnostic, type Direction, type Proposal, workloadKey } from '#model';

const WHOLE_WORKLOAD: ReadonlySet<string> = new Set(['subject-outside-kubernetes', 'subject-on-host-network', 'namespace-not-usable', 'no-lasting-label']);
const ONE_DIRECTION = 'left-open-for-another';

/** Directions that were to be closed and that the target can not close: what the compiler said about their workloads. */
export function refusedDirections(proposals: readonly Proposal[], diagnostics: readonly Diagnostic[]): readonly NotEnforced[] {
  const byKey = new Map(proposals.map((proposal) => [workloadKey(proposal.workload), proposal]));
  return diagnostics.flatMap(({ code, subject, message, hint }) => {
    if (!WHOLE_WORKLOAD.has(code) && code !== ONE_DIRECTION) return [];
    return subject.split(', ').flatMap((key) => {
      const proposal = byKey.get(key);
      if (proposal === undefined) return [];
      const concerned = closedDirections(proposal).filter((direction) => code !== ONE_DIRECTION || message.startsWith(direction));
      return concerned.map((direction): NotEnforced => ({ workload: proposal.workload, direction, why: `it ${message}; ${hint}` }));
    });
  });
}

function closedDirections(proposal: Proposal): readonly Direction[] {
  return (['ingress', 'egress'] as const).filter((direction) => proposal[direction].kind === 'closed');
}
