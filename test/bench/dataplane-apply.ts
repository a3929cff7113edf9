// How long a kernel takes to hold a change: one pod, a thousand elements, everything; against the tools others use.
import { spawnSync } from 'node:child_process';
import { setImmediate as breathe } from 'node:timers/promises';

import { type NodeBundle, renderRuleset } from '#compilers/nftables';
import { ConntrackSweep, type Driver, NetlinkDriver, NftDriver, NodeTable } from '#dataplane';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { makeBundle, makePod, makeProfile, peerAddress } from '../support/node-bundles.ts';

const size = { pods: 500, peers: 100_000, profiles: 50 };
const rounds = 400;
/** Not counted: code that has run a few times only is not what a node runs. */
const warmUp = 40;

interface Spread {
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
}

function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (part: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN);
  return { min: at(0), p50: at(0.5), p99: at(0.99) };
}

function round(ms: number): number {
  return Number(ms.toPrecision(3));
}

function timed(body: () => void): number {
  const from = performance.now();
  body();
  return performance.now() - from;
}

interface Timing {
  readonly totalMs: number;
  readonly kernelMs: number;
}

function applied(table: NodeTable, bundle: NodeBundle): Timing {
  const from = performance.now();
  const report = table.apply(bundle);
  const totalMs = performance.now() - from;
  if (report.kind !== 'applied') throw new Error(`apply: ${report.why}`);
  return { totalMs, kernelMs: report.commitMs };
}

function summary(timings: readonly Timing[]): { readonly total: Spread; readonly kernel: Spread } {
  return { total: spread(timings.map(({ totalMs }) => totalMs)), kernel: spread(timings.map(({ kernelMs }) => kernelMs)) };
}

/** What a driver makes of pods and peers that come and go, one bundle after another. */
async function changes(driver: Driver, namespacePath: string, times: number): Promise<Readonly<Record<string, unknown>>> {
  const table = new NodeTable({ driver, sweep: new ConntrackSweep({ namespacePath }) });
  const base = makeBundle(size);
  const cold = applied(table, base);
  const results: Record<string, Timing[]> = { addPod: [], removePod: [], add1000: [], remove1000: [] };
  const first = base.profiles[0]!;
  const peers = Array.from({ length: size.peers / size.profiles }, (_, at) => peerAddress(at).text);
  const more = [...peers, ...Array.from({ length: 1_000 }, (_, at) => peerAddress(size.peers + at).text)];
  const widened = { ...base, profiles: [makeProfile(0, more), ...base.profiles.slice(1)] };
  const narrowed = { ...base, profiles: [first, ...base.profiles.slice(1)] };
  const skipped = times > warmUp ? warmUp : 0;
  for (let at = 0; at < skipped + times; at += 1) {
    // begins anew once warm
    if (at === skipped) for (const timings of Object.values(results)) timings.length = 0;
    const pods = [...base.pods, makePod(size.pods + at, size.profiles)];
    results['addPod']!.push(applied(table, { ...base, pods, hash: `p${String(at)}`, revision: at }));
    table.prepare();
    results['removePod']!.push(applied(table, { ...base, hash: `q${String(at)}`, revision: at }));
    table.prepare();
    if (at % 4 === 0) {
      results['add1000']!.push(applied(table, { ...widened, hash: `r${String(at)}` }));
      results['remove1000']!.push(applied(table, { ...narrowed, hash: `s${String(at)}` }));
    }
    await breathe();
  }
  const differences = table.verify();
  if (differences.length > 0) throw new Error(differences.join('; '));
  return { coldMs: round(cold.totalMs), coldKernelMs: round(cold.kernelMs), ...Object.fromEntries(Object.entries(results).map(([name, timings]) => [name, summary(timings)])) };
}

/** A hundred thousand elements into sets that are there, encoding included. */
function elementsOnly(namespacePath: string): { readonly totalMs: Spread; readonly kernelMs: Spread } {
  const totals: number[] = [];
  const kernels: number[] = [];
  for (let at = 0; at < 5; at += 1) {
    const driver = new NetlinkDriver({ namespacePath });
    const table = new NodeTable({ driver });
    applied(table, makeBundle({ ...size, peers: 0 }));
    const { totalMs, kernelMs } = applied(table, makeBundle(size));
    totals.push(totalMs);
    kernels.push(kernelMs);
    table.remove();
    driver.close();
  }
  return { totalMs: spread(totals), kernelMs: spread(kernels) };
}

function run(command: string, args: readonly string[], input: string): number {
  return timed(() => {
    const ran = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } });
    if (ran.status !== 0) throw new Error(`${command}: ${ran.error?.message ?? ran.stderr.slice(0, 200)}`);
  });
}

function repeat(times: number, body: (at: number) => number): Spread {
  return spread(Array.from({ length: times }, (_, at) => body(at)));
}

/** The same number of peers by the tools others use, each in a namespace of its own. */
function baselines(): Readonly<Record<string, unknown>> {
  const peers = Array.from({ length: size.peers }, (_, at) => peerAddress(at).text);
  const rule = (address: string): string => `-A RINGFENCE -s ${address} -p tcp --dport 8080 -j ACCEPT`;
  const restore = (lines: readonly string[]): string => `*filter\n${lines.join('\n')}\nCOMMIT\n`;
  const inside = <T>(body: () => T): T => {
    const namespace = new NetworkNamespace();
    try {
      return namespace.run(body);
    } finally {
      namespace.close();
    }
  };
  return {
    nft: inside(() => ({
      coldMs: round(run('nft', ['-f', '-'], renderRuleset(makeBundle(size)))),
      add1: repeat(10, (at) => run('nft', ['-f', '-'], `add element inet ringfence g_app_0000_4 { 192.0.2.${String(at)} }\n`)),
      add1000: repeat(3, (at) => run('nft', ['-f', '-'], `add element inet ringfence g_app_0001_4 { ${Array.from({ length: 1_000 }, (_, place) => peerAddress(200_000 + 1_000 * at + place).text).join(', ')} }\n`)),
    })),
    iptables: inside(() => ({
      coldMs: round(run('iptables-legacy-restore', [], restore([':RINGFENCE - [0:0]', ...peers.map(rule)]))),
      add1: repeat(5, (at) => run('iptables-legacy-restore', ['--noflush'], restore([rule(`192.0.2.${String(at)}`)]))),
    })),
    ipset: inside(() => ({
      coldMs: round(run('ipset', ['restore'], `create peers hash:ip maxelem 1000000\n${peers.map((address) => `add peers ${address}\n`).join('')}`)),
      add1: repeat(20, (at) => run('ipset', ['add', 'peers', `192.0.2.${String(at)}`], '')),
      add1000: repeat(5, (at) => run('ipset', ['restore'], Array.from({ length: 1_000 }, (_, place) => `add peers ${peerAddress(200_000 + 1_000 * at + place).text}\n`).join(''))),
    })),
  };
}

const namespace = new NetworkNamespace();
process.stderr.write('elements only\n');
const elements = elementsOnly(namespace.path);
process.stderr.write('netlink\n');
const driver = new NetlinkDriver({ namespacePath: namespace.path });
const netlink = await changes(driver, namespace.path, rounds);
driver.close();
namespace.close();
process.stderr.write('nft driver\n');
const other = new NetworkNamespace();
const nft = await changes(new NftDriver({ namespacePath: other.path }), other.path, 6);
other.close();
process.stderr.write('baselines\n');
process.stdout.write(`${JSON.stringify({ bench: 'dataplane-apply', ...size, elements100000: elements, netlink, nftDriver: nft, baselines: baselines() })}\n`);
