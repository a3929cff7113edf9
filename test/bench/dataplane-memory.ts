// How much memory a process takes that keeps a large table, at rest and over churn.
import { setImmediate as breathe } from 'node:timers/promises';

import { ConntrackSweep, NetlinkDriver, NodeTable } from '#dataplane';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { makeBundle, makePod, makeProfile, peerAddress } from '../support/node-bundles.ts';

const size = { pods: 500, peers: 100_000, profiles: 50 };
/** An hour of a busy node: a pod comes and goes, and a peer somewhere, five times a second. */
const steps = Number(process.argv[2] ?? 18_000);

function rssMiB(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}

const namespace = new NetworkNamespace();
const startMiB = rssMiB();
const driver = new NetlinkDriver({ namespacePath: namespace.path });
const table = new NodeTable({ driver, sweep: new ConntrackSweep({ namespacePath: namespace.path }) });
let bundle = makeBundle(size);
const inputMiB = rssMiB();
const first = table.apply(bundle);
if (first.kind !== 'applied') throw new Error(first.why);
const appliedMiB = rssMiB();
const own = Array.from({ length: size.peers / size.profiles }, (_, at) => peerAddress(at).text);
const { pods } = bundle;
const series: number[] = [];
let highest = 0;
for (let at = 1; at <= steps; at += 1) {
  const profile = makeProfile(0, at % 2 === 0 ? own : [...own, peerAddress(size.peers + (at % 1_000)).text], `digest ${String(at)}`);
  bundle = { ...bundle, revision: at, hash: `h${String(at)}`, pods: at % 2 === 0 ? pods : [...pods, makePod(size.pods + (at % 200), size.profiles)], profiles: [profile, ...bundle.profiles.slice(1)] };
  const report = table.apply(bundle);
  if (report.kind !== 'applied' || report.how !== 'changed') throw new Error(JSON.stringify(report));
  if (at % 50 === 0) {
    await breathe();
    highest = Math.max(highest, process.memoryUsage().rss / 2 ** 20);
  }
  if (at % Math.ceil(steps / 10) === 0) series.push(rssMiB());
}
const differences = table.verify();
if (differences.length > 0) throw new Error(differences.join('; '));
const maxMiB = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(`${JSON.stringify({ bench: 'dataplane-memory', ...size, steps, startMiB, inputMiB, appliedMiB, overChurnMiB: series, highestMiB: Math.round(highest), maxMiB })}\n`);
driver.close();
namespace.close();
