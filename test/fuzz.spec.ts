import { describe, expect, it } from '@jest/globals';

import type { Endpoint, NamespacedPolicy, Snapshot } from '#model';
import { adoptPolicies, createEvaluator } from '#policy';

import { emitRulesets, tracerOf } from './support/agreement.ts';
import { followChanges } from './support/fuzz-changes.ts';
import { explainCase, fuzzCase, runCase } from './support/fuzz.ts';
import { policiesIn } from './support/policy-sets.ts';
import { pod } from './support/policies.ts';
import { Random } from './support/random.ts';
import { address, namespace, node, origin, ref, world } from './support/worlds.ts';

/*
 * RINGFENCE_FUZZ_SEED=<first seed> and RINGFENCE_FUZZ_CASES=<how many> try others and more; the name
 * of a failing test and its message hold the seed that failed.
 */
const FIRST = Number(process.env['RINGFENCE_FUZZ_SEED'] ?? 1);
const CASES = Number(process.env['RINGFENCE_FUZZ_CASES'] ?? 5000);
const PER_TEST = 500;
const SEQUENCES = Math.ceil(CASES / 20);
const STEPS = 12;

const batches = Array.from({ length: Math.ceil(CASES / PER_TEST) }, (_, at) => ({ first: FIRST + at * PER_TEST, last: FIRST + Math.min(CASES, (at + 1) * PER_TEST) - 1 }));
const total = { asked: 0, allowed: 0, unknown: 0, askedPolicies: 0 };

describe('random worlds and policies', () => {
  it.each(batches)('seeds $first to $last: the oracle, evaluate, the rulesets and the emitted policies agree', ({ first, last }) => {
    for (let seed = first; seed <= last; seed += 1) {
      const given = fuzzCase(seed);
      const result = runCase(given);
      if (result.disagreements.length > 0) throw new Error(explainCase(given));
      for (const key of ['asked', 'allowed', 'unknown', 'askedPolicies'] as const) total[key] += result[key];
    }
  }, 600_000);

  it('asked about connections that are let through, that are not, and that are not known', () => {
    expect(total.allowed).toBeGreaterThan(total.asked / 10);
    expect(total.asked - total.allowed).toBeGreaterThan(total.asked / 10);
    expect(total.unknown).toBeGreaterThan(0);
    expect(total.askedPolicies).toBeGreaterThan(total.asked / 4);
  });
});

describe('random changes', () => {
  it(`end where starting from scratch ends, in ${String(SEQUENCES)} sequences from seed ${String(FIRST)}`, () => {
    for (let seed = FIRST; seed < FIRST + SEQUENCES; seed += 1) expect({ seed, problems: followChanges(new Random(seed), STEPS) }).toEqual({ seed, problems: [] });
  }, 600_000);
});

describe('found before', () => {
  function decisions(policies: Parameters<typeof adoptPolicies>[0], snapshot: Snapshot, from: string, to: Endpoint, port: number): readonly string[] {
    const revision = adoptPolicies(policies);
    const sender = snapshot.pods.get(from)!;
    const connection = { from: { kind: 'pod', pod: sender, address: sender.addresses[0]! }, to, protocol: 'TCP', port } as const;
    const traced = tracerOf(snapshot, emitRulesets(revision, snapshot)).trace(connection).verdict;
    return [createEvaluator(revision, snapshot).evaluate(connection).decision, traced];
  }

  it('a public address a finished pod has given back is the internet again', () => {
    const nodes = [node('n1', ['192.0.2.1'])];
    const pods = [pod('x/a', ['10.0.0.1'], { node: 'n1' }), pod('x/done', ['198.51.100.1'], { node: 'n1', phase: 'finished' }), pod('x/live', ['198.51.100.2'], { node: 'n1' })];
    const snapshot = world({ namespaces: [namespace('x')], nodes, pods });
    const learned: NamespacedPolicy = {
      kind: 'namespaced',
      name: 'learned x/Pod/a',
      subject: { kind: 'workload', workload: ref('x/Pod/a') },
      egress: [{ id: 'out', peers: [{ kind: 'entity', entity: 'internet' }], ports: 'any', evidence: [], widenings: [] }],
      origin,
    };
    expect(decisions([learned], snapshot, 'x/a', { kind: 'address', address: address('198.51.100.1') }, 443)).toEqual(['allow', 'accept']);
    expect(decisions([learned], snapshot, 'x/a', { kind: 'address', address: address('198.51.100.2') }, 443)).toEqual(['deny', 'drop']);
  });

  it('an address of a node\'s pod block that no known pod has is closed on that node, whatever the policies, once anything is enforced there', () => {
    const nodes = [{ ...node('n1', ['192.0.2.1']), podCidrs: ['10.0.1.0/24'] }];
    const snapshot = world({ nodes, pods: [pod('x/a', ['10.0.1.1'], { node: 'n1' })] });
    const unknown = { kind: 'address', address: address('10.0.1.2') } as const;
    const everything = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: all, namespace: x}\nspec: {podSelector: {}, policyTypes: [Egress], egress: [{}]}\n';
    expect(decisions(policiesIn(''), snapshot, 'x/a', unknown, 80)).toEqual(['allow', 'accept']);
    expect(decisions(policiesIn(everything), snapshot, 'x/a', unknown, 80)).toEqual(['allow', 'drop']);
  });
});
