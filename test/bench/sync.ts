// The first sync with a large cluster: ours and the informer of the Kubernetes client, each in a
// process of its own that keeps what it is told. Time, heap for a pod, and the longest the event
// loop stood still: meanwhile no health probe is answered and no lease renewed. 10,000 and 50,000
// pods from a made-up cluster in another process, and 2,000 from a real API server where one can run.
import { spawn } from 'node:child_process';
import { monitorEventLoopDelay } from 'node:perf_hooks';

import { ClusterConnection, findClusterAccess, KubernetesSource } from '#sources/kubernetes/watch';
import { systemClock } from '#sources/waiting';

import { startCluster } from '../cluster/cluster.ts';
import { awaitControlPlane, whyNoCluster } from '../support/control-plane.ts';
import { startReplay } from './replay-start.ts';
import { ReplayWorld } from './replay-world.ts';

const SIZES = [10_000, 50_000];
const REAL_PODS = 2_000;
const BUDGET_STALL_MS = 200;
const LONGEST_MS = 300_000;

interface Measured {
  readonly ms: number;
  readonly pods: number;
  readonly heapMB: number;
  readonly rssMB: number;
  readonly cpuMs: number;
  readonly longestStallMs: number;
}

/** The child: syncs once, says what that took, and ends. */
async function measure(client: string, kubeconfig: string): Promise<void> {
  const run = client === 'ringfence' ? await ours(kubeconfig) : await informer(kubeconfig);
  global.gc?.();
  const heapBefore = process.memoryUsage().heapUsed;
  const cpuBefore = process.cpuUsage();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  const kept = await run();
  const ms = performance.now() - started;
  // what kept the loop busy at the very end is counted when the loop comes round
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.disable();
  const { user, system } = process.cpuUsage(cpuBefore);
  global.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const measured: Measured = { ms: Math.round(ms), pods: kept.size, heapMB: toMB(heapUsed - heapBefore), rssMB: toMB(rss), cpuMs: Math.round((user + system) / 1_000), longestStallMs: Math.round(delay.max / 1e6) };
  process.stdout.write(`${JSON.stringify(measured)}\n`, () => process.exit(0));
}

type Sync = () => Promise<ReadonlyMap<string, unknown>>;

async function ours(kubeconfig: string): Promise<Sync> {
  const access = await findClusterAccess({ kubeconfig });
  if (access === undefined) throw new Error('there is no cluster');
  const connection = new ClusterConnection(access);
  return async () => {
    const pods = new Map<string, unknown>();
    const others = new Map<string, unknown>();
    await new Promise<void>((resolve) => {
      const source = new KubernetesSource({
        connection,
        clock: systemClock,
        random: Math.random,
        handlers: {
          update: ({ key, value }) => (key.startsWith('/Pod/') ? pods : others).set(key, value),
          inSync: resolve,
          behind: () => undefined,
          status: () => undefined,
          problem: ({ subject, message }) => {
            console.error(`sync: ${subject}: ${message}`);
          },
        },
      });
      source.start();
    });
    return pods;
  };
}

/** Pods only; the source above lists everything else besides. */
async function informer(kubeconfig: string): Promise<Sync> {
  const { CoreV1Api, KubeConfig, makeInformer } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);
  return async () => {
    const pods = new Map<string, unknown>();
    const stock = makeInformer(config, '/api/v1/pods', () => api.listPodForAllNamespaces());
    stock.on('add', (pod) => pods.set(`${pod.metadata?.namespace ?? ''}/${pod.metadata?.name ?? ''}`, pod));
    await stock.start();
    return pods;
  };
}

function toMB(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}

async function inChild(client: string, kubeconfig: string): Promise<Measured> {
  const [node = '', script = ''] = process.argv;
  const child = spawn(node, ['--expose-gc', '--max-old-space-size=8192', '--disable-warning=ExperimentalWarning', script, 'measure', client, kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'], timeout: LONGEST_MS });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`sync: ${client} ended with ${String(code)}`);
  return JSON.parse(said) as Measured;
}

async function compare(server: string, kubeconfig: string, pods: number): Promise<readonly object[]> {
  const results: object[] = [];
  for (const client of ['ringfence', 'makeInformer']) {
    console.error(`sync: ${String(pods)} pods from the ${server} server, ${client}`);
    const measured = await inChild(client, kubeconfig);
    if (measured.pods !== pods) throw new Error(`sync: ${client} has ${String(measured.pods)} of ${String(pods)} pods`);
    results.push({ server, client, ...measured, heapKiBAPod: Math.round((measured.heapMB * 1e4) / 1.024 / pods) / 10 });
  }
  return results;
}

async function fromReplay(pods: number): Promise<readonly object[]> {
  const replay = await startReplay({ pods });
  try {
    return await compare('replaying', replay.kubeconfig, pods);
  } finally {
    await replay.close();
  }
}

async function fromReal(): Promise<readonly object[]> {
  await awaitControlPlane();
  const missing = whyNoCluster();
  if (missing !== undefined) {
    console.error(`sync: without a real API server: ${missing}`);
    return [];
  }
  console.error(`sync: making ${String(REAL_PODS)} pods on a real API server`);
  const cluster = await startCluster();
  try {
    const world = new ReplayWorld({ pods: REAL_PODS });
    for (let index = 0; index < world.count('namespaces'); index += 1) await cluster.client.create('/api/v1/namespaces', { metadata: { name: `team-${String(index)}` } });
    let next = 0;
    const make = async (): Promise<void> => {
      for (let index = next; index < REAL_PODS; index = next) {
        next += 1;
        const { metadata, spec, status } = JSON.parse(world.object('pods', index)) as Record<string, Record<string, unknown>>;
        const place = `/api/v1/namespaces/${String(metadata?.['namespace'])}/pods`;
        const { name, labels, annotations, ownerReferences } = metadata ?? {};
        await cluster.client.create(place, { metadata: { name, labels, annotations, ownerReferences }, spec });
        await cluster.client.patch(`${place}/${String(name)}/status`, { status });
      }
    };
    await Promise.all(Array.from({ length: 8 }, make));
    return await compare('real', cluster.kubeconfig, REAL_PODS);
  } finally {
    await cluster.stop();
  }
}

const [, , mode, client = '', kubeconfig = ''] = process.argv;
if (mode === 'measure') await measure(client, kubeconfig);
else {
  const sizes = mode === undefined ? SIZES : [Number(mode)];
  const runs: object[] = [];
  for (const pods of sizes) runs.push(...(await fromReplay(pods)));
  runs.push(...(await fromReal()));
  console.log(JSON.stringify({ bench: 'sync', budget: { longestStallMs: BUDGET_STALL_MS }, runs }));
}
