import { describe, expect, it } from '@jest/globals';

import { compareLayers, explainLayers, type LayersResult, runLayers } from './support/fuzz-layers.ts';

/* RINGFENCE_FUZZ_SEED=<first seed> and RINGFENCE_FUZZ_CASES=<how many> try others and more. */
const FIRST = Number(process.env['RINGFENCE_FUZZ_SEED'] ?? 1);
const CASES = Number(process.env['RINGFENCE_FUZZ_CASES'] ?? 300);

describe('in random worlds, for random targets and modes', () => {
  const total: Record<keyof Omit<LayersResult, 'disagreements'>, number> = { asked: 0, allowed: 0, byOne: 0 };

  it('what is said gets through is what the rulesets of the nodes and the policies in the cluster both let through', () => {
    for (let seed = FIRST; seed < FIRST + CASES; seed += 1) {
      const { disagreements, ...counts } = runLayers(seed);
      if (disagreements.length > 0) throw new Error(explainLayers(seed));
      for (const key of ['asked', 'allowed', 'byOne'] as const) total[key] += counts[key];
    }
  }, 600_000);

  it('what opens and closes between two of them is what pairs of pods say one by one', () => {
    let changes = 0;
    for (let seed = FIRST; seed < FIRST + CASES; seed += 1) {
      const compared = compareLayers(seed);
      expect(compared.disagreements).toEqual([]);
      changes += compared.changes;
    }
    expect(changes).toBeGreaterThan(CASES / 4);
  }, 600_000);

  it('was about connections that are let through, that are not, and that only one of them lets through', () => {
    expect(total.allowed).toBeGreaterThan(total.asked / 10);
    expect(total.asked - total.allowed).toBeGreaterThan(total.asked / 10);
    expect(total.byOne).toBeGreaterThan(total.asked / 50);
  });
});
