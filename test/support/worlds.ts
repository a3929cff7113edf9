import {
  type Address,
  type Container,
  type DirectionKnowledge,
  type EndpointSlice,
  type Entity,
  type GraphPeer,
  type Labels,
  type Namespace,
  type Node,
  type Origin,
  type Pod,
  type PodPort,
  type Protocol,
  type Relationship,
  type Service,
  type ServiceGraph,
  type ServicePort,
  type Snapshot,
  type Workload,
  type WorkloadKnowledge,
  type WorkloadRef,
  compareText,
  parseAddress,
  podKey,
  workloadKey,
} from '#model';

/**
 * Small worlds for tests: each builder takes only what the test is about and fills in the rest as
 * a plain, valid object. Addresses are documentation ones, in both families.
 */
export const origin: Origin = { file: 'world.yaml', line: 1 };

/** Reads `shop/Deployment/web`. */
export function ref(text: string): WorkloadRef {
  const [namespace = '', kind = '', name = ''] = text.split('/');
  return { namespace, kind, name };
}

export function address(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`read address ${text}: not an address`);
  return parsed;
}

export function container(fields: Partial<Container> = {}): Container {
  return {
    name: 'main',
    role: 'main',
    image: 'registry.example/app:1.0.0',
    command: [],
    args: [],
    env: [],
    envFrom: [],
    ports: [],
    mounts: [],
    probes: [],
    origin,
    ...fields,
  };
}

/** Reads `http:8080`, `8080` or `dns:53/UDP`. */
export function port(text: string): PodPort {
  const [head = '', protocol = 'TCP'] = text.split('/');
  const [left = '', right] = head.split(':');
  const number = { port: Number(right ?? left), protocol: protocol as Protocol };
  return right === undefined ? number : { name: left, ...number };
}

export interface WorkloadFields extends Partial<Omit<Workload, 'ref'>> {
  /** Ports of its one container, as {@link port} reads them. */
  readonly ports?: readonly string[];
}

/** `workload('shop/Deployment/web', { ports: ['http:8080'] })`; its pods carry `app: web` unless `podLabels` says otherwise. */
export function workload(name: string, { ports = [], ...fields }: WorkloadFields = {}): Workload {
  const named = ref(name);
  return {
    ref: named,
    platform: 'kubernetes',
    replicas: 1,
    podLabels: { app: named.name },
    podAnnotations: {},
    labels: {},
    annotations: {},
    serviceAccount: 'default',
    tokenMounted: false,
    hostNetwork: false,
    containers: [container({ ports: ports.map(port) })],
    origin,
    ...fields,
  };
}

/** Pods of a workload, one per replica: `10.0.<index>.<n>` and `2001:db8:<index>::<n>` unless it is on the host network. */
export function podsOf(owner: Workload, index: number, node?: Node): readonly Pod[] {
  return Array.from({ length: owner.replicas }, (_, replica): Pod => {
    const last = String(replica + 1);
    return {
      namespace: owner.ref.namespace,
      name: `${owner.ref.name}-${last}`,
      labels: { ...owner.podLabels, ...jobLabels(owner) },
      hostNetwork: owner.hostNetwork,
      addresses: owner.hostNetwork
        ? (node?.addresses ?? [])
        : [address(`10.0.${String(index)}.${last}`), address(`2001:db8:${index.toString(16)}::${last}`)],
      ports: owner.containers.flatMap((each) => each.ports),
      workload: owner.ref,
      phase: 'running',
      isExample: true,
      origin,
      ...(node === undefined ? {} : { node: node.name }),
    };
  });
}

// What the Job controller adds to every pod of a Job.
function jobLabels({ ref: { kind, name } }: Workload): Labels {
  return kind === 'Job' || kind === 'CronJob' ? { 'batch.kubernetes.io/job-name': kind === 'Job' ? name : `${name}-29000000` } : {};
}

export function servicePort(fields: Partial<ServicePort> & { readonly port: number }): ServicePort {
  return { protocol: 'TCP', targetPort: fields.port, ...fields };
}

/** `service('shop/web', { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] })`. */
export function service(
  name: string,
  { ports = [], ...fields }: Omit<Partial<Service>, 'ports'> & { readonly ports?: readonly (Partial<ServicePort> & { readonly port: number })[] } = {},
): Service {
  const [namespace = '', own = ''] = name.split('/');
  return {
    namespace,
    name: own,
    type: 'ClusterIP',
    ports: ports.map(servicePort),
    headless: false,
    clusterAddresses: [],
    externalAddresses: [],
    labels: {},
    annotations: {},
    origin,
    ...fields,
  };
}

