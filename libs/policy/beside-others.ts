import { compareText, type Diagnostic, type Direction, type NamespacedPolicy, type Peer, type Policy, type Rule, type Snapshot, workloadKey } from '#model';

import { createGrounder, type Grounder } from './grounding.ts';
import { NarrowingPolicies } from './narrowed-by-others.ts';
import { coversRule } from './rule-cover.ts';

/** How an approved policy meets those of others: one enforces all of them and they add up, or each is enforced apart. */
export type Meeting = 'add-up' | 'each-drops';

/**
 * Warns of policies of others about the same pods and direction as an approved one.
 *
 * Where they add up, one that lets more through undoes what was approved. Where each is enforced by
 * somebody of its own a connection needs both, and one that lets less through drops what was approved.
 * `meets` tells which it is for an approved policy; undefined: nothing is said of it.
 */
export function lintBeside(approved: readonly Policy[], others: readonly Policy[], snapshot: Snapshot, meets: (policy: Policy) => Meeting | undefined): readonly Diagnostic[] {
  const grounder = createGrounder(snapshot);
  const ours = new Map(approved.flatMap((policy) => (policy.kind === 'namespaced' && policy.subject.kind === 'workload' ? [[workloadKey(policy.subject.workload), policy]] : [])));
  if (ours.size === 0 || others.length === 0) return [];
  const narrowed = narrowedBy([...ours.values()].filter((policy) => meets(policy) === 'each-drops'), others, snapshot, grounder);
  return others.flatMap((policy) => [...(policy.kind === 'namespaced' ? widenedBy(policy, ours, grounder, meets) : []), ...(narrowed.get(policy) ?? [])]);
}

function narrowedBy(ours: readonly NamespacedPolicy[], others: readonly Policy[], snapshot: Snapshot, grounder: Grounder): ReadonlyMap<Policy, readonly Diagnostic[]> {
  if (ours.length === 0) return new Map();
  const narrowing = new NarrowingPolicies(others, snapshot, grounder);
  const found = new Map(others.map((policy) => [policy, { ingress: [] as string[], egress: [] as string[] }]));
  for (const policy of ours) {
    const key = policy.subject.kind === 'workload' ? workloadKey(policy.subject.workload) : policy.name;
    for (const direction of DIRECTIONS) for (const other of narrowing.of(policy, direction)) found.get(other)?.[direction].push(key);
  }
  return new Map([...found].map(([policy, keys]) => [policy, DIRECTIONS.flatMap((direction) => finding(policy, 'policy-narrows', `drops some ${direction} that is approved for`, keys[direction].sort(compareText)))]));
}

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

function widenedBy(other: NamespacedPolicy, ours: ReadonlyMap<string, NamespacedPolicy>, grounder: Grounder, meets: (policy: Policy) => Meeting | undefined): readonly Diagnostic[] {
  const subjects = [...new Set(grounder.podsOf(other.subject).map(({ workload }) => workloadKey(workload)))].sort(compareText);
  return DIRECTIONS.flatMap((direction) => {
    const rules = other[direction];
    if (rules === undefined) return [];
    const asked = rules.flatMap((rule) => narrowed(rule, grounder));
    const widened: string[] = [];
    for (const key of subjects) {
      const own = ours.get(key);
      const allowed = own?.[direction];
      if (own === undefined || allowed === undefined) continue;
      if (meets(own) === 'add-up' && asked.some((rule) => !allowed.some((one) => coversRule(one, rule)))) widened.push(key);
    }
    return finding(other, 'policy-widens', `lets more ${direction} through than is approved for`, widened);
  });
}

const HINTS = {
  'policy-widens': 'NetworkPolicies add up: narrow or remove it, or approve what it is for',
  'policy-narrows': 'a connection needs both: let it through there as well, or give the namespace target networkpolicy, where NetworkPolicies add up',
} as const;

function finding({ name, origin }: Policy, code: keyof typeof HINTS, what: string, workloads: readonly string[]): readonly Diagnostic[] {
  const [first, ...rest] = workloads;
  if (first === undefined) return [];
  return [{ code, severity: 'warning', subject: name, message: `${what} ${first}${rest.length === 0 ? '' : ` and ${String(rest.length)} more`}`, hint: HINTS[code], origin }];
}

/** One rule a peer and port, with selected pods as the workloads they are, as approved rules name them. */
function narrowed(rule: Rule, grounder: Grounder): readonly Rule[] {
  const ports: readonly Rule['ports'][] = rule.ports === 'any' ? ['any'] : rule.ports.map((port) => [port]);
  if (rule.peers === 'any') return ports.map((each) => ({ ...rule, ports: each }));
  const peers = rule.peers.flatMap((peer): readonly Peer[] => (peer.kind === 'pods' ? workloadsOf(peer, grounder) : [peer]));
  return peers.flatMap((peer) => ports.map((each) => ({ ...rule, peers: [peer], ports: each })));
}

function workloadsOf(peer: Peer, grounder: Grounder): readonly Peer[] {
  const workloads = new Map(grounder.groundPeer(peer).pods.map(({ workload }) => [workloadKey(workload), workload]));
  return [...workloads.values()].map((workload) => ({ kind: 'workload', workload }));
}
