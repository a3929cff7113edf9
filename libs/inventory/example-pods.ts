import {
  type Address,
  type Diagnostic,
  type Labels,
  type Node,
  type Pod,
  type PodKey,
  type Snapshot,
  type Workload,
  compareDiagnostics,
  compareText,
  podKey,
  workloadKey,
} from '#model';

import { EXAMPLE_PLACES, ExampleAddresses, exampleNodeAddresses, hashOf } from './example-addresses.ts';

export const EXAMPLE_LIMITS = {
  /** Example pods of one workload; a DaemonSet has one per node all the same. */
  replicas: 3,
  nodes: 10_000,
} as const;

export interface ExampleOptions {
  /** Example nodes to place pods on where the snapshot has no node of its own. */
  readonly nodes: number;
}

/**
 * Fills in the pods that are not in the input, so that policies can be compiled and tried out.
 *
 * A workload without any pod gets its replicas, at most three, a DaemonSet one per node; a pod of the
 * input that has neither node nor address (a bare Pod in a manifest) gets both. Addresses are
 * deterministic, in both families, of the ranges of `example-addresses.ts`; a pod keeps its own when
 * other workloads come and go, save in the rare case that two names hash to one place. Real pods and
 * nodes are kept as they are.
 */
export function placeExamplePods(snapshot: Snapshot, { nodes: wanted }: ExampleOptions): Snapshot {
  const nodes = snapshot.nodes.size > 0 ? snapshot.nodes : exampleNodes(wanted);
  const placement = new Placement([...nodes.values()], snapshot.pods);
  for (const pod of snapshot.pods.values()) placement.keep(pod);
  const covered = new Set([...snapshot.pods.values()].map((pod) => workloadKey(pod.workload)));
  for (const [key, workload] of snapshot.workloads) if (!covered.has(key)) placement.place(workload);
  return {
    ...snapshot,
    nodes,
    pods: new Map([...placement.pods].sort(([a], [b]) => compareText(a, b))),
    diagnostics: [...snapshot.diagnostics, ...placement.diagnostics].sort(compareDiagnostics),
  };
}

function exampleNodes(wanted: number): ReadonlyMap<string, Node> {
  const count = Math.min(Math.max(1, Math.trunc(wanted)), EXAMPLE_LIMITS.nodes);
  // Padded, so that the order of names is the order of numbers.
  const width = String(count).length;
  const nodes = Array.from({ length: count }, (_, place): Node => {
    const name = `example-node-${String(place + 1).padStart(width, '0')}`;
    return { name, labels: { 'kubernetes.io/hostname': name }, addresses: exampleNodeAddresses(place), podCidrs: [], isExample: true };
  });
  return new Map(nodes.map((node) => [node.name, node]));
}

const OPERATED: ReadonlySet<string> = new Set(['Prometheus', 'Alertmanager']);

class Placement {
  readonly pods = new Map<PodKey, Pod>();
  readonly diagnostics: Diagnostic[] = [];
  readonly #nodes: readonly Node[];
  readonly #addresses: ExampleAddresses;

  constructor(nodes: readonly Node[], real: ReadonlyMap<PodKey, Pod>) {
    this.#nodes = nodes;
    this.#addresses = new ExampleAddresses(new Set([...real.values()].flatMap((pod) => pod.addresses.map(({ text }) => text))));
  }

  keep(pod: Pod): void {
    const isPlaced = pod.node !== undefined || pod.addresses.length > 0 || pod.phase !== 'pending';
    const node = this.#nodeFor(podKey(pod), 0);
    const addresses = isPlaced ? undefined : this.#addressesFor(podKey(pod), pod.hostNetwork, node);
    this.pods.set(podKey(pod), addresses === undefined ? pod : { ...pod, node: node.name, addresses, phase: 'running', isExample: true });
  }

  place(workload: Workload): void {
    const { ref } = workload;
    const key = workloadKey(ref);
    const count = ref.kind === 'DaemonSet' ? this.#nodes.length : Math.min(workload.replicas, EXAMPLE_LIMITS.replicas);
    for (let replica = 0; replica < count; replica += 1) {
      const node = ref.kind === 'DaemonSet' ? (this.#nodes[replica] ?? this.#nodeFor(key, replica)) : this.#nodeFor(key, replica);
      const addresses = this.#addressesFor(`${key}/${replica}`, workload.hostNetwork, node);
      if (addresses === undefined) {
        this.#outOfPlaces(workload);
        return;
      }
      const pod = examplePod(workload, this.#freeName(workload, replica), replica, node, addresses);
      this.pods.set(podKey(pod), pod);
    }
  }

  #nodeFor(name: string, replica: number): Node {
    const node = this.#nodes[(hashOf(name) + replica) % this.#nodes.length];
    if (node === undefined) throw new Error('place example pods: there is no node');
    return node;
  }

  #addressesFor(name: string, hostNetwork: boolean, node: Node): readonly Address[] | undefined {
    return hostNetwork ? node.addresses : this.#addresses.take(name);
  }

  #freeName({ ref }: Workload, replica: number): string {
    if (ref.kind === 'Pod') return ref.name;
    if (ref.kind === 'StatefulSet') return `${ref.name}-${replica}`;
    // The Prometheus operator names its stateful sets after the kind as well.
    if (OPERATED.has(ref.kind)) return `${ref.kind.toLowerCase()}-${ref.name}-${replica}`;
    const name = `${ref.name}-example-${replica + 1}`;
    // Two kinds of workload may share a name in one namespace.
    return this.pods.has(`${ref.namespace}/${name}`) ? `${ref.name}-${ref.kind.toLowerCase()}-example-${replica + 1}` : name;
  }

  #outOfPlaces({ ref, origin }: Workload): void {
    this.diagnostics.push({
      code: 'no-example-address',
      severity: 'error',
      subject: `${ref.kind} ${ref.namespace}/${ref.name}`,
      message: `gets no (more) example pods: all ${EXAMPLE_PLACES} example addresses are taken`,
      hint: 'work on fewer workloads at once, or on real pods',
      origin,
    });
  }
}

function examplePod(workload: Workload, name: string, replica: number, node: Node, addresses: readonly Address[]): Pod {
  return {
    namespace: workload.ref.namespace,
    name,
    labels: { ...workload.podLabels, ...controllerLabels(workload, name, replica) },
    node: node.name,
    hostNetwork: workload.hostNetwork,
    addresses,
    ports: workload.containers.filter(({ role }) => role !== 'init').flatMap(({ ports }) => ports),
    workload: workload.ref,
    phase: 'running',
    isExample: true,
    origin: workload.origin,
  };
}

/** Labels a controller adds to every pod and that can be foretold: a policy of the input may select by them. */
function controllerLabels({ ref }: Workload, name: string, replica: number): Labels {
  switch (ref.kind) {
    case 'StatefulSet':
      return { 'apps.kubernetes.io/pod-index': String(replica), 'statefulset.kubernetes.io/pod-name': name };
    case 'Job':
      return { 'batch.kubernetes.io/job-name': ref.name, 'job-name': ref.name };
    case 'CronJob':
      return { 'batch.kubernetes.io/job-name': name, 'job-name': name };
    default:
      return {};
  }
}
