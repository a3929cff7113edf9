// What traffic notices of sixty thousand elements that come and go: allowed connections that fail, denied ones that pass, and how long a request takes.
import { ConntrackSweep, NetlinkDriver, NodeTable } from '#dataplane';
import type { NodeBundle } from '#compilers/nftables';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { bundleWith, makePod, makeProfile, peerAddress, podAddress } from '../support/node-bundles.ts';
import { Traffic, wire } from '../support/traffic.ts';

const elements = 60_000;
const rounds = Number(process.argv[2] ?? 100);
const [FRIEND, STRANGER, PORT] = ['192.0.2.10', '192.0.2.11', '8080'];
const SERVER = podAddress(4, 0).text;

const [router, outside, server] = [new NetworkNamespace(), new NetworkNamespace(), new NetworkNamespace()];
wire(router, outside, 'outside', [FRIEND, STRANGER]);
wire(router, server, 'pod0', [SERVER, podAddress(4, 1).text]);
const driver = new NetlinkDriver({ namespacePath: router.path });
const table = new NodeTable({ driver, sweep: new ConntrackSweep({ namespacePath: router.path }) });
const many = Array.from({ length: elements }, (_, at) => peerAddress(at).text);
const bundle = (friends: readonly string[], hash: string): NodeBundle => bundleWith([makePod(0, 2), makePod(1, 2)], [makeProfile(0, friends), makeProfile(1, ['198.51.100.1'])], hash);

/** Requests a second over a stretch of time. */
async function rate(traffic: Traffic, during: () => Promise<void>): Promise<number> {
  const before = await traffic.counts();
  const from = performance.now();
  await during();
  const after = await traffic.counts();
  return Math.round(((after.ok - before.ok) * 1_000) / (performance.now() - from));
}

table.apply(bundle([FRIEND], 'a1'));
const serving = new Traffic(server, ['serve', PORT]);
await serving.begun();
const friend = new Traffic(outside, ['call', FRIEND, SERVER, PORT]);
const stranger = new Traffic(outside, ['call', STRANGER, SERVER, PORT], 100);
await Promise.all([friend.begun(), stranger.begun()]);
await friend.until(({ ok }) => ok > 100);
const quiet = await rate(friend, async () => {
  await new Promise((resolve) => setTimeout(resolve, 2_000));
});
const applyMs: number[] = [];
const busy = await rate(friend, async () => {
  for (let at = 0; at < rounds; at += 1) {
    const from = performance.now();
    const report = table.apply(bundle(at % 2 === 0 ? [FRIEND, ...many] : [FRIEND], `m${String(at)}`));
    if (report.kind !== 'applied') throw new Error(report.why);
    applyMs.push(performance.now() - from);
    if (at % 10 === 9) table.restore();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
const differences = table.verify();
if (differences.length > 0) throw new Error(differences.join('; '));
const allowed = await friend.counts();
const denied = await stranger.counts();
const sorted = applyMs.sort((a, b) => a - b);
const at = (part: number): number => Number((sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN).toPrecision(3));
process.stdout.write(`${JSON.stringify({ bench: 'dataplane-traffic', elements, rounds, applyMs: { min: at(0), p50: at(0.5), p99: at(0.99) }, requestsPerSecond: { quiet, busy }, allowed: { ok: allowed.ok, failed: allowed.failed }, denied: { passed: denied.ok, refused: denied.failed } })}\n`);
for (const each of [serving, friend, stranger]) each.close();
driver.close();
for (const each of [router, outside, server]) each.close();
