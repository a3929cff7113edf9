import { type Connection, type Endpoint, type GraphPeer, type IpFamily, parseAddress, type Pod, type Snapshot, workloadKey, type WorkloadRef } from '#model';

import type { ServiceRoute } from './service-table.ts';

/** A connection as it arrives, and the Service it goes by where there is one. */
export interface Way {
  readonly connection: Connection;
  readonly by?: ServiceRoute;
}

/** What ways are found in: a cluster, and where its Services lead. */
export interface LabMap {
  readonly snapshot: Snapshot;
  readonly services: readonly ServiceRoute[];
}

const OUTSIDE = { 4: '203.0.113.7', 6: '2001:db8:ffff::7' } as const;
const FAMILIES: readonly IpFamily[] = [4, 6];

/** What one end of a graph asks of the other: the port of the server, and through a Service where one leads there. */
export function waysAlong(from: GraphPeer, to: GraphPeer, port: number, protocol: Connection['protocol'], map: LabMap): readonly Way[] {
  const client = typeof from === 'string' ? undefined : podOf(from, map);
  const server = typeof to === 'string' ? undefined : podOf(to, map);
  return FAMILIES.flatMap((family) => {
    const [source, destination] = [endOf(from, client, server, family, map), endOf(to, server, client, family, map)];
    if (source === undefined || destination === undefined) return [];
    // only nodes translate addresses of Services, so who is outside goes straight to the pod
    const by = client === undefined ? undefined : serviceTo(destination, port, protocol, map);
    return [{ connection: { from: source, to: destination, protocol, port }, ...(by === undefined ? {} : { by }) }];
  });
}

/** From a pod of a workload straight to this pod; none where both are the same node to each other. */
export function straightWays(client: WorkloadRef, server: Pod, port: number, protocol: Connection['protocol'], map: LabMap): readonly Way[] {
  const pod = podOf(client, map);
  if (pod === undefined || (pod.hostNetwork && server.hostNetwork && pod.node === server.node)) return [];
  return FAMILIES.flatMap((family) => {
    const [from, to] = [podEnd(pod, family), podEnd(server, family)];
    return from === undefined || to === undefined ? [] : [{ connection: { from, to, protocol, port } }];
  });
}

/** The first pod of a workload that runs somewhere. */
export function podOf(ref: WorkloadRef, { snapshot }: Pick<LabMap, 'snapshot'>): Pod | undefined {
  const key = workloadKey(ref);
  return [...snapshot.pods.values()].find((pod) => workloadKey(pod.workload) === key && pod.phase !== 'finished' && pod.node !== undefined);
}

function endOf(peer: GraphPeer, pod: Pod | undefined, other: Pod | undefined, family: IpFamily, { snapshot }: LabMap): Endpoint | undefined {
  if (typeof peer !== 'string') return pod === undefined ? undefined : podEnd(pod, family);
  if (peer === 'internet' || peer === 'any') return addressEnd(OUTSIDE[family]);
  if (peer !== 'kubelet') return undefined;
  const address = snapshot.nodes.get(other?.node ?? '')?.addresses.find((each) => each.family === family);
  return address === undefined ? undefined : { kind: 'address', address };
}

function addressEnd(text: string): Endpoint | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : { kind: 'address', address };
}

function podEnd(pod: Pod, family: IpFamily): Endpoint | undefined {
  const address = pod.addresses.find((each) => each.family === family);
  return address === undefined ? undefined : { kind: 'pod', pod, address };
}

function serviceTo(to: Endpoint, port: number, protocol: Connection['protocol'], { services }: LabMap): ServiceRoute | undefined {
  if (to.kind !== 'pod') return undefined;
  return services.find((route) => route.protocol === protocol && route.backends.some((backend) => backend.port === port && backend.address.text === to.address.text));
}
