import { type Policy, type Proposal, type Revision, type Snapshot, workloadKey } from '#model';
import { adoptPolicies, approvedPolicy, type Invariant } from '#policy';
import { InvariantGuard, type ReviewState, revisionInForce } from '#review';

/** The invariants that one proposal would break if it were approved now, one sentence each. */
export function invariantCheck(state: ReviewState, snapshot: Snapshot, invariants: readonly Invariant[], now: number): ((proposal: Proposal) => readonly string[]) | undefined {
  if (invariants.length === 0) return undefined;
  const before = revisionInForce(state, { snapshot, now });
  const guard = new InvariantGuard(before, snapshot, invariants);
  return (proposal) => (guard.isConcerned(proposal.workload) ? guard.brokenBy(withProposal(before, proposal), [proposal.workload]).map(({ text }) => text) : []);
}

// Only to be asked about: nothing compiles it, and nobody approved it.
function withProposal({ policies }: Revision, proposal: Proposal): Revision {
  const approved = approvedPolicy(proposal, 0);
  return adoptPolicies([...policies.filter((policy) => !isOf(policy, proposal)), ...(approved === undefined ? [] : [approved])]);
}

function isOf(policy: Policy, { workload }: Proposal): boolean {
  return policy.kind === 'namespaced' && policy.subject.kind === 'workload' && workloadKey(policy.subject.workload) === workloadKey(workload);
}
