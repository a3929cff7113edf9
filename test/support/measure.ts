import { join } from 'node:path';

import { inferGraph } from '#graph';
import { snapshotOf } from '#inventory';
import { propose } from '#learning';
import type { ServiceGraph, Snapshot } from '#model';
import { approve } from '#policy';
import { readPaths } from '#sources/files';

import { shippedCatalogue } from './catalogue.ts';
import { type Harm, harm } from './harm.ts';
import { type Score, score, type Tally } from './score.ts';
import { readTruth, type Truth } from './truth.ts';

export interface Measure {
  readonly app: string;
  readonly truth: Truth;
  readonly snapshot: Snapshot;
  readonly graph: ServiceGraph;
  /** Of the strong tier. */
  readonly score: Score;
  readonly tally: Tally;
  /** Of the policies proposed by default. */
  readonly harm: Harm;
}

/** Measures an application of the ground truth: `manifests/` and `truth.json` in one folder. */
export function measureApplication(folder: string): Measure {
  return measure(join(folder, 'manifests'), join(folder, 'truth.json'));
}

/** Reads manifests, infers their graph and tries out the policies proposed by default, against the truth. */
export function measure(manifests: string, truthFile: string): Measure {
  const truth = readTruth(truthFile);
  const { updates } = readPaths([manifests], { readStdin: () => '', defaultNamespace: truth.defaultNamespace });
  const snapshot = snapshotOf(updates);
  const graph = inferGraph(snapshot);
  const { proposals } = propose(graph, snapshot, { tier: 'strong', catalogue: shippedCatalogue() });
  const revision = approve(proposals, { number: 1, approvedBy: 'measure', reason: 'declared evidence' });
  const strong = graph.relationships.filter(({ tier }) => tier === 'strong');
  return { app: truth.app, truth, snapshot, graph, ...score(truth, strong), harm: harm(truth, revision, snapshot) };
}
