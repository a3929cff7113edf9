import { inferGraph } from '#graph';
import { snapshotOf } from '#inventory';
import type { SourceUpdate } from '#model';
import { readManifests } from '#sources/kubernetes';

import { estate } from '../support/estate.ts';

// figures of issue: 5,000 workloads of manifests in 15 s and 1 GiB
const BUDGET = { seconds: 15, mebibytes: 1024 };
const SIZES = [500, 1500, 5000];

interface Run {
  readonly workloads: number;
  readonly textMebibytes: number;
  readonly relationships: number;
  readonly closedDirections: number;
  readonly seconds: { readonly parse: number; readonly inventory: number; readonly infer: number; readonly total: number };
}

function main(): void {
  const runs = SIZES.map(measure);
  const peakMebibytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ bench: 'infer', budget: BUDGET, peakMebibytes, runs }));
}

/** YAML text in memory to the whole graph. */
function measure(workloads: number): Run {
  const files = estate(workloads);
  globalThis.gc?.();
  const started = performance.now();
  const updates = files.flatMap(({ file, text }) => {
    const { manifests, diagnostics } = readManifests(text, file);
    if (diagnostics.length > 0) throw new Error(`read ${file}: ${diagnostics[0]?.message ?? ''}`);
    return manifests.map((value): SourceUpdate => ({ source: 'bench', key: `${value.objectKind}/${value.namespace}/${value.name}`, value }));
  });
  const parsed = performance.now();
  const snapshot = snapshotOf(updates);
  const folded = performance.now();
  const graph = inferGraph(snapshot);
  const ended = performance.now();
  if (snapshot.workloads.size !== workloads) throw new Error(`infer ${String(workloads)} workloads: ${String(snapshot.workloads.size)} were read`);
  process.stderr.write(`${String(workloads)} workloads: ${seconds(started, ended).toFixed(2)} s\n`);
  const known = [...graph.knowledge.values()].flatMap(({ ingress, egress }) => [ingress, egress]).filter(({ isKnown }) => isKnown);
  return {
    workloads,
    textMebibytes: Math.round(files.reduce((sum, { text }) => sum + text.length, 0) / 104857.6) / 10,
    relationships: graph.relationships.length,
    closedDirections: known.length,
    seconds: { parse: seconds(started, parsed), inventory: seconds(parsed, folded), infer: seconds(folded, ended), total: seconds(started, ended) },
  };
}

function seconds(from: number, to: number): number {
  return Math.round(to - from) / 1000;
}

main();
