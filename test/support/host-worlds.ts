import { type Connection, type Endpoint, type HostWays, type NamespacedPolicy, parsePrefix, type Peer, type Pod, type PortMatch, type Protocol, type Rule, type Snapshot, type WorkloadRef } from '#model';

import type { Random } from './random.ts';
import { address, namespace, node, origin, port, ref, workload, world } from './worlds.ts';

/*
 * Plain hosts whose programs are told apart by port, some with containers of their own, and policies
 * of both about each other and the world.
 */

export interface HostCase {
  readonly snapshot: Snapshot;
  readonly policies: readonly NamespacedPolicy[];
  readonly connections: readonly Connection[];
}

const HOSTS = ['h1', 'h2', 'h3'] as const;
const PORTS = ['22', '80', 'web:8080', '8081', 'dns:53/UDP', '68/UDP', '7443', '81/SCTP'];
const CONNECTIONS = 80;
const STRANGERS = ['198.51.100.7', '2001:db8:9::7', '203.0.113.9'];

export function hostCase(random: Random): HostCase {
  const hosts = HOSTS.slice(0, 1 + random.below(3));
  const nodes = hosts.map((name) => {
    const families = random.pick([[4, 6], [4, 6], [4], [6]]);
    return node(name, [4, 6].flatMap((family) => (families.includes(family) ? [addressOf(name, family)] : [])));
  });
  const units = hosts.flatMap((name) => random.several(0, 3, (at): Pod => program(name, at, nodes.find((each) => each.name === name)?.addresses ?? [], random)));
  const containers = hosts.flatMap((name) => random.several(0, 2, (at): Pod => containerOn(name, at, random)));
  const pods = [...units, ...containers];
  const refs = [...new Map(pods.map((pod) => [`${pod.namespace}/${pod.workload.kind}/${pod.workload.name}`, pod.workload])).values()];
  const workloads = pods.map((pod) => workload(`${pod.workload.namespace}/${pod.workload.kind}/${pod.workload.name}`, { platform: 'host', hostNetwork: pod.hostNetwork }));
  const hostWays: HostWays = { ...(random.chance(0.5) ? { sshPort: 8081 } : {}), ...(random.chance(0.3) ? { sshPorts: [{ host: 'h1', port: 80 }] } : {}), ...(random.chance(0.5) ? { channelPort: 7443 } : {}) };
  const snapshot = world({ namespaces: hosts.map((name) => namespace(name)), nodes, pods, workloads, ...(random.chance(0.3) ? {} : { hostWays }) });
  const gone: WorkloadRef = ref('h1/Unit/gone.service');
  const policies = random.some([...refs, gone], 0.5).map((subject) => policyOf(subject, [...refs, gone], random));
  return { snapshot, policies, connections: connectionsIn(snapshot, random) };
}

function addressOf(host: string, family: number): string {
  return family === 4 ? `192.0.2.${host.slice(1)}` : `2001:db8:ffff::${host.slice(1)}`;
}

function program(host: string, at: number, addresses: Pod['addresses'], random: Random): Pod {
  const kind = random.chance(0.7) ? 'Unit' : 'Process';
  // a process calls itself what it likes, a unit's name too
  const name = `p${String(at)}.service`;
  return { ...podAt(host, `${kind}-${name}`, addresses, random), hostNetwork: true, workload: { namespace: host, kind, name } };
}

function containerOn(host: string, at: number, random: Random): Pod {
  const four = `10.0.${host.slice(1)}.${String(at + 1)}`;
  const six = `2001:db8:${host.slice(1)}::${String(at + 1)}`;
  const pod = podAt(host, `c${String(at)}`, random.pick([[four, six], [four, six], [four], [six]]).map(address), random);
  return { ...pod, workload: { namespace: host, kind: 'Container', name: `c${String(at)}` } };
}

function podAt(host: string, name: string, addresses: Pod['addresses'], random: Random): Pod {
  return { namespace: host, name, labels: {}, node: host, hostNetwork: false, addresses, ports: random.some(PORTS, 0.35).map(port), workload: ref(`${host}/Unit/${name}`), phase: 'running', isExample: false, origin };
}

function policyOf(subject: WorkloadRef, others: readonly WorkloadRef[], random: Random): NamespacedPolicy {
  const rules = (): readonly Rule[] => random.several(0, 3, (at) => ({ id: `rule-${String(at)}`, peers: random.chance(0.15) ? 'any' : random.several(1, 2, () => peerOf(others, random)), ports: random.chance(0.2) ? 'any' : random.several(1, 2, () => portMatch(random)), evidence: [], widenings: [] }));
  const closed = random.pick(['ingress', 'egress', 'both', 'both']);
  return { kind: 'namespaced', name: `learned ${subject.namespace}/${subject.kind}/${subject.name}`, subject: { kind: 'workload', workload: subject }, ...(closed === 'egress' ? {} : { ingress: rules() }), ...(closed === 'ingress' ? {} : { egress: rules() }), origin };
}

function peerOf(others: readonly WorkloadRef[], random: Random): Peer {
  switch (random.below(4)) {
    case 0:
      return { kind: 'nodes', nodes: { requirements: random.chance(0.5) ? [] : [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['h2'] }] } };
    case 1:
      return { kind: 'cidr', cidr: parsePrefix(random.pick(['192.0.2.0/24', '10.0.1.0/24', '2001:db8::/32', '2001:db8:ffff::2/128', '198.51.100.0/24']))!, except: [] };
    default:
      return { kind: 'workload', workload: random.pick(others) };
  }
}

function portMatch(random: Random): PortMatch {
  const protocol = random.pick<Protocol>(['TCP', 'TCP', 'UDP', 'SCTP', 'ICMP']);
  if (protocol === 'ICMP' || random.chance(0.15)) return { kind: 'protocol', protocol };
  if (random.chance(0.2)) return { kind: 'named', protocol, name: random.pick(['web', 'dns']) };
  const from = random.pick([22, 53, 80, 8080]);
  return { kind: 'range', protocol, from, to: random.pick([from, from, 8081, 65_535]) };
}

function connectionsIn(snapshot: Snapshot, random: Random): readonly Connection[] {
  const pods = [...snapshot.pods.values()].flatMap((pod) => pod.addresses.map((own): Endpoint => ({ kind: 'pod', pod, address: own })));
  const bare = [...[...snapshot.nodes.values()].flatMap(({ addresses }) => addresses), ...STRANGERS.map(address)].map((own): Endpoint => ({ kind: 'address', address: own }));
  const ends = [...pods, ...bare];
  const found: Connection[] = [];
  for (let tries = 0; found.length < CONNECTIONS && tries < 20 * CONNECTIONS; tries += 1) {
    const [from, to] = [random.pick(ends), random.pick(ends)];
    if (from.address.family !== to.address.family || from.address.text === to.address.text) continue;
    const protocol = random.pick<Protocol>(['TCP', 'TCP', 'TCP', 'UDP', 'UDP', 'SCTP', 'ICMP']);
    found.push({ from, to, protocol, port: protocol === 'ICMP' ? 0 : random.pick([22, 53, 68, 80, 81, 546, 7443, 8080, 8081, 9999]) });
  }
  return found;
}
