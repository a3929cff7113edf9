import { podOf, straightWays, type Way, waysAlong } from '#lab';
import { compareText, type Connection, type Relationship, workloadKey } from '#model';
import { createEvaluator, type Evaluator } from '#policy';

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

export interface TrafficPlan {
  readonly attempts: readonly Attempt[];
  /** Strong relationships one end of which is nowhere in the lab. */
  readonly leftOut: readonly Relationship[];
}

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
  const ways = waysAlong(edge.from, edge.to, port, edge.protocol, cluster);
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
        const ways = straightWays(client.ref, pod, port, protocol, cluster);
        if (ways.length === 0 || ways.some(({ connection }) => isAllowedBy(evaluator, connection))) continue;
        yield { from: workloadKey(client.ref), to: workloadKey(server.ref), port: portName(port, protocol), isHttp: false, isAllowed: false, ways };
        found += 1;
        if (found === INTRUDERS) break;
      }
    }
  }
}

function isAllowedBy(evaluator: Evaluator, connection: Connection): boolean {
  return evaluator.evaluate(connection).decision === 'allow';
}

function isHttp(application: string | undefined): boolean {
  return application === 'http' || application === 'https' || application === 'grpc';
}
