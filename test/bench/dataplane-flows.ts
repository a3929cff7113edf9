// Events of new connections a second without loss, and the processor time each takes: our listener
// alone, with everything added up into reports, refusals out of the log, and `conntrack -E`, under
// real packets.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { ConnectionListener, FlowWatcher } from '#dataplane';

import { PODS, VisibilityWorld } from '../kernel/visibility-world.ts';
import { installMissingTools, whyUnusable } from '../support/system.ts';
import { generateFlows } from './flow-generator.ts';

const SECONDS = 2;
const RATES = [20_000, 50_000, 100_000];
const CONSUMERS = ['listener', 'reports', 'refused', 'conntrack'] as const;
type Consumer = (typeof CONSUMERS)[number];

const FLUSH = 'add table inet ringfence\nflush table inet ringfence\n';
const ALLOWING = `${FLUSH}table inet ringfence {
	chain forward {
		type filter hook forward priority -10; policy accept;
		ct state new ct mark set 0x01007003
	}
}`;
const REFUSING = `${FLUSH}table inet ringfence {
	chain forward {
		type filter hook forward priority -10; policy accept;
		counter
		log prefix "ringfence:D:bench" group 7 snaplen 128 queue-threshold 32 drop
	}
}`;

interface Counted {
  readonly events: number;
  readonly lost: number;
  readonly cpuMs: number;
  readonly rssMiB?: number;
  readonly longestTurnMs?: number;
  readonly died?: string;
}

interface Result {
  readonly consumer: Consumer;
  readonly offeredPerSecond: number;
  readonly flows: number;
  readonly seen: number;
  readonly lost: number;
  readonly cpuUsPerEvent: number;
  readonly rssMiB?: number;
  readonly longestTurnMs?: number;
  readonly died?: string;
}

/** The child: reads events until told to stop, then until no more come. */
async function consume(kind: string): Promise<void> {
  let events = 0;
  let lost = 0;
  let last = performance.now();
  const count = (by: number): void => {
    events += by;
    last = performance.now();
  };
  const watched =
    kind === 'listener'
      ? new ConnectionListener({
          connection: (change) => {
            if (change === 'new') count(1);
          },
          lost: (by) => {
            lost += by;
          },
          resynced: () => undefined,
          unreadable: () => undefined,
        })
      : new FlowWatcher({
          reporter: 'bench',
          bucketMs: 500,
          onReport: ({ flows, loss, foreign, overflowed }) => {
            lost += loss.connectionEvents + loss.logRecords;
            const seen = flows.reduce((sum, { connections }) => sum + connections, 0) + foreign + overflowed.reduce((sum, { connections }) => sum + connections, 0);
            if (seen > 0) count(seen);
          },
        });
  if (watched instanceof FlowWatcher) watched.replacePods(PODS);
  let longestTurnMs = 0;
  let at = performance.now();
  setInterval(() => {
    const now = performance.now();
    longestTurnMs = Math.max(longestTurnMs, now - at - 5);
    at = now;
  }, 5).unref();
  process.stdout.write('ready\n');
  const lines = createInterface({ input: process.stdin });
  const before = process.cpuUsage();
  for await (const line of lines) if (line === 'stop') break;
  while (performance.now() - last < 700) await new Promise((resolve) => setTimeout(resolve, 50));
  const { user, system } = process.cpuUsage(before);
  watched.close();
  const counted: Counted = { events, lost, cpuMs: (user + system) / 1_000, rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20), longestTurnMs: Math.round(longestTurnMs) };
  process.stdout.write(`${JSON.stringify(counted)}\n`);
  process.exit(0);
}

async function measureOwn(world: VisibilityWorld, kind: Consumer, load: () => void): Promise<Counted> {
  const [node = '', script = ''] = process.argv;
  const child = world.node.run(() => spawn(node, [...process.execArgv, script, 'consume', kind], { stdio: ['pipe', 'pipe', 'inherit'] }));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  load();
  child.stdin.write('stop\n');
  const { value } = (await lines.next()) as { readonly value: string };
  return JSON.parse(value) as Counted;
}

