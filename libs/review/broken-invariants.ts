import { type Direction, type Endpoint, podKey, type Policy, type Snapshot, type WorkloadKey, workloadKey, type WorkloadRef } from '#model';
import { everyPolicyOf, formatConnection, formatPattern, type Invariant, type InvariantResult, InvariantTester, type PoliciesInForce, type PolicyReplacement } from '#policy';

/** An invariant that a change to a workload would break, with a connection that shows it. */
export interface BrokenInvariant {
  readonly invariant: Invariant;
  readonly result: InvariantResult;
  readonly workload: WorkloadRef;
  /** One sentence for people. */
  readonly text: string;
}

/** The invariants that going from one revision to the next breaks, which changes these workloads and no others. */
export function brokenInvariants(before: PoliciesInForce, after: PoliciesInForce, snapshot: Snapshot, invariants: readonly Invariant[], changed: readonly WorkloadRef[]): readonly BrokenInvariant[] {
  return new InvariantGuard(before, snapshot, invariants).brokenBy(after, changed);
}

/**
 * Tells of one change after the other whether it breaks an invariant.
 *
 * Before everything is closed much that must never get through does, and no single approval can
 * mend that. So of every changed workload it is asked what of its own connections did hold and does
 * not after, and what must never get through and is let through where it is closed, also if it was open before.
 */
export class InvariantGuard {
  readonly #before: PoliciesInForce;
  readonly #known: ReadonlySet<Policy>;
  readonly #invariants: readonly Invariant[];
  readonly #tester: InvariantTester;

  constructor(before: PoliciesInForce, snapshot: Snapshot, invariants: readonly Invariant[]) {
    this.#before = before;
    this.#known = new Set(everyPolicyOf(before));
    this.#invariants = invariants;
    this.#tester = new InvariantTester(snapshot, invariants);
    this.#tester.know(everyPolicyOf(before));
  }

  /** Whether a change to this workload can break any: much cheaper than to ask which. */
  isConcerned(workload: WorkloadRef): boolean {
    return this.#invariants.some((invariant) => ENDS.some(({ end }) => this.#tester.isAbout(invariant, { end, workload })));
  }

  /** What one change does, of a workload the others of which stay as they are. */
  brokenByReplacement(replacement: PolicyReplacement): readonly BrokenInvariant[] {
    return this.#brokenBy(replacement, [replacement.workload], replacement.policy === undefined ? [] : [replacement.policy]);
  }

  brokenBy(after: PoliciesInForce, changed: readonly WorkloadRef[]): readonly BrokenInvariant[] {
    return this.#brokenBy(after, changed, everyPolicyOf(after));
  }

  #brokenBy(after: PoliciesInForce | PolicyReplacement, changed: readonly WorkloadRef[], policies: readonly Policy[]): readonly BrokenInvariant[] {
    const concerned = changed.filter((workload) => this.isConcerned(workload));
    if (concerned.length === 0) return [];
    this.#tester.know(policies.filter((policy) => !this.#known.has(policy)));
    const closed = closedDirections(policies);
    return concerned.flatMap((workload) => {
      const broken = new Map<Invariant, BrokenInvariant>();
      for (const invariant of this.#invariants) {
        for (const { end, direction } of ENDS) {
          if (broken.has(invariant) || !this.#tester.isAbout(invariant, { end, workload })) continue;
          const result = this.#tester.check(after, invariant, { end, workload });
          if (result.outcome !== 'violated') continue;
          const isLet = invariant.claim === 'never' && closed.has(`${direction} ${workloadKey(workload)}`);
          if (!isLet && this.#tester.check(this.#before, invariant, { end, workload }).outcome === 'violated') continue;
          broken.set(invariant, { invariant, result, workload, text: isLet ? `${textOf(result)}; ${workloadKey(workload)} lets it through` : textOf(result) });
        }
      }
      return [...broken.values()];
    });
  }
}

const ENDS = [
  { end: 'from', direction: 'egress' },
  { end: 'to', direction: 'ingress' },
] as const;

function closedDirections(policies: readonly Policy[]): ReadonlySet<`${Direction} ${WorkloadKey}`> {
  const closed = new Set<`${Direction} ${WorkloadKey}`>();
  for (const policy of policies) {
    if (policy.kind !== 'namespaced' || policy.subject.kind !== 'workload') continue;
    const key = workloadKey(policy.subject.workload);
    if (policy.ingress !== undefined) closed.add(`ingress ${key}`);
    if (policy.egress !== undefined) closed.add(`egress ${key}`);
  }
  return closed;
}

function textOf({ invariant, text, counterExample }: InvariantResult): string {
  const claim = `${invariant.name}: ${formatPattern(invariant.from)} ${invariant.claim === 'never' ? 'must never reach' : 'must reach'} ${formatPattern(invariant.to)}`;
  if (counterExample === undefined) return claim;
  const { connection } = counterExample;
  return `${claim}, but ${formatConnection(connection)} from ${endName(connection.from)} to ${endName(connection.to)} ${text}`;
}

function endName(end: Endpoint): string {
  return end.kind === 'pod' ? podKey(end.pod) : end.address.text;
}
