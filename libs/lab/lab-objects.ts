import { placeExamplePods, snapshotOf } from '#inventory';
import { type Address, compareText, type Json, type JsonObject, isJsonObject, type Node, type Pod, podKey, type Service, type Snapshot, type SourceUpdate } from '#model';

import { serviceRoutes } from './service-table.ts';

const SOURCE = 'lab';

/**
 * What the API server of a cluster would tell if these manifests ran on it: pods on nodes, nodes,
 * and Services with addresses, in the shape the wire has.
 *
 * Pods and their addresses are the example ones of `#inventory`, the same for the same manifests.
 */
export function labObjects(updates: readonly SourceUpdate[], nodes: number): readonly SourceUpdate[] {
  const placed = placeExamplePods(snapshotOf(updates), { nodes });
  const addresses = serviceAddresses(placed);
  const given = updates.map((update) => fromLab(update, placed, addresses));
  const objects = new Map(given.map((update) => [update.key, update]));
  for (const node of placed.nodes.values()) if (node.isExample) add(objects, 'v1', 'Node', '', node.name, nodeBody(node));
  for (const pod of placed.pods.values()) if (pod.isExample && pod.workload.kind !== 'Pod') add(objects, 'v1', 'Pod', pod.namespace, pod.name, podBody(pod));
  return [...objects.values()].sort((a, b) => compareText(a.key, b.key));
}

function add(objects: Map<string, SourceUpdate>, apiVersion: string, objectKind: string, namespace: string, name: string, body: JsonObject): void {
  const key = `${objectKind} ${namespace}/${name}`;
  objects.set(key, { source: SOURCE, key, value: { kind: 'manifest', apiVersion, objectKind, namespace, name, body: { apiVersion, kind: objectKind, ...body }, origin: { file: key, line: 1 } } });
}

function fromLab({ key, value }: SourceUpdate, { pods }: Snapshot, addresses: ReadonlyMap<string, readonly Address[]>): SourceUpdate {
  if (value?.kind !== 'manifest') return { source: SOURCE, key, value };
  const name = `${value.namespace}/${value.name}`;
  if (value.objectKind === 'Service' && value.apiVersion === 'v1') {
    const [first, ...rest] = (addresses.get(name) ?? []).map(({ text }) => text);
    if (first !== undefined) return { source: SOURCE, key, value: { ...value, body: withSpec(value.body, { clusterIP: first, clusterIPs: [first, ...rest] }) } };
  }
  const pod = value.objectKind === 'Pod' ? pods.get(name) : undefined;
  if (pod?.isExample === true) return { source: SOURCE, key, value: { ...value, body: { ...withSpec(value.body, { nodeName: pod.node ?? '' }), status: podStatus(pod) } } };
  return { source: SOURCE, key, value };
}

function withSpec(body: JsonObject, fields: JsonObject): JsonObject {
  const { spec } = body;
  return { ...body, spec: { ...(spec !== undefined && isJsonObject(spec) ? spec : {}), ...fields } };
}

function serviceAddresses(snapshot: Snapshot): ReadonlyMap<string, readonly Address[]> {
  const found = new Map<string, Address[]>();
  for (const { service, address } of serviceRoutes(snapshot)) {
    const known = found.get(service) ?? [];
    if (isOwn(snapshot.services.get(service), address) && !known.some(({ text }) => text === address.text)) known.push(address);
    found.set(service, known);
  }
  return found;
}

/** Whether a route's address is the cluster's for this Service, and not one it is known by outside. */
function isOwn(service: Service | undefined, address: Address): boolean {
  return service !== undefined && !service.externalAddresses.some(({ text }) => text === address.text);
}

function nodeBody({ name, labels, addresses }: Node): JsonObject {
  return {
    metadata: { name, labels },
    status: { addresses: addresses.map(({ text }) => ({ type: 'InternalIP', address: text })) },
  };
}

function podBody(pod: Pod): JsonObject {
  const { kind, name } = pod.workload;
  const containers = pod.ports.map(({ name: portName, port, protocol }, at): Json => ({ name: `c${String(at)}`, image: 'lab', ports: [{ ...(portName === undefined ? {} : { name: portName }), containerPort: port, protocol }] }));
  return {
    metadata: { name: pod.name, namespace: pod.namespace, labels: pod.labels, ownerReferences: [{ apiVersion: 'lab/v1', kind, name, uid: podKey(pod), controller: true }] },
    spec: { nodeName: pod.node ?? '', hostNetwork: pod.hostNetwork, containers: containers.length === 0 ? [{ name: 'c', image: 'lab' }] : containers },
    status: podStatus(pod),
  };
}

function podStatus({ addresses }: Pod): JsonObject {
  return { phase: 'Running', podIP: addresses[0]?.text ?? '', podIPs: addresses.map(({ text }) => ({ ip: text })) };
}