async function measureConntrack(world: VisibilityWorld, load: () => void): Promise<Counted> {
  const path = join(tmpdir(), `ringfence-bench-${String(process.pid)}.txt`);
  const file = openSync(path, 'w');
  const child = world.node.run(() => spawn('conntrack', ['-E', '-e', 'NEW', '-b', String(32 * 2 ** 20)], { stdio: ['ignore', file, 'pipe'], env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` } }));
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => setTimeout(resolve, 300));
  load();
  await new Promise((resolve) => setTimeout(resolve, 700));
  const cpuMs = cpuOf(child.pid ?? 0);
  const died = child.exitCode === null ? undefined : (said.trim().split('\n').at(-1) ?? `exit ${String(child.exitCode)}`);
  child.kill('SIGTERM');
  await ended;
  closeSync(file);
  const events = readFileSync(path, 'latin1').split('\n').filter((line) => line.includes('udp')).length;
  rmSync(path);
  return { events, lost: 0, cpuMs, ...(died === undefined ? {} : { died }) };
}

// user and system time in hundredths of a second; nothing of a process that has ended
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${String(pid)}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}

function tracked(world: VisibilityWorld): number {
  return world.node.run(() => Number(readFileSync('/proc/sys/net/netfilter/nf_conntrack_count', 'utf8')));
}

function refused(world: VisibilityWorld): number {
  const listed = world.node.run(() => spawnSync('nft', ['list', 'table', 'inet', 'ringfence'], { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` } }));
  return Number(/counter packets (\d+)/.exec(listed.stdout)?.[1]);
}

/** A busy machine drops packets before any rule sees them; a measurement is tried again where many went that way. */
async function measure(world: VisibilityWorld, consumer: Consumer, rate: number): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await measureOnce(world, consumer, rate);
    if (result.flows >= rate * SECONDS * 0.95 || attempt === 4) return result;
  }
}

async function measureOnce(world: VisibilityWorld, consumer: Consumer, rate: number): Promise<Result> {
  console.error(`dataplane-flows: ${consumer}, ${String(rate)} a second`);
  world.forgetConnections();
  world.load(consumer === 'refused' ? REFUSING : ALLOWING);
  let flows = 0;
  let seconds = SECONDS;
  const load = (): void => {
    const [node = '', script = ''] = process.argv;
    const before = tracked(world);
    const ran = world.client.run(() => spawnSync(node, [...process.execArgv, script, 'generate', String(rate), String(SECONDS)], { stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' }));
    if (ran.status !== 0) throw new Error('dataplane-flows: the generator failed');
    seconds = Number(ran.stdout);
    flows = consumer === 'refused' ? refused(world) : tracked(world) - before;
  };
  const { events, lost, cpuMs, ...rest } = consumer === 'conntrack' ? await measureConntrack(world, load) : await measureOwn(world, consumer, load);
  return { consumer, offeredPerSecond: Math.round(flows / seconds), flows, seen: events, lost: consumer === 'conntrack' ? Math.max(0, flows - events) : lost, cpuUsPerEvent: Math.round((cpuMs * 1_000 * 100) / events) / 100, ...rest };
}

async function main(): Promise<void> {
  const [, , mode, ...rest] = process.argv;
  if (mode === 'consume') return consume(rest[0] ?? '');
  if (mode === 'generate') {
    console.log(generateFlows(Number(rest[0]), Number(rest[1])));
    return;
  }
  const world = new VisibilityWorld();
  try {
    world.swallow();
    const results: Result[] = [];
    installMissingTools();
    const missing = whyUnusable('conntrack');
    if (missing !== undefined) console.error(`dataplane-flows: without conntrack -E: ${missing}`);
    const consumers = CONSUMERS.filter((consumer) => consumer !== 'conntrack' || missing === undefined);
    for (const rate of RATES) for (const consumer of consumers) results.push(await measure(world, consumer, rate));
    const lossless = results.filter(({ consumer, lost, seen, flows }) => consumer === 'reports' && lost === 0 && seen >= flows).map(({ offeredPerSecond }) => offeredPerSecond);
    console.log(JSON.stringify({ bench: 'dataplane-flows', budget: { losslessPerSecond: 50_000 }, losslessPerSecond: Math.max(0, ...lossless), results }));
  } finally {
    await world.close();
  }
}

await main();
