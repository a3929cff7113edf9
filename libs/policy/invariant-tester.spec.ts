import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, checkInvariants, type Invariant, InvariantTester, type PeerPattern } from '#policy';

import { fuzzCase, revisionOf } from '../../test/support/fuzz.ts';
import { Random } from '../../test/support/random.ts';
import { address, origin } from '../../test/support/worlds.ts';

const SEEDS = Array.from({ length: 120 }, (_, seed) => seed);
const FIRST = adoptPolicies([]);

function patternOf(random: Random): PeerPattern {
  switch (random.below(4)) {
    case 0:
      return { kind: 'internet' };
    case 1: {
      const { family, bits, text } = address(random.pick(['10.1.0.0', '2001:db8:1000::']));
      return { kind: 'cidr', cidr: family === 4 ? { family, first: bits, length: 24, text: `${text}/24` } : { family, first: bits, length: 64, text: `${text}/64` } };
    }
    default:
      return { kind: 'pods', namespaces: { kind: 'name', name: random.pick(['x', 'y', 'z']) }, pods: { requirements: random.chance(0.5) ? [] : [{ key: 'app', operator: 'In', values: ['a', 'b'] }] } };
  }
}

describe('an invariant asked of one workload after the other', () => {
  it('is violated exactly where it is violated as a whole, whatever was asked before', () => {
    const outcomes = { violated: 0, other: 0 };
    for (const seed of SEEDS) {
      const random = new Random(seed + 900);
      const { snapshot, policies } = fuzzCase(seed);
      const revision = revisionOf(policies);
      const invariants = random.several(1, 3, (at): Invariant => ({ name: `i${String(at)}`, claim: random.pick(['never', 'must']), from: patternOf(random), to: patternOf(random), ...(random.chance(0.5) ? { port: { port: 80, protocol: 'TCP' } } : {}), origin }));
      const tester = new InvariantTester(snapshot, invariants);
      // another revision first: what is known of the cluster then has to be cut anew
      tester.know(FIRST.policies);
      for (const invariant of invariants) tester.check(FIRST, invariant);
      tester.know(revision.policies);
      for (const whole of checkInvariants(revision, snapshot, invariants)) {
        const { invariant } = whole;
        expect(tester.check(revision, invariant).outcome).toBe(whole.outcome);
        const parts = [...snapshot.workloads.values()].flatMap(({ ref: workload }) => (['from', 'to'] as const).map((end) => ({ end, workload })).filter((only) => tester.isAbout(invariant, only)));
        const isViolated = parts.some((only) => tester.check(revision, invariant, only).outcome === 'violated');
        outcomes[isViolated ? 'violated' : 'other'] += 1;
        expect(isViolated).toBe(whole.outcome === 'violated');
      }
    }
    expect(outcomes.violated).toBeGreaterThan(30);
    expect(outcomes.other).toBeGreaterThan(30);
  });
});
