import { type Diagnostic, isHostProgram, type Mode, type NamespacedPolicy, type Node, type PodPort, type PortMatch, type Revision, type Rule, type Snapshot, workloadKey, type WorkloadKey, type WorkloadRef } from '#model';

/** How earnestly a workload's policies are meant. */
export type WorkloadMode = (workload: WorkloadRef) => Mode;

/** What the programs of one plain host come down to: policies of the host, and how earnestly they are meant. */
export interface HostPolicies {
  readonly node: Node;
  /** All about the host itself ({@link hostRef}), ingress alone: first what stays open whoever is closed, then one for each that closes it, by its name. */
  readonly policies: readonly NamespacedPolicy[];
  readonly mode: Mode;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the host itself is called as a workload, which no program is. */
export function hostRef(node: string): WorkloadRef {
  return { namespace: node, kind: 'Host', name: node };
}

/**
 * Puts the policies of programs into policies of their hosts, by host.
 *
 *   rules of a program whose ingress is closed ─► its ports only, and no port of another
 *   programs whose ingress is not              ─► their ports stay open to everybody
 *   ports nobody is known to wait on           ─► closed
 *
 * All programs share the addresses of their host, so they are told apart by port; what one of them
 * sends cannot be told from what others send, and stays open. A host where nothing is closed is not in it.
 */
export function hostPoliciesOf(policies: Revision['policies'], snapshot: Snapshot, modeOf: WorkloadMode = () => 'enforce'): ReadonlyMap<string, HostPolicies> {
  const byHost = Map.groupBy(policies.filter(isOfProgram), (policy) => subjectOf(policy).namespace);
  const hosts = new Map<string, HostPolicies>();
  if (byHost.size === 0) return hosts;
  const programs = programsByHost(snapshot);
  for (const name of [...byHost.keys()].sort()) {
    const node = snapshot.nodes.get(name);
    const host = node === undefined ? undefined : policiesOf(node, byHost.get(name) ?? [], programs.get(name) ?? new Map<WorkloadKey, Program>(), modeOf);
    if (host !== undefined) hosts.set(name, host);
  }
  return hosts;
}

interface Program {
  readonly kind: string;
  readonly name: string;
  readonly ports: readonly PodPort[];
}

type Programs = ReadonlyMap<WorkloadKey, Program>;

function policiesOf(node: Node, given: readonly NamespacedPolicy[], programs: Programs, modeOf: WorkloadMode): HostPolicies | undefined {
  const modes = new Map(given.map((policy) => [policy, modeOf(subjectOf(policy))]));
  const closing = given.filter(({ ingress }) => ingress !== undefined);
  const mode = (['enforce', 'audit'] as const).find((each) => closing.some((policy) => modes.get(policy) === each));
  if (mode === undefined) return undefined;
  const isolated = closing.filter((policy) => modes.get(policy) === mode);
  const closed = new Set(isolated.map((policy) => workloadKey(subjectOf(policy))));
  const open = [...programs].filter(([key]) => !closed.has(key)).map(([, { kind, name, ports }]) => openTo(`${kind}/${name}:open`, ports.map(portOf), `${name} is not closed`));
  const rest: NamespacedPolicy = {
    kind: 'namespaced',
    name: `host ${node.name}`,
    subject: { kind: 'workload', workload: hostRef(node.name) },
    ingress: [...open, openTo('icmp', [{ kind: 'protocol', protocol: 'ICMP' }], 'a host answers pings')],
    why: { ingress: `closed by ${isolated.map((each) => each.name).join(', ')}` },
    origin: { file: `host:${node.name}`, line: 1 },
  };
  return { node, policies: [rest, ...isolated.map((policy) => ofHost(policy, node.name, programs))], mode, diagnostics: findings(node.name, given, isolated, modes) };
}

function isOfProgram(policy: Revision['policies'][number]): policy is NamespacedPolicy {
  return policy.kind === 'namespaced' && policy.subject.kind === 'workload' && isHostProgram(policy.subject.workload);
}

function subjectOf({ subject }: Pick<NamespacedPolicy, 'subject'>): WorkloadRef {
  if (subject.kind !== 'workload') throw new Error('lay out a host: the policy is about no workload');
  return subject.workload;
}

function programsByHost({ pods }: Snapshot): ReadonlyMap<string, Programs> {
  const hosts = new Map<string, Map<WorkloadKey, Program>>();
  for (const { node, namespace, workload, ports } of pods.values()) {
    if (node === undefined || node !== namespace || !isHostProgram(workload)) continue;
    const programs = hosts.get(node) ?? new Map<WorkloadKey, Program>();
    hosts.set(node, programs.set(workloadKey(workload), { kind: workload.kind, name: workload.name, ports }));
  }
  return hosts;
}

function ofHost({ name, ingress = [], why, origin, ...given }: NamespacedPolicy, host: string, programs: Programs): NamespacedPolicy {
  const key = workloadKey(subjectOf(given));
  const own = programs.get(key)?.ports ?? [];
  const isOwn = ({ protocol, port }: PodPort): boolean => own.some((each) => each.protocol === protocol && each.port === port);
  // what two of them wait on, each at an address of its own, is let through where either's rules say so
  const others = [...programs].filter(([other]) => other !== key).flatMap(([, { ports }]) => ports.filter((each) => !isOwn(each)));
  const rules = ingress.map((rule): Rule => ({ ...rule, ports: rule.ports === 'any' ? own.map(portOf) : rule.ports.flatMap((match) => withoutPorts(match, own, others)) }));
  return { kind: 'namespaced', name, subject: { kind: 'workload', workload: hostRef(host) }, ingress: rules, ...(why === undefined ? {} : { why }), origin };
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

function findings(host: string, policies: readonly NamespacedPolicy[], isolated: readonly NamespacedPolicy[], modes: ReadonlyMap<NamespacedPolicy, Mode>): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const tell = (code: string, policy: NamespacedPolicy, message: string, hint: string): void => {
    found.push({ code, severity: 'warning', subject: policy.name, message, hint, origin: policy.origin });
  };
  for (const policy of policies) {
    if (policy.egress !== undefined) tell('host-egress-undivided', policy, `says what one program of host ${host} may send, which no address tells from what others send; left open`, 'run it as a container with an address of its own');
    if (policy.ingress !== undefined && !isolated.includes(policy) && modes.get(policy) === 'audit') tell('host-mode-undivided', policy, `is to be audited while others on host ${host} are enforced; its ports are left open`, 'set one mode for the programs of one host');
  }
  return found;
}
