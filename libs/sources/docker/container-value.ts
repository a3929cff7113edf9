import { type Address, type ComposeFacts, type Container, type Diagnostic, type EngineContainer, labelOf, type Labels, type NetworkNames, type Origin, type Pod, type PodInterface, type Workload, type WorkloadRef } from '#model';

import type { ContainerFacts } from './container-facts.ts';
import { type EndpointFacts, isLookedUpName } from './endpoint-facts.ts';
import { originOf } from './host-value.ts';
import { shown } from './shown-text.ts';
import type { Surroundings } from './surroundings.ts';

const PROJECT = 'com.docker.compose.project';
const SERVICE = 'com.docker.compose.service';
const DEPENDS_ON = 'com.docker.compose.depends_on';

/** The pod a container is, and what it tells of its workload. */
export function describeContainer(facts: ContainerFacts, surroundings: Surroundings): EngineContainer {
  const { host, root, networks } = surroundings;
  const origin = originOf(host, facts.name);
  const ref = refOf(facts, host.name);
  const isHost = (root ?? facts).mode.kind === 'host';
  const endpoints = facts.mode.kind === 'own' ? facts.endpoints : [];
  const held = heldAddresses(endpoints, surroundings.lost);
  const phase = facts.isOver ? 'finished' : facts.isRunning ? 'running' : held.length > 0 ? 'pending' : 'finished';
  const pod: Pod = {
    namespace: ref.namespace,
    name: facts.name,
    labels: facts.labels,
    node: host.name,
    hostNetwork: isHost,
    addresses: phase === 'finished' ? [] : isHost ? surroundings.hostAddresses : held,
    ports: facts.ports,
    workload: ref,
    phase,
    isExample: false,
    ...(phase === 'finished' || isHost ? {} : { interfaces: endpoints.flatMap((endpoint) => interfaceOf(endpoint, surroundings)) }),
    ...(facts.process === undefined ? {} : { process: facts.process }),
    origin,
  };
  const names = endpoints.flatMap((endpoint): readonly NetworkNames[] => {
    const network = networks.get(endpoint.network);
    return network?.hasNames === true ? [{ network: endpoint.network, names: namesOf(facts, endpoint) }] : [];
  });
  return { kind: 'container', pod, workload: workloadOf(facts, ref, surroundings, isHost), networks: names, diagnostics: problemsOf(facts, surroundings, origin) };
}

/** A Compose service by its labels, else a workload that is this container alone. */
function refOf(facts: ContainerFacts, hostName: string): WorkloadRef {
  const project = labelOf(facts.labels, PROJECT) ?? '';
  const service = labelOf(facts.labels, SERVICE) ?? '';
  if (isLookedUpName(project) && isLookedUpName(service)) return { namespace: project, kind: 'ComposeService', name: service };
  return { namespace: hostName, kind: 'Container', name: facts.name };
}

function heldAddresses(endpoints: readonly EndpointFacts[], lost: readonly string[]): readonly Address[] {
  const held = new Map(endpoints.flatMap(({ addresses }) => addresses).map((address) => [address.text, address]));
  for (const text of lost) held.delete(text);
  return [...held.values()];
}

function interfaceOf(endpoint: EndpointFacts, { networks, lost }: Surroundings): readonly PodInterface[] {
  const addresses = endpoint.addresses.filter(({ text }) => !lost.includes(text));
  if (addresses.length === 0) return [];
  const bridge = networks.get(endpoint.network)?.bridge;
  return [{ network: endpoint.networkName, ...(bridge === undefined ? {} : { bridge }), ...(endpoint.mac === undefined ? {} : { mac: endpoint.mac }), addresses }];
}

// The engine answers for the short id as well, which nobody writes down.
function namesOf({ id, name }: ContainerFacts, { aliases }: EndpointFacts): readonly string[] {
  return [...new Set([name, ...aliases])].filter((each) => each !== id.slice(0, 12)).sort();
}

