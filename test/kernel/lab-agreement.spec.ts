import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { compileNodes, type NodeBundle } from '#compilers/nftables';
import { EnforcedLab, isRoutable } from '#lab';
import type { Connection, Revision, Snapshot } from '#model';
import { createEvaluator } from '#policy';

import { describeConnection, digest, emitRulesets, tracerOf } from '../support/agreement.ts';
import { connectionsOf } from '../support/agreement-connections.ts';
import { fuzzCase, revisionOf } from '../support/fuzz.ts';
import { describeKernel } from '../support/kernel.ts';
import { Random } from '../support/random.ts';
import { learnWorld, readWorld, scenarios, worldsOf } from '../support/scenario.ts';

const PATIENCE_MS = 120_000;
/** Of the many connections worth asking about, as many are sent. */
const PROBES = 400;
const SEEDS = Array.from({ length: 25 }, (_, at) => 7_000 + at);

describeKernel('the kernel, the tracer and the evaluator agree', () => {
  let lab: EnforcedLab;
  beforeAll(() => {
    lab = new EnforcedLab();
  });
  afterAll(() => {
    lab.close();
  });

  it.each(scenarios())('on scenario $name', (scenario) => {
    for (const [step, { files }] of worldsOf(scenario).entries()) {
      const { snapshot } = readWorld(files, 3);
      const { revision, graph } = learnWorld(snapshot, scenario);
      const connections = sample([...connectionsOf(snapshot, revision, graph)].filter(isSendable), new Random(1));
      const { differences, arrived } = compare(lab, revision, snapshot, connections, step === 0 ? 'from scratch' : 'by change');
      expect(differences).toEqual([]);
      expect(arrived).toBeGreaterThan(0);
    }
  }, PATIENCE_MS);

  describe.each(['from scratch', 'by change'] as const)('%s', (how) => {
    // by change: the tables of one case become those of the next, which has nothing to do with it
    it.each(SEEDS)('on fuzz case %d', (seed) => {
      const { snapshot, policies, connections } = fuzzCase(seed);
      const { differences } = compare(lab, revisionOf(policies), snapshot, connections.filter(isSendable), how);
      expect(differences).toEqual([]);
    }, PATIENCE_MS);
  });
});

function compare(lab: EnforcedLab, revision: Revision, snapshot: Snapshot, connections: readonly Connection[], how: 'from scratch' | 'by change'): { readonly differences: readonly string[]; readonly arrived: number } {
  const texts = emitRulesets(revision, snapshot);
  const tracer = tracerOf(snapshot, texts);
  const evaluator = createEvaluator(revision, snapshot);
  lab.show(snapshot, bundlesOf(revision, snapshot), how);
  const outcomes = lab.probe(connections);
  const differences: string[] = [];
  let arrived = 0;
  for (const [at, connection] of connections.entries()) {
    const kernel = outcomes[at]?.kind ?? 'nothing';
    const evaluated = evaluator.evaluate(connection).decision;
    const traced = tracer.trace(connection).verdict;
    if (kernel === 'arrived') arrived += 1;
    const isOneMind = (kernel === 'arrived') === (traced === 'accept') && kernel !== 'not sent' && (evaluated === 'unknown' || (evaluated === 'allow') === (kernel === 'arrived'));
    if (!isOneMind) differences.push(`${describeConnection(connection)}: kernel ${kernel}, trace ${traced}, evaluate ${evaluated}`);
  }
  return { differences: differences.slice(0, 20), arrived };
}

function bundlesOf(revision: Revision, snapshot: Snapshot): ReadonlyMap<string, NodeBundle> {
  return new Map(compileNodes(revision, snapshot, { digest }).bundles.map((bundle) => [bundle.node, bundle]));
}

function isSendable({ from, to, application }: Connection): boolean {
  // what a connection speaks shows in no first packet
  return application === undefined && isRoutable(from.address) && isRoutable(to.address);
}

function sample(all: readonly Connection[], random: Random): readonly Connection[] {
  if (all.length <= PROBES) return all;
  return Array.from({ length: PROBES }, () => random.pick(all)).filter((each, at, list) => list.indexOf(each) === at);
}
