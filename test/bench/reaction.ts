// From a pod's event at the API server to its rules in the kernel of the right nodes, with 10,000 pods
// present and everything that is proposed for them approved and enforced: 500 changes a second from a
// process that replays list and watch over TLS, 50 and 100 through a real API server. A few nodes have enforcers with real kernels, and only
// what concerns those is measured; bundles of all the others are worked out just the same. `own`: the
// node the pod is on knows it. `peers`: nodes whose pods it calls let it in.
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { whyNoCluster } from '../support/control-plane.ts';
import type { ReactionNews } from './reaction-controller.ts';
import { type Applied, ReactionNodes } from './reaction-nodes.ts';
import { ReactionCluster } from './reaction-cluster.ts';
import { type NewPod, ReactionTally } from './reaction-tally.ts';
import { startReplay } from './replay-start.ts';

const PODS = Number(process.env['REACTION_PODS'] ?? '10000');
const MEASURED = ['node-0', 'node-1', 'node-2', 'node-3'];
const BUDGET_P99_MS = 200;
const SETTLE_MS = 3_000;
/** Of changes that are not counted: code that has never run is slow. */
const WARM_UP_S = 5;
// SECONDS, then `replayed` or `real` for that one alone
const [, , secondsText = '20', only] = process.argv;

class ControllerChild {
  readonly #child: ChildProcess;
  readonly #onNews: (news: ReactionNews) => void;

  constructor(kubeconfig: string, state: string, onNews: (news: ReactionNews) => void) {
    this.#onNews = onNews;
    this.#child = fork(join(import.meta.dirname, 'reaction-controller.ts'), [kubeconfig, state, ...MEASURED], { execArgv: ['--disable-warning=ExperimentalWarning'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (news: ReactionNews) => {
      this.#onNews(news);
    });
  }

  up(): Promise<Extract<ReactionNews, { readonly kind: 'up' }>> {
    return this.#next('up');
  }

  cpu(): Promise<Extract<ReactionNews, { readonly kind: 'cpu' }>> {
    this.#child.send('cpu');
    return this.#next('cpu');
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #next<Kind extends ReactionNews['kind']>(kind: Kind): Promise<Extract<ReactionNews, { readonly kind: Kind }>> {
    return new Promise((resolve, reject) => {
      const listen = (news: ReactionNews): void => {
        if (news.kind !== kind) return;
        this.#child.off('message', listen);
        resolve(news as Extract<ReactionNews, { readonly kind: Kind }>);
      };
      this.#child.on('message', listen);
      this.#child.once('exit', (code) => {
        reject(new Error(`the controller ended with ${String(code)}`));
      });
    });
  }
}

/** Something that changes pods and tells when. */
interface Changing {
  readonly kubeconfig: string;
  change(perSecond: number, count: number, changed?: (changes: readonly NewPod[]) => void): Promise<void>;
}

async function measure(cluster: Changing, rates: readonly number[]): Promise<object> {
  const state = mkdtempSync(join(tmpdir(), 'ringfence-reaction-state-'));
  const nodes = new ReactionNodes();
  let tally = new ReactionTally(MEASURED);
  const controller = new ControllerChild(cluster.kubeconfig, state, (news) => {
    if (news.kind === 'heard') tally.heard(news.pods);
    if (news.kind === 'worked') tally.worked(news.turns);
  });
  try {
    const up = await controller.up();
    console.error(`reaction: everything in sync and ${String(up.approved)} workloads approved after ${String(up.syncMs)} ms`);
    const ready = new Set<string>();
    const all = Promise.withResolvers<undefined>();
    for (const node of MEASURED) {
      nodes.connect(node, up.port, up.nodes[node]!, (applied: Applied) => {
        tally.applied(applied);
        ready.add(node);
        if (ready.size === MEASURED.length) all.resolve(undefined);
      });
    }
    await all.promise;
    const runs = [];
    for (const perSecond of rates) {
      await cluster.change(perSecond, perSecond * WARM_UP_S);
      console.error(`reaction: ${String(perSecond)} changes a second for ${secondsText} s`);
      tally = new ReactionTally(MEASURED, tally);
      const before = await controller.cpu();
      const from = performance.now();
      await cluster.change(perSecond, perSecond * Number(secondsText), (changes: readonly NewPod[]) => {
        tally.changed(changes);
      });
      const ms = performance.now() - from;
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const after = await controller.cpu();
      runs.push({ perSecond, reachedPerSecond: Math.round((perSecond * Number(secondsText) * 1_000) / ms), ...tally.summary(), controllerCpuShare: Math.round(((after.cpuMs - before.cpuMs) / ms) * 100) / 100, controllerRssMB: after.rssMB });
    }
    return { pods: PODS, approved: up.approved, syncMs: up.syncMs, measuredNodes: MEASURED.length, runs };
  } finally {
    nodes.close();
    controller.close();
    rmSync(state, { recursive: true, force: true });
  }
}

async function replayed(): Promise<object> {
  console.error(`reaction: ${String(PODS)} pods, replayed`);
  const replay = await startReplay({ pods: PODS, endpointSlices: true });
  try {
    return await measure(replay, [500]);
  } finally {
    await replay.close();
  }
}

/** The server's own share is in `where.source`: from the write to the news of it. */
async function real(): Promise<object> {
  const obstacle = whyNoCluster();
  if (obstacle !== undefined) return { skipped: obstacle };
  console.error(`reaction: ${String(PODS)} pods on a real API server`);
  const cluster = await ReactionCluster.start(PODS);
  try {
    return await measure(cluster, [50, 100]);
  } finally {
    await cluster.stop();
  }
}

const which = only === 'replayed' ? { replayed: await replayed() } : only === 'real' ? { real: await real() } : { replayed: await replayed(), real: await real() };
console.log(JSON.stringify({ bench: 'reaction', budget: { p99Ms: BUDGET_P99_MS, perSecond: 500 }, ...which }));
process.exit(0);
