import { snapshotOf } from '#inventory';
import type { Snapshot, SourceUpdate, WorkloadRef } from '#model';
import { graphShape } from '#operator-api';
import { readManifests } from '#sources/kubernetes';

import { estate } from '../support/estate.ts';
import { OperatorTwin } from '../support/operator-twin.ts';

/*
 * What questions of operators cost in a large estate, beside the smaller one: medians of milliseconds,
 * without HTTP. One proposal is about one workload, however many there are.
 */
const SIZES = [500, 5_000];
const TIMES = 5;

async function main(): Promise<void> {
  const runs = [];
  for (const workloads of SIZES) runs.push(await measure(workloads));
  console.log(JSON.stringify({ bench: 'operator', peakMebibytes: Math.round(process.resourceUsage().maxRSS / 1024), runs }));
}

async function measure(workloads: number): Promise<unknown> {
  const twin = new OperatorTwin({ snapshot: snapshotOfEstate(workloads) });
  const page = { limit: 100 };
  const { items } = await twin.reviews({ isReady: true }, { limit: workloads });
  const ready = items.map(({ review }) => review.workload);
  const one = ready[0];
  if (one === undefined) throw new Error('measure questions: nothing is ready to be asked about');
  const edge = (await twin.graph({})).relationships.find(({ from, to, port }) => typeof from !== 'string' && typeof to !== 'string' && port !== null);
  if (edge === undefined) throw new Error('measure questions: nobody talks');
  const closed = await audited(twin, ready);
  const run = {
    workloads,
    approved: closed.state.approvals.size,
    relationships: (await twin.graph({})).relationships.length,
    medianMs: {
      graphAsJson: await median('graph', async () => JSON.stringify(graphShape(await twin.graph({}))).length),
      graphOfNamespace: await median('graph of a namespace', () => twin.graph({ namespace: one.namespace })),
      flowsPage: await median('flows', () => twin.flows({}, page)),
      proposalsPage: await median('proposals', () => twin.reviews({}, page)),
      proposalsByStanding: await median('proposals by standing', () => twin.reviews({ standing: 'proposed' }, page)),
      why: await median('why', () => twin.why({ from: name(edge.from as WorkloadRef), to: name(edge.to as WorkloadRef) })),
      simulateOne: await median('simulate one', () => twin.simulate({ what: { kind: 'proposals', workloads: [one] }, days: 7 })),
      diffOne: await median('diff one', () => twin.diff({ kind: 'revision', number: 0 }, { kind: 'proposals', workloads: [one] })),
      // a quarter of everything is approved, and audit has counted a thousand kinds of flow
      scopes: await median('scopes', () => closed.scopes()),
      modeOfOne: await median('mode of one', () => closed.previewMode({ scope: { kind: 'workload', workload: one }, mode: 'enforce', days: 7 })),
      modeOfNamespace: await median('mode of a namespace', () => closed.previewMode({ scope: { kind: 'namespace', namespace: one.namespace }, mode: 'enforce', days: 7 })),
    },
  };
  process.stderr.write(`${JSON.stringify(run)}\n`);
  return run;
}

/** The same estate in audit, where much is approved and much is not let through by it. */
async function audited({ snapshot }: OperatorTwin, ready: readonly WorkloadRef[]): Promise<OperatorTwin> {
  const undeclared = Array.from({ length: 1_000 }, (_, at) => ({ from: ready[(at * 7) % ready.length]!, to: ready[(at * 13 + 1) % ready.length]!, port: 40_000 + at, wouldBeDenied: 1 + (at % 9) }));
  const twin = new OperatorTwin({ snapshot, undeclared });
  const some = new Set(ready.filter((_, at) => at % 4 === 0).map(name));
  const items = (await twin.reviews({}, { limit: 100_000 })).items.filter(({ review: { workload } }) => some.has(name(workload)));
  const bench = { kind: 'person', name: 'bench' } as const;
  await twin.command({ kind: 'approve', items: items.map(({ review: { workload }, hash }) => ({ workload, hash })), reason: 'to measure' }, bench);
  await twin.command({ kind: 'set-mode', scope: { kind: 'cluster' }, mode: 'audit' }, bench);
  return twin;
}

const name = (ref: WorkloadRef): string => `${ref.namespace}/${ref.kind}/${ref.name}`;

async function median(what: string, ask: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let at = 0; at < TIMES; at += 1) {
    const started = performance.now();
    await ask();
    took.push(performance.now() - started);
  }
  took.sort((a, b) => a - b);
  process.stderr.write(`${what}: ${String(Math.round(took[TIMES >> 1] ?? 0))} ms\n`);
  return Math.round((took[TIMES >> 1] ?? 0) * 10) / 10;
}

function snapshotOfEstate(workloads: number): Snapshot {
  const updates = estate(workloads).flatMap(({ file, text }) => readManifests(text, file).manifests.map((value): SourceUpdate => ({ source: 'bench', key: `${value.objectKind}/${value.namespace}/${value.name}`, value })));
  return snapshotOf(updates);
}

await main();
