// From a delta of the controller to the kernel's acknowledgement, through everything an enforcer does with it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';

import type { NodeBundle } from '#compilers/nftables';
import { ConntrackSweep, NetlinkDriver, NodeKeeper } from '#dataplane';
import { applyDelta, BundleEncoder } from '#distribution';

import { digest } from '../../apps/cli/src/offline/digest.ts';
import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { makeBundle, makePod } from '../support/node-bundles.ts';
import { withTrueDigests } from '../support/true-digests.ts';

const size = { pods: 500, peers: 100_000, profiles: 50 };
const rounds = Number(process.argv[2] ?? 500);
/** Not counted: code that has run a few times only is not what a node runs. */
const warmUp = 50;

interface Step {
  readonly readMs: number;
  readonly keeperMs: number;
  readonly kernelMs: number;
}

function spread(samples: readonly number[]): Readonly<Record<string, number>> {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number): number => Number((sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toPrecision(3));
  return { min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}

const namespace = new NetworkNamespace();
const folder = mkdtempSync(join(tmpdir(), 'ringfence-bench-'));
let kernelMs = 0;
const keeper = new NodeKeeper({
  driver: new NetlinkDriver({ namespacePath: namespace.path }),
  why: [],
  sweep: new ConntrackSweep({ namespacePath: namespace.path }),
  folder,
  onReport: (report) => {
    if (report.kind === 'refused' || report.kind === 'unsaved') throw new Error(report.why);
    if (report.kind === 'applied') kernelMs = report.commitMs;
  },
});
keeper.start();
const encoder = new BundleEncoder(digest);
const made = withTrueDigests(makeBundle(size));
let held: NodeBundle = { ...made, pods: sorted(made.pods) };
keeper.offer(held, { origin: 'channel' });

function sorted(pods: NodeBundle['pods']): NodeBundle['pods'] {
  return [...pods].sort((a, b) => (a.pod < b.pod ? -1 : 1));
}

/** What a node does with a delta, timed from its text to the kernel's answer. */
function follow(after: NodeBundle): Step {
  const text = encoder.delta(held, after);
  if (text === undefined) throw new Error('there is no delta');
  const from = performance.now();
  const reading = applyDelta(held, text, digest);
  const readAt = performance.now();
  if (reading.kind !== 'bundle') throw new Error(reading.why);
  keeper.offer(reading.bundle, { origin: 'channel' });
  const step = { readMs: readAt - from, keeperMs: performance.now() - readAt, kernelMs };
  held = reading.bundle;
  return step;
}

const steps: Readonly<Record<'added' | 'removed', Step[]>> = { added: [], removed: [] };
for (let at = 0; at < warmUp + rounds; at += 1) {
  const pod = makePod(size.pods + (at % 1_000), size.profiles);
  const added = follow({ ...held, pods: sorted([...held.pods, pod]), hash: `p${String(at)}` });
  keeper.prepare();
  const removed = follow({ ...held, pods: held.pods.filter((each) => each.pod !== pod.pod), hash: `q${String(at)}` });
  keeper.prepare();
  await breathe();
  if (at < warmUp) continue;
  steps.added.push(added);
  steps.removed.push(removed);
}
const differences = keeper.verify();
if (differences.length > 0) throw new Error(differences.join('; '));
const told = (list: readonly Step[]): object => ({
  total: spread(list.map(({ readMs, keeperMs }) => readMs + keeperMs)),
  read: spread(list.map(({ readMs }) => readMs)),
  keeper: spread(list.map(({ keeperMs }) => keeperMs)),
  kernel: spread(list.map((each) => each.kernelMs)),
});
process.stdout.write(`${JSON.stringify({ bench: 'dataplane-delta', ...size, rounds, podAdded: told(steps.added), podRemoved: told(steps.removed) })}\n`);
keeper.stop();
namespace.close();
rmSync(folder, { recursive: true });
