import { type Snapshot, type Workload, type WorkloadKey, type WorkloadRef, workloadKey } from '#model';

import { readEnvironment } from '../declared/environment.ts';
import { imageWords } from '../declared/product.ts';
import type { ServiceBackends } from '../service-backends.ts';

const NO_PROXY = /^(?:no_proxy|no_proxy_hosts|http_nonproxyhosts)$/i;
const MOST_NAMES = 200;

/**
 * The workloads a workload is told not to use a proxy for. It is no evidence that it calls them
 * (such lists are copied), but it may: nobody lists who is never called by anybody.
 */
export function unproxied(workload: Workload, snapshot: Snapshot, backends: ServiceBackends): readonly WorkloadRef[] {
  const names = new Set<string>();
  for (const container of workload.containers) {
    if (container.env.length === 0 && container.envFrom.length === 0) continue;
    for (const { name, value } of readEnvironment(workload, container, snapshot).variables) {
      if (NO_PROXY.test(name)) for (const each of value.split(/[,;|\s]+/, MOST_NAMES)) names.add(each.trim().toLowerCase());
    }
  }
  const found = new Map<WorkloadKey, WorkloadRef>();
  for (const name of names) {
    const [service = '', namespace = workload.ref.namespace] = name.replace(/^\.|:\d+$/g, '').split('.');
    const named = snapshot.services.get(`${namespace}/${service}`);
    for (const { ref } of named === undefined ? [] : backends.workloadsOf(named)) if (workloadKey(ref) !== workloadKey(workload.ref)) found.set(workloadKey(ref), ref);
  }
  return [...found.values()];
}

const REGISTRIES: ReadonlySet<string> = new Set(['zookeeper', 'etcd', 'consul', 'eureka', 'nacos']);

// where ZooKeeper, etcd, Consul, Eureka and Nacos are registered to listen, whatever their image is called
const REGISTRY_PORTS: ReadonlySet<number> = new Set([2181, 2379, 8500, 8761, 8848]);

/** Whether a workload runs a product through which its clients find each other. */
export function isRegistry({ containers }: Workload): boolean {
  return containers.some((container) => imageWords(container).some((word) => REGISTRIES.has(word)) || container.ports.some(({ port }) => REGISTRY_PORTS.has(port)));
}

/** Whether a container is shown the engine's socket, and so can ask which containers there are. */
export function asksEngine({ containers }: Workload): boolean {
  return containers.some(({ mounts }) => mounts.some(({ path, source }) => source.kind === 'other' && /\/docker\.sock(?::.*)?$|\/podman\.sock$/.test(source.unread ?? path)));
}
