import { compareText, type Connection, type Endpoint, type GraphPeer, type IpFamily, parseAddress, type Pod, type Relationship, type Workload, workloadKey } from '#model';
import { createEvaluator, type Evaluator } from '#policy';
import type { ServiceRoute } from '#lab';

import { peerName, portName } from '../output/peer-name.ts';
import type { LabCluster } from './lab-cluster.ts';

/** One thing a client tries, over each family that both ends have. */
export interface Attempt {
  readonly from: string;
  readonly to: string;
  readonly port: string;
  readonly isHttp: boolean;
  /** What the policies say of it. */
  readonly isAllowed: boolean;
  readonly ways: readonly Way[];
}

/** A connection as it arrives, and the Service it goes by where there is one. */
export interface Way {
  readonly connection: Connection;
  readonly by?: ServiceRoute;
}

export interface TrafficPlan {
  readonly attempts: readonly Attempt[];
  /** Strong relationships one end of which is nowhere in the lab. */
  readonly leftOut: readonly Relationship[];
}

const OUTSIDE = { 4: '203.0.113.7', 6: '2001:db8:ffff::7' } as const;
const FAMILIES: readonly IpFamily[] = [4, 6];
/** Forbidden attempts on each port of a workload. */
const INTRUDERS = 1;
const DEFAULT_OUTSIDE_PORT = 443;

/**
 * What the clients of a lab try: every strong relationship, by its Service where there is one, and
 * for each port of each workload a client the policies forbid it to.
 */
export function planTraffic(cluster: LabCluster): TrafficPlan {
  const evaluator = createEvaluator(cluster.revision, cluster.snapshot);
  const attempts: Attempt[] = [];
  const leftOut: Relationship[] = [];
  for (const edge of cluster.graph.relationships) {
    if (edge.tier !== 'strong') continue;
    const attempt = alongEdge(edge, cluster, evaluator);
    if (attempt === undefined) leftOut.push(edge);
    else attempts.push(attempt);
  }
  return { attempts: [...attempts, ...intrusions(cluster, evaluator)], leftOut };
}

function alongEdge(edge: Relationship, cluster: LabCluster, evaluator: Evaluator): Attempt | undefined {
  const port = edge.port ?? (edge.to === 'internet' ? DEFAULT_OUTSIDE_PORT : undefined);
  if (port === undefined) return undefined;
  const client = typeof edge.from === 'string' ? undefined : podOf(edge.from, cluster);
  const server = typeof edge.to === 'string' ? undefined : podOf(edge.to, cluster);
  const ways = FAMILIES.flatMap((family) => {
    const [from, to] = [endOf(edge.from, client, server, family, cluster), endOf(edge.to, server, client, family, cluster)];
    if (from === undefined || to === undefined) return [];
    // only nodes translate addresses of Services, so who is outside goes straight to the pod
    const by = client === undefined ? undefined : serviceTo(to, port, edge.protocol, cluster);
    return [{ connection: { from, to, protocol: edge.protocol, port }, ...(by === undefined ? {} : { by }) }];
  });
  if (ways.length === 0) return undefined;
  const isAllowed = ways.every(({ connection }) => isAllowedBy(evaluator, connection));
  return { from: peerName(edge.from), to: peerName(edge.to, edge.host), port: portName(port, edge.protocol), isHttp: isHttp(edge.application), isAllowed, ways };
}

// Every port that a workload declares, tried by the first workload after it that may not.
function* intrusions(cluster: LabCluster, evaluator: Evaluator): Generator<Attempt> {
  const workloads = [...cluster.snapshot.workloads.values()].sort((a, b) => compareText(workloadKey(a.ref), workloadKey(b.ref)));
  for (const [at, server] of workloads.entries()) {
    const pod = podOf(server.ref, cluster);
    if (pod === undefined) continue;
    const others = [...workloads.slice(at + 1), ...workloads.slice(0, at)];
    for (const { port, protocol } of pod.ports) {
      let found = 0;
      for (const client of others) {
        const ways = straightWays(client, pod, port, protocol, cluster);
        if (ways.length === 0 || ways.some(({ connection }) => isAllowedBy(evaluator, connection))) continue;
        yield { from: workloadKey(client.ref), to: workloadKey(server.ref), port: portName(port, protocol), isHttp: false, isAllowed: false, ways };
        found += 1;
        if (found === INTRUDERS) break;
      }
    }
  }
}

function straightWays(client: Workload, server: Pod, port: number, protocol: Connection['protocol'], cluster: LabCluster): readonly Way[] {
  const pod = podOf(client.ref, cluster);
  if (pod === undefined || (pod.hostNetwork && server.hostNetwork && pod.node === server.node)) return [];
  return FAMILIES.flatMap((family) => {
    const [from, to] = [podEnd(pod, family), podEnd(server, family)];
    return from === undefined || to === undefined ? [] : [{ connection: { from, to, protocol, port } }];
  });
}

function endOf(peer: GraphPeer, pod: Pod | undefined, other: Pod | undefined, family: IpFamily, { snapshot }: LabCluster): Endpoint | undefined {
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

function podOf(ref: Workload['ref'], { snapshot }: LabCluster): Pod | undefined {
  const key = workloadKey(ref);
  return [...snapshot.pods.values()].find((pod) => workloadKey(pod.workload) === key && pod.phase !== 'finished' && pod.node !== undefined);
}

function serviceTo(to: Endpoint, port: number, protocol: Connection['protocol'], { services }: LabCluster): ServiceRoute | undefined {
  if (to.kind !== 'pod') return undefined;
  return services.find((route) => route.protocol === protocol && route.backends.some((backend) => backend.port === port && backend.address.text === to.address.text));
}

function isAllowedBy(evaluator: Evaluator, connection: Connection): boolean {
  return evaluator.evaluate(connection).decision === 'allow';
}

function isHttp(application: string | undefined): boolean {
  return application === 'http' || application === 'https' || application === 'grpc';
}
