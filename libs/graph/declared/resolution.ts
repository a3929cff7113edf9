import { type Address, type Service, type Snapshot, type Workload, addressFromBits, parseAddress, parsePrefix, prefixContains, type Prefix } from '#model';

import { OWN_NODE, OWN_POD } from './environment.ts';
import { isLoopback, isPublicName } from './host-name.ts';
import { WorkloadIndex } from './workload-index.ts';

/** Whom a host leads to, seen from one workload. */
export type Resolution =
  | {
      readonly kind: 'service';
      readonly service: Service;
      readonly workloads: readonly Workload[];
      /** Set where the name or address is one pod's: its ports are dialled directly. */
      readonly isPod: boolean;
      /** Set where the name holds only if the input is installed in another namespace than it says. */
      readonly isGuess?: boolean;
    }
  /** Addresses of a Service no pod of the input is behind. */
  | { readonly kind: 'endpoints'; readonly service: Service; readonly endpoints: readonly { readonly address: Address; readonly ports: readonly { readonly name?: string; readonly port: number }[] }[] }
  | { readonly kind: 'workload'; readonly workload: Workload }
  | { readonly kind: 'external'; readonly host: string }
  | { readonly kind: 'kube-apiserver' }
  /** The machine itself, or the pod's own name: no connection. */
  | { readonly kind: 'self' }
  /** It looks like a name of this cluster or project, and nothing here has it. */
  | { readonly kind: 'absent'; readonly why: string }
  /** It may be no host at all. */
  | { readonly kind: 'unknown' };

