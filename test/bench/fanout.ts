// A thousand enforcers connected: what one workload's change costs until all concerned have acknowledged it, and what a storm of reconnects does.
import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { ControllerCertificate, openAuthority } from '#certificates';
import { connectMethod } from '#channel';
import { type CompileChange, NodeCompiler } from '#compilers/nftables';
import { type DesiredBundle, DesiredBundles } from '#distribution';
import { type Pod, podKey } from '#model';

import { NodeChannelServer } from '../../apps/controller/src/channel/node-channel-server.ts';
import { largeCluster, makePod, podsByKey, random } from '../support/large-cluster.ts';

const size = { pods: Number(process.argv[2] ?? 10_000), workloads: 1_000, nodes: Number(process.argv[4] ?? 1_000), namespaces: 100 };
const processes = 2;
const rounds = Number(process.argv[3] ?? 40);
const warmUp = 5;
const patienceMs = 300_000;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function say(text: string): void {
  process.stderr.write(`fanout: ${text}\n`);
}

function spread(samples: readonly number[]): Readonly<Record<string, number>> {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number): number => Number((sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toPrecision(3));
  return { min: at(0), p50: at(0.5), p99: at(0.99), max: at(1) };
}

function cpuMs(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1_000;
}

// what goes down, as gRPC messages
const method = connectMethod();
const serialize = method.responseSerialize;
let sentBytes = 0;
let sentMessages = 0;
Object.assign(method, {
  responseSerialize: (message: Parameters<typeof serialize>[0]) => {
    const bytes = serialize(message);
    sentBytes += bytes.length;
    sentMessages += 1;
    return bytes;
  },
});

const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'));
const authority = await openAuthority(folder, Date.now());
const certificate = await ControllerCertificate.make(authority, Date.now);
const names = Array.from({ length: size.nodes }, (_, at) => `node-${String(at).padStart(4, '0')}`);
say(`${String(size.nodes)} certificates`);
writeFileSync(join(folder, 'ca.crt'), authority.certificate);
for (const node of names) {
  const issued = await authority.issueNode(node, 1, Date.now());
  writeFileSync(join(folder, `${node}.crt`), issued.certificate);
  writeFileSync(join(folder, `${node}.key`), issued.key, { mode: 0o600 });
}

say(`compiles ${String(size.pods)} pods for ${String(size.nodes)} nodes`);
const cluster = largeCluster(size);
const compiler = new NodeCompiler(cluster.revision, cluster.snapshot, digest);
const bundles = new DesiredBundles(digest);

let waiting: { left: Set<string>; done: () => void } | undefined;
const connected = new Set<string>();
let onConnected: () => void = () => undefined;

function events(): Parameters<typeof NodeChannelServer.start>[0]['events'] {
  return {
    onConnected: (node) => {
      connected.add(node);
      onConnected();
    },
    onDisconnected: (node) => {
      connected.delete(node);
    },
    onAck: (node) => {
      if (waiting?.left.delete(node) === true && waiting.left.size === 0) waiting.done();
    },
    onNack: (node, { why }) => {
      throw new Error(`${node} refused its bundle: ${why}`);
    },
    onReport: () => undefined,
    onFlows: () => Promise.resolve(),
    onMetadata: () => Promise.resolve(),
    snapshotOf: (node) => Promise.resolve(bundles.snapshot(node)),
    onRefused: (peer, why) => {
      say(`sent away: ${peer}: ${why}`);
    },
  };
}

function serve(port: number): Promise<NodeChannelServer> {
  return NodeChannelServer.start({ listen: [{ host: '127.0.0.1', port }], credentials: certificate.credentials, controllerVersion: 'bench', isRevoked: () => false, statusEveryMs: 600_000, events: events() });
}

function everybody(what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${what}: ${String(connected.size)} of ${String(size.nodes)} after ${String(patienceMs)} ms`));
    }, patienceMs);
    onConnected = () => {
      if (connected.size < size.nodes) return;
      clearTimeout(timer);
      resolve();
    };
    onConnected();
  });
}

function acked(desired: readonly DesiredBundle[]): Promise<void> {
  if (desired.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${String(waiting?.left.size)} nodes did not acknowledge`));
    }, patienceMs);
    waiting = {
      left: new Set(desired.map(({ node }) => node)),
      done: () => {
        clearTimeout(timer);
        resolve();
      },
    };
  });
}

/** What a controller that comes back has compiled again: which bundles there are, and no way from those before. */
const newest = new Map<string, DesiredBundle>();

function desire(each: DesiredBundle, isWhole = false): void {
  const { node, version, revision, hash } = each;
  newest.set(node, { node, version, revision, hash });
  server.setDesired(isWhole ? { node, version, revision, hash } : each);
}

let server = await serve(0);
const port = server.ports[0] ?? 0;
const first = bundles.set([...compiler.bundles().values()]);
const begun = acked(first);
for (const desired of first) desire(desired);
say('connects');
const share = size.nodes / processes;
const children: readonly ChildProcess[] = Array.from({ length: processes }, (_, at) => fork(fileURLToPath(new URL('fanout-clients.ts', import.meta.url)), [folder, String(port), String(at * share), String(share)], { execArgv: ['--disable-warning=ExperimentalWarning'] }));
await everybody('connect');
await begun;
const rss = (): number => Math.round(process.memoryUsage().rss / 2 ** 20);
globalThis.gc?.();
const connectedMiB = rss();

