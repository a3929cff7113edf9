import { type Address, compareAddresses, compareText, type Container, type Diagnostic, type EngineContainer, type EngineHost, type Origin, type Pod, type PodPort, type SourceUpdate, type Workload } from '#model';

import { isLoopback, type ListeningSocket } from './listening-sockets.ts';
import type { UnitName } from './unit-name.ts';

/** A socket, and who it belongs to. */
export interface OwnedSocket {
  readonly socket: ListeningSocket;
  readonly unit: UnitName;
  readonly command: string;
}

export interface HostFacts {
  readonly node: string;
  readonly addresses: readonly Address[];
  /** Whether the node itself is told of; not where somebody else does. */
  readonly tellsNode: boolean;
  /** Sockets others can reach whose programs may not be looked at. */
  readonly unseen: number;
}

const MOST_UNITS = 500;
const MOST_PORTS = 100;
const MOST_COMMANDS = 8;

/** What a host says of itself and its units, by key; sorted, so that the same facts give the same values. */
export function hostValues(facts: HostFacts, owned: readonly OwnedSocket[]): ReadonlyMap<string, NonNullable<SourceUpdate['value']>> {
  const units = new Map<string, OwnedSocket[]>();
  for (const each of [...owned].sort(compareOwned)) {
    // nobody but the host itself gets there, so no policy is about it
    if (isLoopback(each.socket)) continue;
    const key = `${each.unit.kind}/${each.unit.name}`;
    const known = units.get(key);
    if (known === undefined) units.set(key, [each]);
    else known.push(each);
  }
  const kept = [...units].slice(0, MOST_UNITS);
  const values = new Map<string, NonNullable<SourceUpdate['value']>>();
  const unseen = facts.unseen === 0 ? [] : [programsUnseen(facts)];
  if (facts.tellsNode) values.set('host', describeHost(facts, units.size, unseen));
  for (const [at, [key, sockets]] of kept.entries()) values.set(key, describeUnit(facts, sockets, facts.tellsNode || at > 0 ? [] : unseen));
  return values;
}

function describeHost({ node, addresses }: HostFacts, units: number, findings: readonly Diagnostic[]): EngineHost {
  const cut: Diagnostic = {
    code: 'host-units-cut',
    severity: 'warning',
    subject: `Node ${node}`,
    message: `has ${String(units)} programs that listen, of which the first ${String(MOST_UNITS)} are taken`,
    hint: 'run what belongs together as one unit',
    origin: originOf(node),
  };
  return { kind: 'container-host', node: { name: node, labels: {}, addresses: [...addresses].sort(compareAddresses), podCidrs: [], isExample: false }, diagnostics: [...findings, ...(units > MOST_UNITS ? [cut] : [])] };
}

/** A unit is what a pod is elsewhere: it shares the addresses of its host, and is told from others by its ports. */
function describeUnit({ node, addresses }: HostFacts, sockets: readonly OwnedSocket[], findings: readonly Diagnostic[]): EngineContainer {
  const [first] = sockets;
  if (first === undefined) throw new Error('describe a unit: it has no sockets');
  const { kind, name } = first.unit;
  const ref = { namespace: node, kind, name };
  const origin = originOf(node, name);
  const unique = new Map(sockets.map(({ socket: { protocol, port } }) => [`${protocol} ${String(port)}`, { port, protocol }]));
  const ports: readonly PodPort[] = [...unique.values()].sort((a, b) => a.port - b.port || compareText(a.protocol, b.protocol));
  const taken = ports.slice(0, MOST_PORTS);
  const commands = [...new Set(sockets.map(({ command }) => command))].sort().slice(0, MOST_COMMANDS);
  const container: Container = { name, role: 'main', image: '', command: commands, args: [], env: [], envFrom: [], ports: taken, mounts: [], probes: [], origin };
  const pod: Pod = { namespace: node, name: kind === 'Unit' ? name : `process-${name}`, labels: {}, node, hostNetwork: true, addresses: [...addresses].sort(compareAddresses), ports: taken, workload: ref, phase: 'running', isExample: false, origin };
  const workload: Workload = {
    ref,
    platform: 'host',
    replicas: 1,
    podLabels: {},
    podAnnotations: {},
    labels: {},
    annotations: {},
    serviceAccount: '',
    tokenMounted: false,
    hostNetwork: true,
    containers: [container],
    origin,
  };
  const cut: Diagnostic = {
    code: 'unit-ports-cut',
    severity: 'warning',
    subject: `${kind} ${name}`,
    message: `listens on ${String(ports.length)} ports, of which the first ${String(MOST_PORTS)} are taken`,
    hint: 'have it listen on fewer',
    origin,
  };
  return { kind: 'container', pod, workload, networks: [], diagnostics: [...findings, ...(ports.length > MOST_PORTS ? [cut] : [])] };
}

// whoever closes the host closes their ports too
function programsUnseen({ node, unseen }: HostFacts): Diagnostic {
  return {
    code: 'host-programs-unseen',
    severity: 'error',
    subject: `Node ${node}`,
    message: `listens on ${String(unseen)} sockets whose programs its enforcer may not look at: they belong to no unit, and are closed once a unit of this host is enforced`,
    hint: 'give the enforcer CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, and the processes of the host: manifests/README.md',
    origin: originOf(node),
  };
}

function originOf(node: string, unit?: string): Origin {
  return { file: unit === undefined ? `host:${node}` : `host:${node}/${unit}`, line: 1 };
}

function compareOwned(a: OwnedSocket, b: OwnedSocket): number {
  return compareText(a.unit.kind, b.unit.kind) || compareText(a.unit.name, b.unit.name) || a.socket.port - b.socket.port || compareText(a.socket.protocol, b.socket.protocol);
}