const UNKNOWN: Resolution = { kind: 'unknown' };
const SELF: Resolution = { kind: 'self' };
const PRIVATE: readonly Prefix[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'].flatMap((text) => parsePrefix(text) ?? []);
const NOWHERE: readonly Prefix[] = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/127', 'ff00::/8'].flatMap((text) => parsePrefix(text) ?? []);

/** Resolves names as the pods' (or the Compose project's) DNS would, from what the input holds. */
export class Resolver {
  readonly workloads: WorkloadIndex;
  readonly #snapshot: Snapshot;
  readonly #services = new Map<string, Service>();
  readonly #byName = new Map<string, Service[]>();
  readonly #byAddress = new Map<string, Service>();
  readonly #workloadByAddress = new Map<string, Workload>();
  readonly #onNode = new Map<number, readonly Workload[]>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.workloads = new WorkloadIndex(snapshot);
    for (const service of snapshot.services.values()) {
      this.#services.set(`${service.namespace}/${service.name.toLowerCase()}`, service);
      const named = this.#byName.get(service.name) ?? [];
      named.push(service);
      this.#byName.set(service.name, named);
      for (const address of [...service.clusterAddresses, ...service.externalAddresses]) this.#byAddress.set(address.text, service);
    }
    for (const workload of snapshot.workloads.values()) for (const address of workload.compose?.addresses ?? []) this.#workloadByAddress.set(`${workload.ref.namespace}/${address.text}`, workload);
    for (const workload of snapshot.workloads.values()) {
      if (workload.ref.kind !== 'DaemonSet') continue;
      const ports = workload.containers.flatMap((container) => container.ports.flatMap(({ port, hostPort }) => (hostPort !== undefined ? [hostPort] : workload.hostNetwork ? [port] : [])));
      for (const port of new Set(ports)) this.#onNode.set(port, [...(this.#onNode.get(port) ?? []), workload]);
    }
    for (const pod of snapshot.pods.values()) {
      const workload = this.workloads.find(pod.workload);
      if (workload === undefined || pod.hostNetwork || pod.isExample || pod.phase === 'finished') continue;
      for (const address of pod.addresses) this.#workloadByAddress.set(address.text, workload);
    }
  }

  service(namespace: string, name: string): Service | undefined {
    return this.#services.get(`${namespace}/${name.toLowerCase()}`);
  }

  /** `isUrl` says that the host stood behind a scheme, so that a name of two labels is one. */
  resolve(host: string, client: Workload, isUrl: boolean, port?: number): Resolution {
    if (isLoopback(host) || host === OWN_POD || (client.platform === 'compose' && host.includes(OWN_POD))) return SELF;
    if (host === OWN_NODE) return this.#resolveNode(port);
    const address = parseAddress(host);
    if (address !== undefined) return this.#resolveAddress(address, client);
    return client.platform === 'compose' ? this.#resolveCompose(host, client, isUrl) : this.#resolveKubernetes(host, client, isUrl);
  }

  // the agent of the node: a DaemonSet with that port on the node
  #resolveNode(port: number | undefined): Resolution {
    const agents = port === undefined ? [] : (this.#onNode.get(port) ?? []);
    const [agent] = agents;
    return agent === undefined || agents.length > 1 ? UNKNOWN : { kind: 'workload', workload: agent };
  }

  #resolveAddress(address: Address, client: Workload): Resolution {
    if (NOWHERE.some((prefix) => prefixContains(prefix, address))) return SELF;
    const workload = this.#workloadByAddress.get(`${client.ref.namespace}/${address.text}`) ?? this.#workloadByAddress.get(address.text);
    if (workload !== undefined) return { kind: 'workload', workload };
    const service = this.#byAddress.get(address.text);
    if (service !== undefined) return this.#behind(service, false, 0, client);
    // the address of the cloud's metadata service, and of the machine's own links
    if (address.text.startsWith('169.254.') || address.text.startsWith('fe80:')) return UNKNOWN;
    if (PRIVATE.some((prefix) => prefixContains(prefix, address))) return { kind: 'absent', why: 'no Service, pod or static address of the input has this private address' };
    return { kind: 'external', host: addressFromBits(address.family, address.bits).text };
  }

  #resolveCompose(host: string, client: Workload, isUrl: boolean): Resolution {
    const { namespace } = client.ref;
    const linked = client.compose?.linkAliases?.find(({ alias }) => alias.toLowerCase() === host)?.service;
    const extra = client.compose?.extraHosts?.find(({ name }) => name.toLowerCase() === host)?.address;
    if (linked === undefined && extra !== undefined) {
      const address = parseAddress(extra);
      return address === undefined ? UNKNOWN : this.#resolveAddress(address, client);
    }
    const service = this.service(namespace, linked ?? host);
    if (service !== undefined) return this.#behind(service, false, 0, client);
    if (host === 'host.docker.internal' || host === 'gateway.docker.internal') return UNKNOWN;
    return this.#elsewhere(host, isUrl, 'no service or alias of the project has this name');
  }

  #resolveKubernetes(host: string, client: Workload, isUrl: boolean): Resolution {
    const { namespace } = client.ref;
    const labels = host.split('.');
    const [first = '', second, third] = labels;
    if (first === 'kubernetes' && (labels.length === 1 || second === 'default') && this.service('default', 'kubernetes') === undefined) return { kind: 'kube-apiserver' };
    const svc = labels.indexOf('svc');
    if (svc >= 2) return this.#resolveQualified(labels.slice(0, svc), client);
    const own = this.service(namespace, first);
    if (labels.length === 1) return own === undefined ? this.#elsewhere(host, isUrl, 'no Service of the namespace has this name') : this.#behind(own, false, 0, client);
    if (labels.length <= 3) {
      const other = labels.length === 2 ? this.service(second ?? '', first) : undefined;
      if (other !== undefined) return this.#behind(other, false, 0, client);
      const governing = this.service(labels.length === 2 ? namespace : (third ?? ''), second ?? '');
      if (governing !== undefined) return this.#pod(governing, first, client);
    }
    return this.#elsewhere(host, isUrl, 'no Service of the input has this name');
  }

  // service.namespace, pod.service.namespace
  #resolveQualified(labels: readonly string[], client: Workload): Resolution {
    const namespace = labels.at(-1) ?? '';
    const name = labels.at(-2) ?? '';
    const service = this.service(namespace, name);
    if (service === undefined) return this.#guess(namespace, name, client);
    return labels.length > 2 ? this.#pod(service, labels.at(-3) ?? '', client) : this.#behind(service, false, 0, client);
  }

  // an address in the namespace its authors install to, while the manifests name none
  #guess(namespace: string, name: string, client: Workload): Resolution {
    const why = `the Service ${namespace}/${name} is not in the input`;
    const candidates = this.#byName.get(name) ?? [];
    const only = candidates[0];
    if (candidates.length !== 1 || only === undefined || only.type === 'Compose' || this.#isKnownNamespace(namespace)) return { kind: 'absent', why };
    const found = this.#behind(only, false, 0, client);
    return found.kind === 'service' && only.namespace === client.ref.namespace ? { ...found, isGuess: true } : { kind: 'absent', why };
  }

  #isKnownNamespace(namespace: string): boolean {
    return this.#snapshot.namespaces.has(namespace);
  }

  #pod(service: Service, pod: string, client: Workload): Resolution {
    const found = this.#behind(service, true, 0, client);
    if (found.kind !== 'service') return found;
    const exact = this.workloads.podWorkload(service.namespace, pod);
    if (pod.includes(OWN_POD)) return { ...found, workloads: found.workloads.filter(({ ref }) => ref === client.ref) };
    const owner = exact ?? found.workloads.find(({ ref }) => pod === ref.name || (pod.startsWith(`${ref.name}-`) && /^\d+$/.test(pod.slice(ref.name.length + 1))));
    return owner === undefined ? found : { ...found, workloads: [owner] };
  }

  #behind(service: Service, isPod: boolean, depth: number, client: Workload): Resolution {
    if (service.externalName !== undefined) return depth > 8 ? UNKNOWN : this.#follow(service, service.externalName.toLowerCase().replace(/\.$/, ''), depth, client);
    const workloads = this.workloads.behind(service);
    if (workloads.length > 0) return { kind: 'service', service, workloads, isPod };
    const endpoints = this.workloads.slicesOf(service).flatMap((slice) => slice.endpoints.flatMap(({ addresses }) => addresses.map((address) => ({ address, ports: slice.ports }))));
    if (endpoints.length > 0) return { kind: 'endpoints', service, endpoints };
    if (service.namespace === 'default' && service.name === 'kubernetes') return { kind: 'kube-apiserver' };
    return { kind: 'absent', why: service.selector === undefined ? `the Service ${service.namespace}/${service.name} has no selector and no EndpointSlice` : `the Service ${service.namespace}/${service.name} selects no pod of the input` };
  }

  #follow(service: Service, target: string, depth: number, client: Workload): Resolution {
    const labels = target.split('.');
    const svc = labels.indexOf('svc');
    const next = svc >= 2 ? this.service(labels[svc - 1] ?? '', labels[svc - 2] ?? '') : undefined;
    if (next !== undefined && next !== service) return this.#behind(next, false, depth + 1, client);
    if (svc >= 2) return { kind: 'absent', why: `the Service ${service.namespace}/${service.name} stands for ${target}, which is not in the input` };
    return isLoopback(target) ? SELF : { kind: 'external', host: target };
  }

  #elsewhere(host: string, isUrl: boolean, why: string): Resolution {
    if (isPublicName(host, isUrl)) return { kind: 'external', host };
    return { kind: 'absent', why };
  }
}
