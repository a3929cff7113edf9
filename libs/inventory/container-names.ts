import { compareText, compareWorkloads, type Service, type WorkloadRef, workloadKey } from '#model';

import type { Attachment } from './found.ts';

/** Namespaces that share one network; beyond as many a name is known in its own namespace alone. */
const MOST_SHARING = 64;

/**
 * The names of Compose projects with those containers have on their networks.
 *
 * Whoever is on a network finds everybody there by name, so a name is known in every namespace that
 * has a container on it, and leads to all who have it on any network of that namespace.
 */
export function withContainerNames(declared: readonly Service[], attachments: readonly Attachment[]): readonly Service[] {
  if (attachments.length === 0) return declared;
  const behind = new Map<string, NamedContainers>();
  for (const members of byNetwork(attachments).values()) {
    const sharing = [...new Set(members.map(({ workload }) => workload.namespace))].sort(compareText);
    for (const { names, workload, origin } of members) {
      const namespaces = sharing.length > MOST_SHARING ? [workload.namespace] : sharing;
      for (const namespace of namespaces) for (const name of names) put(behind, { namespace, name, origin }, workload);
    }
  }
  const services = declared.map((service): Service => {
    const key = `${service.namespace}/${service.name}`;
    const found = behind.get(key);
    if (found === undefined) return service;
    behind.delete(key);
    return { ...service, workloads: inOrder([...(service.workloads ?? []), ...found.workloads.values()]) };
  });
  return [...services, ...[...behind.values()].map(toService)];
}

interface NamedContainers extends Pick<Service, 'namespace' | 'name' | 'origin'> {
  readonly workloads: Map<string, WorkloadRef>;
}

function byNetwork(attachments: readonly Attachment[]): ReadonlyMap<string, readonly Attachment[]> {
  const networks = new Map<string, Attachment[]>();
  for (const attachment of attachments) {
    const members = networks.get(attachment.network);
    if (members === undefined) networks.set(attachment.network, [attachment]);
    else members.push(attachment);
  }
  return networks;
}

function put(behind: Map<string, NamedContainers>, named: Pick<Service, 'namespace' | 'name' | 'origin'>, workload: WorkloadRef): void {
  const key = `${named.namespace}/${named.name}`;
  const known = behind.get(key) ?? { ...named, workloads: new Map<string, WorkloadRef>() };
  known.workloads.set(workloadKey(workload), workload);
  behind.set(key, known);
}

function inOrder(refs: readonly WorkloadRef[]): readonly WorkloadRef[] {
  return [...new Map(refs.map((ref) => [workloadKey(ref), ref])).values()].sort(compareWorkloads);
}

function toService({ namespace, name, origin, workloads }: NamedContainers): Service {
  return {
    namespace,
    name,
    type: 'Compose',
    workloads: inOrder([...workloads.values()]),
    ports: [],
    headless: false,
    clusterAddresses: [],
    externalAddresses: [],
    labels: {},
    annotations: {},
    origin,
  };
}
