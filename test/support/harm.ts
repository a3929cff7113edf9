import { placeExamplePods } from '#inventory';
import { type Address, type Endpoint, type Pod, parseAddress, type Protocol, type Revision, type Snapshot, workloadKey } from '#model';
import { createEvaluator, type Evaluator } from '#policy';

import { isWorkloadKey, type Truth, truthKey } from './truth.ts';

/** What enforcing a revision would do to an application whose truth is known. */
export interface Harm {
  /** True edges between workloads, or from outside to one, each with its port. */
  readonly trueEdges: number;
  readonly cut: readonly string[];
  /** Ordered pairs of different workloads that never talk, and those no port is left open between. */
  readonly silentPairs: number;
  readonly closedPairs: number;
  readonly closedShare: number;
}

const OUTSIDE = parseAddress('203.0.113.77');

/** Tries every true edge and every pair that never talks, pod to pod, on example pods of three nodes. */
export function harm(truth: Truth, revision: Revision, input: Snapshot): Harm {
  const snapshot = placeExamplePods(input, { nodes: 3 });
  const pods = podsByWorkload(snapshot, truth);
  const evaluator = createEvaluator(revision, snapshot);
  const known = knownPairs(truth);
  const cut = cutEdges(truth, pods, evaluator);
  const silent = silentPairs([...pods.keys()], known);
  const closed = silent.filter(([client, server]) => isClosed(pods.get(client) ?? [], pods.get(server) ?? [], portsToTry(server, truth, snapshot, pods), evaluator));
  return {
    trueEdges: cut.tried,
    cut: cut.cut,
    silentPairs: silent.length,
    closedPairs: closed.length,
    closedShare: silent.length === 0 ? 1 : Math.round((closed.length / silent.length) * 1000) / 1000,
  };
}

function podsByWorkload(snapshot: Snapshot, truth: Truth): ReadonlyMap<string, readonly Pod[]> {
  const live = [...snapshot.pods.values()].filter((pod) => pod.addresses.length > 0);
  return Map.groupBy(live, (pod) => truthKey(pod.workload, truth));
}

function knownPairs(truth: Truth): ReadonlySet<string> {
  return new Set(truth.edges.map(({ from, to }) => `${truthKey(from, truth)} -> ${truthKey(to, truth)}`));
}

function cutEdges(truth: Truth, pods: ReadonlyMap<string, readonly Pod[]>, evaluator: Evaluator): { readonly tried: number; readonly cut: readonly string[] } {
  const cut: string[] = [];
  let tried = 0;
  for (const { from, to, port, protocol, status } of truth.edges) {
    const server = pods.get(truthKey(to, truth));
    const client = from === 'internet' ? [undefined] : pods.get(truthKey(from, truth));
    if (status !== 'true' || server === undefined || client === undefined || port === null) continue;
    tried += 1;
    const isCut = client.some((one) => server.some((other) => !isAllowed(one, other, port, protocol, evaluator)));
    if (isCut) cut.push(`${truthKey(from, truth)} -> ${truthKey(to, truth)} ${String(port)}/${protocol}`);
  }
  return { tried, cut: cut.sort() };
}

function silentPairs(workloads: readonly string[], known: ReadonlySet<string>): readonly (readonly [string, string])[] {
  const keys = workloads.filter(isWorkloadKey);
  return keys.flatMap((client) => keys.filter((server) => server !== client && !known.has(`${client} -> ${server}`)).map((server) => [client, server] as const));
}

function isClosed(clients: readonly Pod[], servers: readonly Pod[], ports: readonly (readonly [number, Protocol])[], evaluator: Evaluator): boolean {
  return clients.every((client) => servers.every((server) => ports.every(([port, protocol]) => !isAllowed(client, server, port, protocol, evaluator))));
}

// every port anything says the server has, and one that nothing says
function portsToTry(server: string, truth: Truth, snapshot: Snapshot, pods: ReadonlyMap<string, readonly Pod[]>): readonly (readonly [number, Protocol])[] {
  const ports = new Map<string, readonly [number, Protocol]>([['9/TCP', [9, 'TCP']]]);
  const add = (port: number, protocol: Protocol): void => void ports.set(`${String(port)}/${protocol}`, [port, protocol]);
  for (const { to, port, protocol } of truth.edges) if (port !== null && truthKey(to, truth) === server) add(port, protocol);
  for (const pod of pods.get(server) ?? []) {
    for (const { port, protocol } of pod.ports) add(port, protocol);
    for (const { published } of [snapshot.workloads.get(workloadKey(pod.workload))?.compose ?? { published: [] }]) for (const { target, protocol } of published) add(target, protocol);
  }
  return [...ports.values()];
}

function isAllowed(client: Pod | undefined, server: Pod, port: number, protocol: Protocol, evaluator: Evaluator): boolean {
  return server.addresses.every((address) => {
    const from = client === undefined ? outside(address) : inside(client, address);
    return from === undefined || evaluator.evaluate({ from, to: { kind: 'pod', pod: server, address }, protocol, port }).decision === 'allow';
  });
}

function outside({ family }: Address): Endpoint | undefined {
  return OUTSIDE === undefined || family !== OUTSIDE.family ? undefined : { kind: 'address', address: OUTSIDE };
}

function inside(pod: Pod, { family }: Address): Endpoint | undefined {
  const address = pod.addresses.find((each) => each.family === family);
  return address === undefined ? undefined : { kind: 'pod', pod, address };
}