function workloadOf(facts: ContainerFacts, ref: WorkloadRef, { host, root }: Surroundings, hostNetwork: boolean): Workload {
  const origin = originOf(host, facts.name);
  const container: Container = {
    name: ref.name,
    role: 'main',
    image: facts.image,
    command: facts.command,
    args: facts.args,
    env: facts.environment.map((entry) => envOf(entry, origin)),
    envFrom: [],
    ports: facts.ports,
    mounts: [],
    probes: [],
    origin,
  };
  const sharedWith = root === undefined ? undefined : refOf(root, host.name);
  const extraHosts = facts.extraHosts.flatMap((entry) => {
    const [, name = '', address = ''] = /^([^:=]+)[:=]\[?([^\]]+)\]?$/.exec(entry) ?? [];
    return name === '' || address === '' ? [] : [{ name, address }];
  });
  const compose: ComposeFacts = {
    dependsOn: dependenciesOf(facts.labels),
    links: [],
    networks: facts.mode.kind === 'own' ? facts.endpoints.map(({ networkName }) => networkName) : [],
    published: facts.published,
    profiles: [],
    ...(extraHosts.length === 0 ? {} : { extraHosts }),
    ...(sharedWith?.namespace === ref.namespace ? { networkOf: sharedWith.name } : {}),
  };
  return {
    ref,
    platform: 'compose',
    replicas: 1,
    podLabels: lastingLabels(facts.labels),
    podAnnotations: {},
    labels: {},
    annotations: {},
    serviceAccount: '',
    tokenMounted: false,
    hostNetwork,
    containers: [container],
    compose,
    origin,
  };
}

function envOf(entry: string, origin: Origin): Container['env'][number] {
  const at = entry.indexOf('=');
  return at < 0 ? { name: entry, origin } : { name: entry.slice(0, at), value: entry.slice(at + 1), origin };
}

/** `db:service_started:false,cache:service_healthy:true`, as Compose writes it down. */
function dependenciesOf(labels: Labels): readonly string[] {
  const names = (labelOf(labels, DEPENDS_ON) ?? '').split(',').map((entry) => entry.split(':')[0] ?? '');
  return [...new Set(names)].filter(isLookedUpName).sort();
}

// Compose notes on each container what differs between those of one service.
function lastingLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => key === PROJECT || key === SERVICE || !key.startsWith('com.docker.compose.')));
}

/** Drivers whose packets pass the rules of the host, or that have none. */
const SEEN_DRIVERS: ReadonlySet<string> = new Set(['bridge', 'host', 'null']);

function problemsOf(facts: ContainerFacts, { networks, root }: Surroundings, origin: Origin): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  const report = (code: string, severity: Diagnostic['severity'], message: string, hint: string): void => {
    problems.push({ code, severity, subject: `Container ${facts.name}`, message, hint, origin });
  };
  if (facts.hasOddName) report('container-name-invalid', 'warning', 'has a name no engine gives, and goes by the beginning of its id', 'rename the container');
  const labels = [PROJECT, SERVICE].map((label) => labelOf(facts.labels, label) ?? '');
  if (labels.some((label) => label !== '') && !labels.every(isLookedUpName))
    report('container-labels-invalid', 'warning', `names a Compose project and service that cannot be ones: ${shown(labels.join('/'))}`, `correct the labels ${PROJECT} and ${SERVICE}; the container is taken as one of no project`);
  if (facts.mode.kind === 'of' && facts.isRunning && root?.mode.kind !== 'host')
    report('container-shares-network', 'info', `has the network of ${root === undefined ? 'a container that is not there' : `the container ${root.name}`}`, 'write rules for that one; they hold for both');
  for (const endpoint of facts.mode.kind === 'own' ? facts.endpoints : []) {
    const network = networks.get(endpoint.network);
    if (network !== undefined && endpoint.addresses.length > 0 && !SEEN_DRIVERS.has(network.driver))
      report('container-network-unseen', 'error', `is on the network ${shown(network.name)}, whose packets do not pass the rules of the host (driver ${shown(network.driver)})`, 'put the container on a bridge network');
  }
  return problems;
}