export function endpointSlice(service: string, addresses: readonly string[], ports: readonly string[]): EndpointSlice {
  const [namespace = '', name = ''] = service.split('/');
  return {
    namespace,
    name: `${name}-abcde`,
    service: name,
    endpoints: [{ addresses: addresses.map(address), ready: true }],
    ports: ports.map(port),
    origin,
  };
}

export function namespace(name: string, labels: Labels = {}): Namespace {
  return { name, labels: { 'kubernetes.io/metadata.name': name, ...labels }, isDeclared: true };
}

export function node(name: string, addresses: readonly string[], labels: Labels = {}): Node {
  return { name, labels: { 'kubernetes.io/hostname': name, ...labels }, addresses: addresses.map(address), podCidrs: [], isExample: false };
}

export interface World extends Partial<Omit<Snapshot, 'namespaces' | 'nodes' | 'workloads' | 'pods' | 'services'>> {
  readonly namespaces?: readonly Namespace[];
  readonly nodes?: readonly Node[];
  readonly workloads?: readonly Workload[];
  /** Absent: {@link podsOf} every workload, on the first node. */
  readonly pods?: readonly Pod[];
  readonly services?: readonly Service[];
}

/** A whole snapshot; namespaces that are only used are added. */
export function world({ namespaces = [], nodes = [], workloads = [], pods, services = [], ...rest }: World = {}): Snapshot {
  const placed = pods ?? workloads.flatMap((each, index) => podsOf(each, index + 1, nodes[0]));
  const used = [...workloads.map((each) => each.ref.namespace), ...placed.map((each) => each.namespace), ...services.map((each) => each.namespace)];
  const declared = new Set(namespaces.map((each) => each.name));
  const implied = [...new Set(used)].filter((name) => !declared.has(name)).map((name) => ({ ...namespace(name), isDeclared: false }));
  return {
    endpointSlices: [],
    configMaps: new Map(),
    secrets: new Map(),
    serviceAccounts: new Map(),
    roleGrants: [],
    routes: [],
    apiServerCallbacks: [],
    monitors: [],
    customResources: [],
    policies: [],
    diagnostics: [],
    ...rest,
    namespaces: byKey([...namespaces, ...implied], (each) => each.name),
    nodes: byKey(nodes, (each) => each.name),
    workloads: byKey(workloads, (each) => workloadKey(each.ref)),
    pods: byKey(placed, podKey),
    services: byKey(services, (each) => `${each.namespace}/${each.name}`),
  };
}

function byKey<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [keyOf(item), item] as const).sort(([a], [b]) => compareText(a, b)));
}

export interface RelationshipFields extends Partial<Omit<Relationship, 'from' | 'to' | 'port' | 'protocol'>> {
  readonly protocol?: Protocol;
}

/** `relationship('shop/Deployment/web', 'shop/StatefulSet/db', 5432)`; a word without slashes is an entity. */
export function relationship(from: string, to: string, portNumber: number | null, fields: RelationshipFields = {}): Relationship {
  const evidence = { kind: 'declared', source: 'env', where: 'world.yaml:7 Deployment/web env PEER_URL', text: `PEER_URL names ${to}` } as const;
  return { from: peer(from), to: peer(to), port: portNumber, protocol: 'TCP', tier: 'strong', confidence: 0.95, evidence: [evidence], ...fields };
}

function peer(text: string): GraphPeer {
  return text.includes('/') ? ref(text) : (text as Entity);
}

export interface GraphFields {
  readonly relationships?: readonly Relationship[];
  /** Directions that are not known well enough to be closed: `shop/Deployment/web egress`. */
  readonly unknown?: readonly string[];
  /** Workloads whose peers outside the cluster are not known. */
  readonly outsideOpen?: readonly string[];
}

/** A graph over a snapshot in which everything is known but for what `unknown` and `outsideOpen` name. */
export function graph(snapshot: Snapshot, { relationships = [], unknown = [], outsideOpen = [] }: GraphFields = {}): ServiceGraph {
  const knowledge = new Map<string, WorkloadKnowledge>();
  for (const key of snapshot.workloads.keys()) {
    const direction = (which: string): DirectionKnowledge =>
      unknown.includes(`${key} ${which}`) ? { isKnown: false, why: `${which} of ${key} is not known` } : { isKnown: true, why: `${which} of ${key} is known` };
    const egress = outsideOpen.includes(key) ? { ...direction('egress'), isOutsideOpen: true } : direction('egress');
    knowledge.set(key, { ingress: direction('ingress'), egress });
  }
  return { relationships, unresolved: [], knowledge, diagnostics: [] };
}
