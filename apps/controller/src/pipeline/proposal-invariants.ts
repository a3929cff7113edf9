import { type Policy, type Proposal, workloadKey } from '#model';
import { adoptPolicies, approvedPolicy, everyPolicyOf, type Invariant, type PolicyLayers } from '#policy';
import { InvariantGuard, inLayers, policiesInForce, type ReviewContext, type ReviewState } from '#review';

/** The invariants that one proposal would break if it were approved now, one sentence each. */
export function invariantCheck(state: ReviewState, invariants: readonly Invariant[], context: InvariantContext): ((proposal: Proposal) => readonly string[]) | undefined {
  if (invariants.length === 0) return undefined;
  const before = policiesInForce(state, context);
  const policies = everyPolicyOf(before);
  const guard = new InvariantGuard(before, context.snapshot, invariants);
  return (proposal) => (guard.isConcerned(proposal.workload) ? guard.brokenBy(withProposal(state, policies, proposal, context), [proposal.workload]).map(({ text }) => text) : []);
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
