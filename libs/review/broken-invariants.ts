import { type Endpoint, podKey, prefixContains, type Revision, type Snapshot, type WorkloadKey, workloadKey, type WorkloadRef } from '#model';
import { checkInvariants, formatConnection, formatPattern, type Invariant, type InvariantResult, isSelected, type PeerPattern } from '#policy';

/** An invariant that would not hold, by whose doing, with a connection that shows it. */
export interface BrokenInvariant {
  readonly invariant: Invariant;
  readonly result: InvariantResult;
  /** The workload whose rules let through what must never be; absent where the change as a whole does it. */
  readonly workload?: WorkloadRef;
  /** One sentence for people. */
  readonly text: string;
}

/**
 * The invariants that going from one revision to the next breaks.
 *
 * Before everything is closed much that must never get through does, and no single approval can
 * mend that. So it counts against a change what held before and does not after, and whatever must
 * never be and a rule of a changed workload lets through, also if it was open before.
 */
export function brokenInvariants(before: Revision, after: Revision, snapshot: Snapshot, invariants: readonly Invariant[], changed: readonly WorkloadRef[]): readonly BrokenInvariant[] {
  const violated = checkInvariants(after, snapshot, invariants).filter(({ outcome }) => outcome === 'violated');
  if (violated.length === 0) return [];
  const was = checkInvariants(before, snapshot, violated.map(({ invariant }) => invariant));
  return violated.flatMap((result, at): readonly BrokenInvariant[] => {
    if (was[at]?.outcome !== 'violated') return [{ invariant: result.invariant, result, text: textOf(result) }];
    return result.invariant.claim === 'never' ? openedBy(result.invariant, after, snapshot, changed) : [];
  });
}

function openedBy(invariant: Invariant, after: Revision, snapshot: Snapshot, changed: readonly WorkloadRef[]): readonly BrokenInvariant[] {
  const closed = closedDirections(after);
  const asked = changed.flatMap((workload) => {
    const { ingress = false, egress = false } = closed.get(workloadKey(workload)) ?? {};
    const own = { kind: 'workload', workload } as const;
    return [
      ...(egress && isMeant(invariant.from, workload, snapshot) ? [{ workload, invariant: { ...invariant, from: own } }] : []),
      ...(ingress && isMeant(invariant.to, workload, snapshot) ? [{ workload, invariant: { ...invariant, to: own } }] : []),
    ];
  });
  const results = checkInvariants(after, snapshot, asked.map((each) => each.invariant));
  return results.flatMap((result, at) => {
    const workload = asked[at]?.workload;
    return result.outcome !== 'violated' || workload === undefined ? [] : [{ invariant, result, workload, text: `${textOf({ ...result, invariant })}; ${workloadKey(workload)} has a rule for it` }];
  });
}

function closedDirections({ policies }: Revision): ReadonlyMap<WorkloadKey, { readonly ingress: boolean; readonly egress: boolean }> {
  return new Map(policies.flatMap((policy) => (policy.kind === 'namespaced' && policy.subject.kind === 'workload' ? [[workloadKey(policy.subject.workload), { ingress: policy.ingress !== undefined, egress: policy.egress !== undefined }] as const] : [])));
}

function isMeant(pattern: PeerPattern, workload: WorkloadRef, snapshot: Snapshot): boolean {
  if (pattern.kind === 'workload') return workloadKey(pattern.workload) === workloadKey(workload);
  if (pattern.kind === 'internet') return false;
  const pods = [...snapshot.pods.values()].filter((pod) => workloadKey(pod.workload) === workloadKey(workload));
  if (pattern.kind === 'pods') return pods.some((pod) => isSelected(pattern, { ...pod, hostNetwork: false }, snapshot) !== 'no');
  return pods.some(({ addresses }) => addresses.some((address) => prefixContains(pattern.cidr, address)));
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
