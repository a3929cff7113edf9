import { isHostProgram, type Policy, type Proposal, workloadKey } from '#model';
import { adoptPolicies, approvedPolicy, everyPolicyOf, type Invariant, layersOf, type PolicyLayers } from '#policy';
import { enforcerOf, InvariantGuard, inLayers, policiesInForce, type ReviewContext, type ReviewState } from '#review';

/**
 * The invariants that one proposal would break if it were approved now, one sentence each.
 *
 * Everybody else's policies stay as they are and are looked at once, so what a proposal costs is
 * its own connections.
 */
export function invariantCheck(state: ReviewState, invariants: readonly Invariant[], context: InvariantContext): ((proposal: Proposal) => readonly string[]) | undefined {
  if (invariants.length === 0) return undefined;
  const inForce = policiesInForce(state, context);
  const enforcers = new Set(layersOf(inForce).map(({ enforcedBy }) => enforcedBy));
  const guard = new InvariantGuard(inForce, context.snapshot, invariants);
  return (proposal) => {
    const { workload } = proposal;
    if (!guard.isConcerned(workload)) return [];
    const policy = approvedPolicy(proposal, 0);
    const enforcedBy = enforcerOf(state, workload, context);
    const whole = (): PolicyLayers => withProposal(state, everyPolicyOf(inForce), proposal, context);
    // a layer that is not there yet, and a program that closes its whole host, are another cluster for others too
    const isAlone = enforcers.has(enforcedBy) && !isHostProgram(workload);
    const broken = isAlone ? guard.brokenByReplacement({ kind: 'replacement', inForce, workload, enforcedBy, whole, ...(policy === undefined ? {} : { policy }) }) : guard.brokenBy(whole(), [workload]);
    return broken.map(({ text }) => text);
  };
}

export type InvariantContext = Pick<ReviewContext, 'snapshot' | 'now' | 'enforcesExisting'>;

// Only to be asked about: nothing compiles it, and nobody approved it.
function withProposal(state: ReviewState, policies: readonly Policy[], proposal: Proposal, context: InvariantContext): PolicyLayers {
  const approved = approvedPolicy(proposal, 0);
  return inLayers(state, adoptPolicies([...policies.filter((policy) => !isOf(policy, proposal)), ...(approved === undefined ? [] : [approved])]), context);
}

function isOf(policy: Policy, { workload }: Proposal): boolean {
  return policy.kind === 'namespaced' && policy.subject.kind === 'workload' && workloadKey(policy.subject.workload) === workloadKey(workload);
}
