/** How large a cluster is made up. */
export interface ReplayWorldOptions {
  readonly pods: number;
  /** One for a hundred pods unless given. */
  readonly nodes?: number;
  /** One for twenty pods unless given; each is a Deployment with its ReplicaSet and Service. */
  readonly workloads?: number;
  /** Whether EndpointSlices are there and follow every change of a pod, as on a real server; not unless asked for. */
  readonly endpointSlices?: boolean;
}

interface Slot {
  generation: number;
  version: number;
}

export interface ReplayEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: string;
  readonly version: number;
  readonly text: string;
}

/** One pod that took the place of another. */
export interface ReplayedChange {
  readonly namespace: string;
  readonly removed: { readonly name: string; readonly addresses: readonly string[] };
  readonly added: { readonly name: string; readonly addresses: readonly string[] };
  readonly workload: string;
  readonly node: string;
}

const NAMESPACE_SIZE = 20;

/**
 * A made-up cluster that is never in memory as a whole: objects are written out as they are asked
 * for. Pods have the fields and the length of real ones (7 KB, half of it `managedFields`), and an
 * address of each family. A change replaces a pod by the next one of its workload on the same node.
 */
export class ReplayWorld {
  readonly nodes: number;
  readonly workloads: number;
  readonly hasEndpointSlices: boolean;
  readonly #slots: Slot[];
  version = 1_000;

  constructor({ pods, nodes = Math.max(1, Math.ceil(pods / 100)), workloads = Math.max(1, Math.ceil(pods / 20)), endpointSlices = false }: ReplayWorldOptions) {
    this.nodes = nodes;
    this.workloads = workloads;
    this.hasEndpointSlices = endpointSlices;
    this.#slots = Array.from({ length: pods }, () => ({ generation: 0, version: 1 }));
  }

  /** How many objects of a resource there are. */
  count(resource: string): number {
    switch (resource) {
      case 'pods':
        return this.#slots.length;
      case 'nodes':
        return this.nodes;
      case 'namespaces':
        return Math.ceil(this.workloads / NAMESPACE_SIZE);
      case 'deployments':
      case 'replicasets':
      case 'services':
        return this.workloads;
      case 'endpointslices':
        return this.hasEndpointSlices ? this.workloads : 0;
      default:
        return 0;
    }
  }

  /** One object in wire shape, as an item of a list. */
  object(resource: string, index: number): string {
    switch (resource) {
      case 'pods':
        return this.#pod(index);
      case 'nodes':
        return node(index);
      case 'namespaces':
        return `{"metadata":{"name":"team-${String(index)}","uid":"ns-${String(index)}","resourceVersion":"1","labels":{"kubernetes.io/metadata.name":"team-${String(index)}"}},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}`;
      case 'deployments':
        return deployment(index);
      case 'replicasets':
        return replicaSet(index);
      case 'services':
        return service(index);
      default:
        return this.#endpointSlice(index);
    }
  }

