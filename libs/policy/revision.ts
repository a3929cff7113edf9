import {
  compareText,
  type DirectionProposal,
  type NamespacedPolicy,
  type Policy,
  type Proposal,
  type ProposedRule,
  type Revision,
  type Rule,
  workloadKey,
} from '#model';

/** Who approves what, and what of the policies found in the input stays in force beside it. */
export interface Approval {
  /** Counts from 1. */
  readonly number: number;
  readonly approvedBy: string;
  readonly reason: string;
  readonly keep?: readonly Policy[];
}

/**
 * Takes policies found in the input as they are: revision 0.
 *
 * Somebody wrote and applied them already, so there is nothing to approve.
 */
export function adoptPolicies(policies: readonly Policy[]): Revision {
  return brandRevision(0, 'the input', 'policies found in the input', policies);
}

/**
 * Turns proposals into an approved revision: the only way from something proposed to something
 * a compiler takes.
 *
 * A direction that is proposed open is not covered at all, so it stays as open as it was; a
 * workload with both directions open gets no policy.
 */
export function approve(proposals: readonly Proposal[], approval: Approval): Revision {
  const { number } = approval;
  if (!Number.isInteger(number) || number < 1) throw new Error(`approve proposals: revision numbers count from 1, not ${String(number)}`);
  return reviveRevision(proposals.map((proposal) => ({ proposal, revision: number })), approval);
}

/** A proposal that was approved, as the journal tells of it, and the revision that brought it in. */
export interface JournalledApproval {
  readonly proposal: Proposal;
  readonly revision: number;
}

/**
 * Makes a revision anew out of what was approved, each part in the revision it names: the way back
 * from a journal. `number` 0 is what is in force before anything is approved.
 */
export function reviveRevision(approvals: readonly JournalledApproval[], approval: Approval): Revision {
  const { number, approvedBy, reason, keep = [] } = approval;
  if (!Number.isInteger(number) || number < 0) throw new Error(`revive a revision: ${String(number)} is no number of one`);
  const learned = approvals.map(({ proposal, revision }) => approvedPolicy(proposal, revision)).filter((policy) => policy !== undefined);
  const names = new Set(learned.map((policy) => policy.name));
  if (names.size !== learned.length) throw new Error(`revive revision ${String(number)}: two proposals for one workload`);
  return brandRevision(number, approvedBy, reason, [...learned, ...keep]);
}

/** Orders policies as they are asked: admin tier, NetworkPolicies, baseline; by priority; by name. */
export function comparePolicies(a: Policy, b: Policy): number {
  return tierRank(a) - tierRank(b) || priorityOf(a) - priorityOf(b) || compareText(a.name, b.name) || compareOrigins(a, b);
}

/** The policy an approved proposal becomes; undefined where both directions are open. */
export function approvedPolicy(proposal: Proposal, revision: number): NamespacedPolicy | undefined {
  const ingress = closedRules(proposal.ingress);
  const egress = closedRules(proposal.egress);
  if (ingress === undefined && egress === undefined) return undefined;
  return {
    kind: 'namespaced',
    name: `learned ${workloadKey(proposal.workload)}`,
    subject: { kind: 'workload', workload: proposal.workload },
    ...(ingress === undefined ? {} : { ingress }),
    ...(egress === undefined ? {} : { egress }),
    why: {
      ...(ingress === undefined ? {} : { ingress: proposal.ingress.why }),
      ...(egress === undefined ? {} : { egress: proposal.egress.why }),
    },
    origin: { file: `revision ${String(revision)}`, line: 1 },
  };
}

function closedRules(direction: DirectionProposal): readonly Rule[] | undefined {
  return direction.kind === 'closed' ? direction.rules.map(approvedRule) : undefined;
}

// The tier was for whoever had to decide; evidence and reasons stay with the rule.
function approvedRule(proposed: ProposedRule): Rule {
  const { id, peers, ports, application, enforceApplication, expiresAt, evidence, confidence, why, widenings } = proposed;
  return {
    id,
    peers,
    ports,
    ...(application === undefined ? {} : { application }),
    ...(enforceApplication === undefined ? {} : { enforceApplication }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    evidence,
    confidence,
    why,
    widenings,
  };
}

/** Only for what this library itself has checked; not given out. */
export function brandRevision(number: number, approvedBy: string, reason: string, policies: readonly Policy[]): Revision {
  const content = { number, approvedBy, reason, policies: [...policies].sort(comparePolicies) };
  return content as unknown as Revision; // the brand has no value at run time
}

function tierRank(policy: Policy): number {
  if (policy.kind === 'namespaced') return 1;
  return policy.tier === 'admin' ? 0 : 2;
}

function priorityOf(policy: Policy): number {
  return policy.kind === 'admin' ? policy.priority : 0;
}

function compareOrigins(a: Policy, b: Policy): number {
  return compareText(a.origin.file, b.origin.file) || a.origin.line - b.origin.line;
}
