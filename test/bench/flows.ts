// How fast flow records become evidence, and how much memory that takes after ten million of them.
import { spawnSync } from 'node:child_process';

import { ObservedHistory } from '#graph';
import { AddressHistory, attribute } from '#inventory';
import type { FlowReport, Pod, Snapshot } from '#model';

import { FlowStream } from '../support/flow-stream.ts';
import { largePods } from '../support/large-cluster.ts';

const SIZE = { pods: 25_000, workloads: 5_000, nodes: 250, namespaces: 100 };
const FLOWS_A_REPORT = 200;
/** Figures of the issue. */
const TARGET = { recordsASecond: 50_000, mebibytes: 300 };
const RECORDS = Number(process.argv[2] ?? 10_000_000);
const START = 1_769_904_000_000;
/** Two weeks go by. */
const ROUND_MS = Math.floor((14 * 24 * 3_600_000) / (RECORDS / (SIZE.nodes * FLOWS_A_REPORT)));
const STRETCH_MS = 10_000;

interface Figures {
  readonly records: number;
  readonly recordsASecond: number;
  readonly cpuMicrosecondsARecord: number;
  /** The same of one core alone, for machines that have something else to do. */
  readonly recordsACpuSecond: number;
  /** Of the whole process, at every tenth of the records. */
  readonly rssMebibytes: readonly number[];
  readonly heapMebibytes: readonly number[];
  readonly peakMebibytes: number;
}

interface Taker {
  /** What happens between two rounds of reports. */
  round(now: number): void;
  take(report: FlowReport, now: number): void;
}

/** The clock stands still while reports are made up. */
function run(taker: Taker, stream: FlowStream, records: number): Figures {
  const rss: number[] = [];
  const heap: number[] = [];
  let done = 0;
  let wall = 0;
  let cpu = 0;
  for (let now = START; done < records; now += ROUND_MS) {
    taker.round(now);
    for (const node of stream.nodes) {
      const report = stream.report(node, now - STRETCH_MS, now);
      const cpuBefore = process.cpuUsage();
      const before = performance.now();
      taker.take(report, now);
      wall += performance.now() - before;
      const used = process.cpuUsage(cpuBefore);
      cpu += used.user + used.system;
      const tenths = Math.floor((done * 10) / records);
      done += report.flows.length;
      if (Math.floor((done * 10) / records) === tenths) continue;
      rss.push(memory(done));
      heap.push(Math.round(process.memoryUsage().heapUsed / 2 ** 20));
    }
  }
  return {
    records: done,
    recordsASecond: Math.round((done / wall) * 1_000),
    cpuMicrosecondsARecord: Math.round((cpu / done) * 100) / 100,
    recordsACpuSecond: Math.round((done / cpu) * 1_000_000),
    rssMebibytes: rss,
    heapMebibytes: heap,
    peakMebibytes: Math.round(process.resourceUsage().maxRSS / 1_024),
  };
}

function memory(done: number): number {
  globalThis.gc?.();
  const rss = Math.round(process.memoryUsage().rss / 2 ** 20);
  process.stderr.write(`${String(done)} records: ${String(rss)} MiB\n`);
  return rss;
}

/** What anybody would write first: every different flow, by its text, in the hour it was seen. */
function naive(): Taker {
  const flows = new Map<string, { connections: number; bytes: number; lastSeen: number }>();
  return {
    round: () => undefined,
    take: ({ from, to, flows: all }) => {
      const hour = Math.floor(from / 3_600_000);
      for (const { client, server, protocol, port, connections, sentBytes, receivedBytes } of all) {
        const key = `${String(hour)} ${client.address} ${server.address} ${protocol} ${String(port)}`;
        const known = flows.get(key) ?? { connections: 0, bytes: 0, lastSeen: 0 };
        known.connections += connections;
        known.bytes += sentBytes + receivedBytes;
        known.lastSeen = to;
        flows.set(key, known);
      }
    },
  };
}

function learning(snapshot: Snapshot): Taker & { readonly observed: ObservedHistory; readonly addresses: AddressHistory } {
  const addresses = new AddressHistory();
  const observed = new ObservedHistory();
  addresses.observe(snapshot, START - STRETCH_MS);
  let now = snapshot;
  return {
    addresses,
    observed,
    // a hundred pods are replaced by others of their workload, which take their addresses
    round: (at) => {
      const pods = new Map<string, Pod>(now.pods);
      for (const [key, pod] of [...pods].slice(0, 100)) {
        pods.delete(key);
        const name = `${pod.workload.name}-${String(at)}-${pod.name.slice(-4)}`;
        pods.set(`${pod.namespace}/${name}`, { ...pod, name });
      }
      now = { ...now, pods };
      addresses.observe(now, at - STRETCH_MS);
    },
    take: (report, at) => {
      const { reporter, from, to, loss, foreign } = report;
      if (observed.has(reporter, from)) return;
      observed.accept({ reporter, from, to, loss, foreign, overflowed: [], ...attribute(report, addresses) }, at);
    },
  };
}

function measureLearning(): void {
  const snapshot = largePods(SIZE);
  const stream = new FlowStream(snapshot, FLOWS_A_REPORT, 7);
  const startMebibytes = memory(0);
  const taker = learning(snapshot);
  const figures = run(taker, stream, RECORDS);
  const before = performance.now();
  const { relationships } = taker.observed.evidence();
  const evidenceMs = Math.round(performance.now() - before);
  if (relationships.length !== stream.relationships && RECORDS >= 5_000_000) throw new Error(`${String(relationships.length)} relationships were learned of ${String(stream.relationships)}`);
  const { counts } = taker.observed;
  if (counts.unattributed.nobody + counts.unattributed.several + counts.beyondBounds + counts.misplaced > 0) throw new Error(`flows were lost: ${JSON.stringify(counts)}`);
  process.stdout.write(JSON.stringify({ startMebibytes, relationships: relationships.length, evidenceMs, ...figures }));
}

function measureNaive(): void {
  process.stdout.write(JSON.stringify(run(naive(), new FlowStream(largePods(SIZE), FLOWS_A_REPORT, 7), RECORDS)));
}

/** Each in a process of its own, with as much room for what is short-lived as a thread of the controller has. */
function inProcess(what: 'learning' | 'naive', records: number): object {
  const { stdout, status } = spawnSync(process.execPath, [...process.execArgv, '--max-semi-space-size=16', process.argv[1] ?? '', String(records), what], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`measure ${what}: exited ${String(status)}`);
  return JSON.parse(stdout) as object;
}

if (process.argv[3] === 'learning') measureLearning();
else if (process.argv[3] === 'naive') measureNaive();
else {
  process.stderr.write('into evidence\n');
  const evidence = inProcess('learning', RECORDS);
  process.stderr.write('into a map of texts, a tenth of the records\n');
  const baseline = { what: 'a map of texts by hour, a tenth of the records', ...inProcess('naive', Math.ceil(RECORDS / 10)) };
  process.stdout.write(`${JSON.stringify({ bench: 'flows', target: TARGET, ...SIZE, learning: evidence, baseline })}\n`);
}
