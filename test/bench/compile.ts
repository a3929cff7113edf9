import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';

import { type CompileChange, NodeCompiler, renderRuleset } from '#compilers/nftables';
import { type Pod, podKey } from '#model';

import { type ClusterSize, largeCluster, type LargeCluster, makePod, podLabels, podsByKey, random } from '../support/large-cluster.ts';

const sizes: readonly ClusterSize[] = [
  { pods: 5_000, workloads: 500, nodes: 100, namespaces: 50 },
  { pods: 15_000, workloads: 1_500, nodes: 300, namespaces: 150 },
  { pods: 50_000, workloads: 5_000, nodes: 1_000, namespaces: 500 },
];
const changesOfAKind = 60;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Compiles one size in a process of its own, so that memory is that of this size alone. */
function measure(size: ClusterSize): unknown {
  const cluster = largeCluster(size);
  const inputMiB = memoryMiB();
  const from = performance.now();
  const cpuFrom = process.cpuUsage();
  const compiler = new NodeCompiler(cluster.revision, cluster.snapshot, digest);
  const fullMs = performance.now() - from;
  const { user, system } = process.cpuUsage(cpuFrom);
  const compileMaxMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  const changes = measureChanges(compiler, cluster, size);
  return { ...size, fullMs: Math.round(fullMs), fullCpuMs: Math.round((user + system) / 1000), inputMiB, compileMaxMiB, ...changes, text: measureText(compiler), isSameAsFromScratch: compareWithScratch(compiler, cluster) };
}

function memoryMiB(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}

interface Change {
  readonly ms: number;
  readonly nodes: number;
}

function measureChanges(compiler: NodeCompiler, cluster: LargeCluster, size: ClusterSize): Readonly<Record<string, unknown>> {
  const next = random(7);
  const pods = podsByKey(cluster);
  const pick = (): Pod => pods[Math.floor(next() * pods.length)]!;
  const apply = (change: CompileChange): Change => {
    const from = performance.now();
    const { changed } = compiler.apply([change]);
    return { ms: performance.now() - from, nodes: changed.length };
  };
  const added: Change[] = [];
  const deleted: Change[] = [];
  const relabelled: Change[] = [];
  for (let at = 0; at < changesOfAKind; at += 1) {
    const twin = pick();
    const pod = makePod(twin.workload, 1_000 + at, Math.floor(next() * size.nodes), 200);
    added.push(apply({ kind: 'pod', key: podKey(pod), pod }));
    deleted.push(apply({ kind: 'pod', key: podKey(pod) }));
    // as where an orphaned pod is adopted by another workload of its namespace, and back
    const moved = pick();
    const other = pods.find((pod) => pod.namespace === moved.namespace && pod.labels['app'] !== moved.labels['app'])!;
    relabelled.push(apply({ kind: 'pod', key: podKey(moved), pod: { ...moved, labels: podLabels(other.workload) } }));
    relabelled.push(apply({ kind: 'pod', key: podKey(moved), pod: moved }));
  }
  return { added: summary(added), deleted: summary(deleted), relabelled: summary(relabelled) };
}

function summary(changes: readonly Change[]): unknown {
  return { medianMs: rounded(quantile(changes.map(({ ms }) => ms), 0.5)), p95Ms: rounded(quantile(changes.map(({ ms }) => ms), 0.95)), medianNodes: quantile(changes.map(({ nodes }) => nodes), 0.5) };
}

function measureText(compiler: NodeCompiler): unknown {
  const from = performance.now();
  const bytes = [...compiler.bundles().values()].map((bundle) => renderRuleset(bundle).length);
  const allMs = Math.round(performance.now() - from);
  return { allMs, totalMiB: Math.round(bytes.reduce((sum, one) => sum + one, 0) / 2 ** 20), medianKiB: Math.round(quantile(bytes, 0.5) / 1024) };
}

/** The changes ended where they began, so starting from scratch has to give the same hashes. */
function compareWithScratch(compiler: NodeCompiler, { revision, snapshot }: LargeCluster): boolean {
  const scratch = new NodeCompiler(revision, snapshot, digest).bundles();
  const bundles = compiler.bundles();
  return scratch.size === bundles.size && [...scratch].every(([name, { hash }]) => bundles.get(name)?.hash === hash);
}

function quantile(values: readonly number[], at: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))] ?? Number.NaN;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function main(): void {
  const [, script = '', only] = process.argv;
  const one = sizes.find(({ pods }) => String(pods) === only);
  if (one !== undefined) {
    console.log(JSON.stringify(measure(one)));
    return;
  }
  const growth = sizes.map((size) => {
    console.error(`compile: ${String(size.pods)} pods, ${String(size.workloads)} workloads, ${String(size.nodes)} nodes`);
    const ran = spawnSync(process.execPath, [...process.execArgv, script, String(size.pods)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    if (ran.status !== 0) throw new Error(`bench compile: ${String(size.pods)} pods: exited ${String(ran.status ?? 'by signal')}`);
    return JSON.parse(ran.stdout) as { readonly fullMs: number; readonly added: { readonly medianMs: number } };
  });
  const largest = growth.at(-1);
  const timesFasterThanFromScratch = largest === undefined ? null : Math.round(largest.fullMs / largest.added.medianMs);
  console.log(JSON.stringify({ bench: 'compile', budget: { fullMs: 10_000, maxMiB: 1_536, changeMs: 5 }, timesFasterThanFromScratch, growth }));
}

main();
