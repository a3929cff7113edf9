import { type Diagnostic, type NamespacedPolicy, type Node, type Peer, type Pod, type PodPort, type PortMatch, type Revision, type Rule, hostPrefix, isHostProgram, type Snapshot, type WorkloadKey, workloadKey, type WorkloadRef } from '#model';

import type { EnforcementMode } from './node-bundle.ts';

/** How earnestly a workload's policies are meant. */
export type WorkloadMode = (workload: WorkloadRef) => EnforcementMode;

/** What the programs of one plain host come down to: one policy for the host, and how earnestly it is meant. */
export interface HostPolicy {
  readonly node: Node;
  readonly policy: NamespacedPolicy;
  readonly mode: EnforcementMode;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the host itself is called as a workload, which no program is. */
export function hostRef(node: string): WorkloadRef {
  return { namespace: node, kind: 'Host', name: node };
}

/**
 * Puts the policies of a host's programs together into one for the host.
 *
 *   rules of a program whose ingress is closed ─► its ports only, and no port of another
 *   programs whose ingress is not              ─► their ports stay open to everybody
 *   ports nobody is known to wait on           ─► closed
 *
 * All programs share the addresses of their host, so they are told apart by port; what one of them
 * sends cannot be told from what others send, and stays open. Undefined where nothing is closed.
 */
export function hostPolicyOf(revision: Revision, snapshot: Snapshot, name: string, modeOf: WorkloadMode): HostPolicy | undefined {
  const node = snapshot.nodes.get(name);
  const policies = revision.policies.filter((policy): policy is NamespacedPolicy => policy.kind === 'namespaced' && policy.subject.kind === 'workload' && policy.subject.workload.namespace === name && isHostProgram(policy.subject.workload));
  if (node === undefined || policies.length === 0) return undefined;
  const modes = new Map(policies.map((policy) => [policy, modeOf(subjectOf(policy))]));
  const closing = policies.filter(({ ingress }) => ingress !== undefined);
  const mode = (['enforce', 'audit'] as const).find((each) => closing.some((policy) => modes.get(policy) === each));
  if (mode === undefined) return undefined;
  const isolated = closing.filter((policy) => modes.get(policy) === mode);
  const units = portsByUnit(snapshot, name);
  const closed = new Set(isolated.map((policy) => workloadKey(subjectOf(policy))));
  const rules = isolated.flatMap((policy) => rulesOf(policy, units, snapshot));
  for (const [key, { name: unit, ports }] of units) if (!closed.has(key)) rules.push(openTo(`${unit}:open`, ports.map(portOf), `${unit} is not closed`));
  rules.push(openTo('icmp', [{ kind: 'protocol', protocol: 'ICMP' }], 'a host answers pings'));
  const policy: NamespacedPolicy = {
    kind: 'namespaced',
    name: `host ${name}`,
    subject: { kind: 'workload', workload: hostRef(name) },
    ingress: rules,
    why: { ingress: `closed by ${isolated.map((each) => each.name).join(', ')}` },
    origin: { file: `host:${name}`, line: 1 },
  };
  return { node, policy, mode, diagnostics: findings(name, policies, isolated, closing, modes) };
}

interface UnitPorts {
  readonly name: string;
  readonly ports: readonly PodPort[];
}

function portsByUnit({ pods }: Snapshot, node: string): ReadonlyMap<WorkloadKey, UnitPorts> {
  const units = new Map<WorkloadKey, UnitPorts>();
  for (const pod of pods.values()) if (pod.node === node && pod.namespace === node && isHostProgram(pod.workload)) units.set(workloadKey(pod.workload), { name: pod.workload.name, ports: pod.ports });
  return units;
}

function subjectOf({ subject }: NamespacedPolicy): WorkloadRef {
  if (subject.kind !== 'workload') throw new Error('lay out a host: the policy is about no workload');
  return subject.workload;
}

function rulesOf(policy: NamespacedPolicy, units: ReadonlyMap<WorkloadKey, UnitPorts>, snapshot: Snapshot): Rule[] {
  const key = workloadKey(subjectOf(policy));
  const own = units.get(key)?.ports ?? [];
  const others = [...units].filter(([other]) => other !== key).flatMap(([, { ports }]) => ports);
  return (policy.ingress ?? []).map((rule) => ({
    ...rule,
    id: `${subjectOf(policy).name}:${rule.id}`,
    peers: rule.peers === 'any' ? rule.peers : rule.peers.flatMap((peer) => addressesOf(peer, snapshot)),
    ports: rule.ports === 'any' ? own.map(portOf) : rule.ports.flatMap((match) => withoutPorts(match, own, others)),
  }));
}

/** Programs of plain hosts are peers by the addresses of their hosts. */
function addressesOf(peer: Peer, { nodes }: Snapshot): readonly Peer[] {
  if (peer.kind !== 'workload' || !isHostProgram(peer.workload)) return [peer];
  return (nodes.get(peer.workload.namespace)?.addresses ?? []).map((address) => ({ kind: 'cidr', cidr: hostPrefix(address), except: [] }));
}

/** What a rule says of ports, for one program of several behind one address. */
function withoutPorts(match: PortMatch, own: readonly PodPort[], others: readonly PodPort[]): readonly PortMatch[] {
  if (match.kind === 'named') return own.filter(({ name, protocol }) => name === match.name && (match.protocol === 'any' || match.protocol === protocol)).map(portOf);
  if (match.kind === 'protocol') return match.protocol === 'ICMP' ? [] : own.filter(({ protocol }) => protocol === match.protocol).map(portOf);
  const taken = others.filter(({ protocol, port }) => protocol === match.protocol && port >= match.from && port <= match.to).map(({ port }) => port);
  const ranges: PortMatch[] = [];
  let from = match.from;
  for (const port of [...new Set(taken)].sort((a, b) => a - b)) {
    if (port > from) ranges.push({ ...match, from, to: port - 1 });
    from = port + 1;
  }
  if (from <= match.to) ranges.push({ ...match, from });
  return ranges;
}

function portOf({ protocol, port }: PodPort): PortMatch {
  return { kind: 'range', protocol, from: port, to: port };
}

function openTo(id: string, ports: readonly PortMatch[], why: string): Rule {
  return { id, peers: 'any', ports, evidence: [], why, widenings: [] };
}

function findings(node: string, policies: readonly NamespacedPolicy[], isolated: readonly NamespacedPolicy[], closing: readonly NamespacedPolicy[], modes: ReadonlyMap<NamespacedPolicy, EnforcementMode>): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const tell = (code: string, policy: NamespacedPolicy, message: string, hint: string): void => {
    found.push({ code, severity: 'warning', subject: policy.name, message, hint, origin: policy.origin });
  };
  for (const policy of policies) if (policy.egress !== undefined) tell('host-egress-undivided', policy, `says what one program of host ${node} may send, which no address tells from what others send; left open`, 'run it as a container with an address of its own');
  for (const policy of closing) if (!isolated.includes(policy) && modes.get(policy) === 'audit') tell('host-mode-undivided', policy, `is to be audited while others on host ${node} are enforced; its ports are left open`, 'set one mode for the programs of one host');
  return found;
}

/** The host itself as the pod its policy is about: it has no addresses, so no rule dispatches to it. */
export function hostPod({ name }: Node): Pod {
  return { namespace: name, name: 'host itself', labels: {}, node: name, hostNetwork: false, addresses: [], ports: [], workload: hostRef(name), phase: 'running', isExample: false, origin: { file: `host:${name}`, line: 1 } };
}