interface Cost {
  readonly nodes: number;
  readonly compileMs: number;
  readonly encodeMs: number;
  readonly ackedMs: number;
  readonly cpuMs: number;
  readonly bytes: number;
}

/** One change through compiler, encoder and channel, until every node it concerns has acknowledged. */
async function change(made: readonly CompileChange[], isWhole: boolean): Promise<Cost> {
  const from = performance.now();
  const cpuFrom = process.cpuUsage();
  const bytesFrom = sentBytes;
  const { changed } = compiler.apply(made);
  const compiledAt = performance.now();
  const desired = bundles.set(changed);
  const encodedAt = performance.now();
  const done = acked(desired);
  for (const each of desired) desire(each, isWhole);
  await done;
  return { nodes: desired.length, compileMs: compiledAt - from, encodeMs: encodedAt - compiledAt, ackedMs: performance.now() - from, cpuMs: cpuMs(cpuFrom), bytes: sentBytes - bytesFrom };
}

function summary(costs: readonly Cost[]): Readonly<Record<string, unknown>> {
  const of = (name: keyof Cost): Readonly<Record<string, number>> => spread(costs.map((cost) => cost[name]));
  const messages = costs.reduce((sum, { nodes }) => sum + nodes, 0);
  const cpu = costs.reduce((sum, each) => sum + each.cpuMs - each.compileMs, 0);
  return { nodes: of('nodes'), untilAckedMs: of('ackedMs'), compileMs: of('compileMs'), encodeMs: of('encodeMs'), bytes: of('bytes'), bytesANode: Math.round(costs.reduce((sum, { bytes }) => sum + bytes, 0) / messages), cpuUsANode: Math.round((cpu * 1_000) / messages) };
}

const next = random(11);
const pods = podsByKey(cluster);

async function podChanges(isWhole: boolean, times: number): Promise<readonly Cost[]> {
  const costs: Cost[] = [];
  for (let at = 0; at < warmUp + times; at += 1) {
    const twin = pods[Math.floor(next() * pods.length)] as Pod;
    const pod = makePod(twin.workload, 1_000 + at, Math.floor(next() * size.nodes), 200);
    const added = await change([{ kind: 'pod', key: podKey(pod), pod }], isWhole);
    const removed = await change([{ kind: 'pod', key: podKey(pod) }], isWhole);
    if (at >= warmUp) costs.push(added, removed);
  }
  return costs;
}

say('a pod comes, and goes: as changes');
const deltas = summary(await podChanges(false, rounds));
say('the same, as whole bundles');
const snapshots = summary(await podChanges(true, Math.max(3, Math.round(rounds / 8))));

say('every node at once: another revision with another rule for one workload');
const { policies } = cluster.revision;
const everyNode: Cost[] = [];
for (let number = 1; number <= 4; number += 1) {
  const revision = { ...cluster.revision, number, policies: number % 2 === 0 ? policies : policies.slice(1) };
  const from = performance.now();
  const cpuFrom = process.cpuUsage();
  const bytesFrom = sentBytes;
  compiler.apply([{ kind: 'revision', revision }]);
  const compiledAt = performance.now();
  const desired = bundles.set([...compiler.bundles().values()]);
  const encodedAt = performance.now();
  const done = acked(desired);
  for (const each of desired) desire(each);
  await done;
  everyNode.push({ nodes: desired.length, compileMs: compiledAt - from, encodeMs: encodedAt - compiledAt, ackedMs: performance.now() - from, cpuMs: cpuMs(cpuFrom), bytes: sentBytes - bytesFrom });
}

async function storm(isJittered: boolean): Promise<Readonly<Record<string, number>>> {
  for (const child of children) child.send({ do: 'jitter', isJittered });
  await server.close();
  connected.clear();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const cpuFrom = process.cpuUsage();
  const bytesFrom = sentBytes;
  delay.enable();
  const from = performance.now();
  server = await serve(port);
  for (const each of newest.values()) server.setDesired(each);
  await everybody('reconnect');
  const allMs = performance.now() - from;
  delay.disable();
  return { allConnectedMs: Math.round(allMs), cpuMs: Math.round(cpuMs(cpuFrom)), cpuMsANode: Number((cpuMs(cpuFrom) / size.nodes).toPrecision(3)), longestStallMs: Math.round(delay.max / 1e6), bytes: sentBytes - bytesFrom };
}

say(JSON.stringify({ deltas, snapshots, everyNode: summary(everyNode) }));
say('the controller dies and comes back: everybody at once');
const atOnce = await storm(false);
say('the same, each when it likes');
const jittered = await storm(true);

for (const child of children) child.send({ do: 'stop' });
await server.close();
rmSync(folder, { recursive: true });
process.stdout.write(`${JSON.stringify({ bench: 'fanout', ...size, connectedMiB, messages: sentMessages, changes: deltas, wholeBundles: snapshots, everyNode: summary(everyNode), reconnectAtOnce: atOnce, reconnectJittered: jittered })}\n`);
process.exit(0);
