import type { Policy, Revision } from '#model';

/** The revision without the rules that have ended at this time, in milliseconds since 1970. What a policy isolates, it isolates still. */
export function inForceAt(revision: Revision, now: number): Revision {
  const policies = revision.policies.map((policy) => (rulesOf(policy).some((rule) => hasEnded(rule, now)) ? withoutEnded(policy, now) : policy));
  return policies.every((policy, at) => policy === revision.policies[at]) ? revision : { ...revision, policies };
}

function withoutEnded(policy: Policy, now: number): Policy {
  if (policy.kind === 'admin') return { ...policy, ingress: lasting(policy.ingress, now), egress: lasting(policy.egress, now) };
  const { ingress, egress } = policy;
  return { ...policy, ...(ingress === undefined ? {} : { ingress: lasting(ingress, now) }), ...(egress === undefined ? {} : { egress: lasting(egress, now) }) };
}

interface Ending {
  readonly expiresAt?: number;
}

function lasting<T extends Ending>(rules: readonly T[], now: number): readonly T[] {
  return rules.filter((rule) => !hasEnded(rule, now));
}

function hasEnded({ expiresAt }: Ending, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

function rulesOf({ ingress, egress }: Policy): readonly Ending[] {
  return [...(ingress ?? []), ...(egress ?? [])];
}