  /** Replaces the pod in one place; the events come in the order a server sends them. */
  replace(index: number): { readonly change: ReplayedChange; readonly events: readonly ReplayEvent[] } {
    const slot = this.#slots[index]!;
    const workload = index % this.workloads;
    const events: ReplayEvent[] = [];
    const removed = { name: podName(workload, index, slot.generation), addresses: podAddresses(index, slot.generation) };
    this.version += 1;
    slot.version = this.version;
    events.push({ type: 'DELETED', resource: 'pods', version: this.version, text: this.#pod(index) });
    slot.generation += 1;
    this.version += 1;
    slot.version = this.version;
    const added = { name: podName(workload, index, slot.generation), addresses: podAddresses(index, slot.generation) };
    events.push({ type: 'ADDED', resource: 'pods', version: this.version, text: this.#pod(index) });
    if (this.hasEndpointSlices) {
      this.version += 1;
      events.push({ type: 'MODIFIED', resource: 'endpointslices', version: this.version, text: this.#endpointSlice(workload) });
    }
    return { change: { namespace: namespaceOf(workload), removed, added, workload: `app-${String(workload)}`, node: nodeName(index % this.nodes) }, events };
  }

  #pod(index: number): string {
    const { generation, version } = this.#slots[index]!;
    const workload = index % this.workloads;
    const app = `app-${String(workload)}`;
    const [ip4 = '', ip6 = ''] = podAddresses(index, generation);
    const name = podName(workload, index, generation);
    const metadata = `"metadata":{"name":"${name}","generateName":"${app}-6d4cf56db6-","namespace":"${namespaceOf(workload)}","uid":"pod-${name}","resourceVersion":"${String(version)}","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app.kubernetes.io/name":"${app}","app.kubernetes.io/part-of":"${namespaceOf(workload)}","pod-template-hash":"6d4cf56db6"},"annotations":{"prometheus.io/scrape":"true","prometheus.io/port":"9102"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"${app}-6d4cf56db6","uid":"rs-${String(workload)}","controller":true,"blockOwnerDeletion":true}],"managedFields":${MANAGED_FIELDS}}`;
    const spec = `"spec":${podSpec(workload, `"nodeName":"${nodeName(index % this.nodes)}",`)}`;
    const status = `"status":{"phase":"Running","conditions":${CONDITIONS},"hostIP":"${nodeAddress(index % this.nodes)}","hostIPs":[{"ip":"${nodeAddress(index % this.nodes)}"}],"podIP":"${ip4}","podIPs":[{"ip":"${ip4}"},{"ip":"${ip6}"}],"startTime":"2026-01-01T00:00:00Z","containerStatuses":${CONTAINER_STATUSES},"qosClass":"Burstable"}`;
    return `{${metadata},${spec},${status}}`;
  }

  #endpointSlice(workload: number): string {
    const app = `app-${String(workload)}`;
    const endpoints: string[] = [];
    for (let index = workload; index < this.#slots.length; index += this.workloads) {
      const { generation } = this.#slots[index]!;
      endpoints.push(`{"addresses":["${podAddresses(index, generation)[0] ?? ''}"],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"${nodeName(index % this.nodes)}","targetRef":{"kind":"Pod","namespace":"${namespaceOf(workload)}","name":"${podName(workload, index, generation)}"}}`);
    }
    return `{"metadata":{"name":"${app}-x7k2p","namespace":"${namespaceOf(workload)}","uid":"es-${String(workload)}","resourceVersion":"${String(this.version)}","labels":{"kubernetes.io/service-name":"${app}"}},"addressType":"IPv4","endpoints":[${endpoints.join(',')}],"ports":[{"name":"main","port":8080,"protocol":"TCP"}]}`;
  }
}

function namespaceOf(workload: number): string {
  return `team-${String(Math.floor(workload / NAMESPACE_SIZE))}`;
}

function podName(workload: number, index: number, generation: number): string {
  return `app-${String(workload)}-6d4cf56db6-${index.toString(36).padStart(4, '0')}${generation === 0 ? '' : `-${String(generation)}`}`;
}

function nodeName(index: number): string {
  return `node-${String(index)}`;
}

function nodeAddress(index: number): string {
  return `172.20.${String(Math.floor(index / 250))}.${String((index % 250) + 1)}`;
}

/** Each pod that ever was has addresses of its own: 24 bits in 10.0.0.0/8, handed out in steps no two share. */
function podAddresses(index: number, generation: number): readonly string[] {
  const number = (index + generation * 65_536) % 2 ** 24;
  const bytes = [(number >> 16) & 255, (number >> 8) & 255, number & 255];
  return [`10.${bytes.join('.')}`, `fd00:10::${((number >> 16) & 0xffff).toString(16)}:${(number & 0xffff).toString(16)}`];
}

function node(index: number): string {
  const images = Array.from({ length: 20 }, (_, image) => `{"names":["registry.example/image-${String(image)}@sha256:${'0'.repeat(64)}"],"sizeBytes":123456}`).join(',');
  return `{"metadata":{"name":"${nodeName(index)}","uid":"node-${String(index)}","resourceVersion":"1","labels":{"kubernetes.io/hostname":"${nodeName(index)}","kubernetes.io/os":"linux"}},"spec":{},"status":{"addresses":[{"type":"InternalIP","address":"${nodeAddress(index)}"},{"type":"Hostname","address":"${nodeName(index)}"}],"images":[${images}]}}`;
}

function deployment(workload: number): string {
  const app = `app-${String(workload)}`;
  return `{"metadata":{"name":"${app}","namespace":"${namespaceOf(workload)}","uid":"deploy-${String(workload)}","resourceVersion":"1","labels":{"app.kubernetes.io/name":"${app}"}},"spec":{"replicas":20,"selector":{"matchLabels":{"app.kubernetes.io/name":"${app}"}},${template(workload)}},"status":{"replicas":20}}`;
}

function replicaSet(workload: number): string {
  const app = `app-${String(workload)}`;
  return `{"metadata":{"name":"${app}-6d4cf56db6","namespace":"${namespaceOf(workload)}","uid":"rs-${String(workload)}","resourceVersion":"1","labels":{"app.kubernetes.io/name":"${app}","pod-template-hash":"6d4cf56db6"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"${app}","uid":"deploy-${String(workload)}","controller":true}]},"spec":{"replicas":20,"selector":{"matchLabels":{"app.kubernetes.io/name":"${app}","pod-template-hash":"6d4cf56db6"}},${template(workload)}},"status":{"replicas":20}}`;
}

function template(workload: number): string {
  const app = `app-${String(workload)}`;
  return `"template":{"metadata":{"labels":{"app.kubernetes.io/name":"${app}","app.kubernetes.io/part-of":"${namespaceOf(workload)}"}},"spec":${podSpec(workload, '')}}`;
}

function service(workload: number): string {
  const app = `app-${String(workload)}`;
  return `{"metadata":{"name":"${app}","namespace":"${namespaceOf(workload)}","uid":"svc-${String(workload)}","resourceVersion":"1","labels":{"app.kubernetes.io/name":"${app}"}},"spec":{"type":"ClusterIP","clusterIP":"10.96.${String(Math.floor(workload / 250))}.${String((workload % 250) + 1)}","selector":{"app.kubernetes.io/name":"${app}"},"ports":[{"name":"main","protocol":"TCP","port":8080,"targetPort":"main"}]},"status":{"loadBalancer":{}}}`;
}

function podSpec(workload: number, place: string): string {
  const next = `app-${String(workload % 20 === 19 ? workload - 19 : workload + 1)}`;
  return `{${place}"serviceAccountName":"default","restartPolicy":"Always","dnsPolicy":"ClusterFirst","schedulerName":"default-scheduler","terminationGracePeriodSeconds":30,"securityContext":{"fsGroup":1000},"tolerations":${TOLERATIONS},"volumes":[{"name":"kube-api-access-x2k8p","projected":{"defaultMode":420,"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}]}}],"containers":[{"name":"main","image":"registry.example/app-${String(workload)}:1.4.2","imagePullPolicy":"IfNotPresent","ports":[{"name":"main","containerPort":8080,"protocol":"TCP"},{"name":"metrics","containerPort":9102,"protocol":"TCP"}],"env":[{"name":"LOG_LEVEL","value":"info"},{"name":"UPSTREAM_URL","value":"http://${next}:8080"},{"name":"JAVA_OPTS","value":"-Xms256m -Xmx512m -Dfile.encoding=UTF-8"},{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"credentials","key":"password"}}}],"resources":{"requests":{"cpu":"100m","memory":"128Mi"},"limits":{"memory":"256Mi"}},"volumeMounts":[{"name":"kube-api-access-x2k8p","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true}],"readinessProbe":{"httpGet":{"path":"/ready","port":"main","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","securityContext":{"runAsNonRoot":true,"allowPrivilegeEscalation":false}}]}`;
}

const TOLERATIONS = '[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]';
const CONDITIONS = `[${['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => `{"type":"${type}","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"}`).join(',')}]`;
const CONTAINER_STATUSES = `[{"name":"main","ready":true,"started":true,"restartCount":0,"image":"registry.example/app:1.4.2","imageID":"registry.example/app@sha256:${'a'.repeat(64)}","containerID":"containerd://${'b'.repeat(64)}","state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}},"lastState":{}}]`;
const MANAGED_FIELDS = JSON.stringify([
  { manager: 'kube-controller-manager', operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1: fieldsOf(60) },
  { manager: 'kubelet', operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1', subresource: 'status', fieldsV1: fieldsOf(30) },
]);

function fieldsOf(count: number): object {
  return { 'f:spec': Object.fromEntries(Array.from({ length: count }, (_, index) => [`f:field-${String(index)}`, { '.': {}, 'k:{"name":"main"}': { 'f:value': {} } }])) };
}
