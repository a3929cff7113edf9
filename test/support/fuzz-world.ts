import { type Labels, type Namespace, type Node, type Pod, type Snapshot, type Workload } from '#model';

import type { Random } from './random.ts';
import { address, container, namespace, node, origin, port, ref, workload, world, type World } from './worlds.ts';

/** A cluster as its parts, so that one of them can be changed and the rest kept. */
export interface Cluster {
  readonly namespaces: readonly Namespace[];
  readonly nodes: readonly Node[];
  readonly workloads: readonly Workload[];
  readonly pods: readonly Pod[];
}

export const NAMESPACES = ['x', 'y', 'z'] as const;
const NODES = ['n1', 'n2', 'n3'] as const;
const PORTS = ['http:80', 'http:8080', 'http:53/UDP', 'dns:53/UDP', 'web:80', 'web:81/SCTP', '9090', '81'];

export function snapshotOfCluster(cluster: Cluster): Snapshot {
  const fields: World = cluster;
  return world(fields);
}

/** A few pods of a few workloads in up to three namespaces, on up to three nodes. */
export function randomCluster(random: Random): Cluster {
  const namespaces = NAMESPACES.filter(() => random.chance(0.95)).map((name) => namespace(name, randomNamespaceLabels(random)));
  const nodes = NODES.slice(0, 1 + random.below(3)).map((name) => randomNode(name, random));
  const workloads = random.several(2, 4, (at) => randomWorkload(`${random.pick(NAMESPACES)}/Deployment/w${String(at)}`, random));
  const pods: Pod[] = [];
  for (const owner of workloads) for (let replica = 0; replica < owner.replicas; replica += 1) pods.push(randomPod(owner, `${owner.ref.name}-${String(replica)}`, { nodes, pods }, random));
  return { namespaces, nodes, workloads, pods };
}

export function randomNamespaceLabels(random: Random): Labels {
  return randomLabels({ team: ['blue', 'red'], zone: ['one'] }, 0.6, random);
}

export function randomPodLabels(random: Random): Labels {
  return randomLabels({ app: ['a', 'b', 'c'], tier: ['front', 'back'], env: ['prod'] }, 0.7, random);
}

function randomLabels(universe: Readonly<Record<string, readonly string[]>>, probability: number, random: Random): Labels {
  return Object.fromEntries(random.some(Object.entries(universe), probability).map(([key, values]) => [key, random.pick(values)]));
}

export function randomNode(name: string, random: Random): Node {
  const number = name.slice(1);
  const families = random.pick([[4, 6], [4, 6], [4], [6]] as const);
  const plain = node(name, [`192.0.2.1${number}`, `2001:db8:ffff::${number}`].filter((_, at) => families.some((family) => family === (at === 0 ? 4 : 6))), randomLabels({ zone: ['one', 'two'] }, 0.8, random));
  return { ...plain, podCidrs: random.some([`10.0.${number}.0/24`, `2001:db8:${number}::/64`, `2a00:${number}::/64`], 0.5) };
}

function randomWorkload(name: string, random: Random): Workload {
  const ports = random.some(PORTS, 0.3);
  return workload(name, { podLabels: randomPodLabels(random), replicas: 1 + random.below(2), hostNetwork: random.chance(0.1), containers: [container({ ports: ports.map(port) })] });
}

/** A pod of a workload, on one of the nodes, with addresses nobody that runs has. */
export function randomPod(owner: Workload, name: string, { nodes, pods }: Pick<Cluster, 'nodes' | 'pods'>, random: Random): Pod {
  const place = random.pick(nodes);
  const own = random.chance(0.1) ? random.some(PORTS, 0.3).map(port) : owner.containers.flatMap(({ ports }) => ports);
  return {
    namespace: owner.ref.namespace,
    name,
    labels: owner.podLabels,
    node: place.name,
    hostNetwork: owner.hostNetwork,
    addresses: owner.hostNetwork ? place.addresses : freeAddresses(place, pods, random),
    ports: own,
    workload: owner.ref,
    phase: random.chance(0.07) ? 'finished' : random.chance(0.1) ? 'pending' : 'running',
    isExample: false,
    origin,
  };
}

function freeAddresses(place: Node, pods: readonly Pod[], random: Random): Pod['addresses'] {
  const taken = new Set(pods.filter(({ phase }) => phase !== 'finished').flatMap(({ addresses }) => addresses.map(({ text }) => text)));
  const number = place.name.slice(1);
  for (;;) {
    const last = String(1 + random.below(12));
    const four = random.pick([`10.0.${number}.${last}`, `10.1.0.${last}`, `10.1.0.${last}`, `198.51.100.${last}`]);
    const six = random.pick([`2001:db8:${number}::${last}`, `2001:db8:1000::${last}`, `fd00:1::${last}`, `2a00:${number}::${last}`, `2a00:99::${last}`]);
    const families = random.pick([[four, six], [four, six], [four, six], [four], [six]]);
    if (families.every((text) => !taken.has(text))) return families.map(address);
  }
}

/** Names a workload that is not there. */
export const NOBODY = ref('x/Deployment/nobody');
