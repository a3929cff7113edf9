import { describe, expect, it } from '@jest/globals';

import { shuffled } from '../../../test/support/random.ts';

import { AcceptedStretches } from './accepted-stretches.ts';

describe('stretches of time that were reported on', () => {
  const stretches = Array.from({ length: 60 }, (_, at) => ({ from: at * 10, to: at * 10 + 10 })).filter(({ from }) => from % 70 !== 0);

  it('are the same in whatever order they came, and joined where they touch', () => {
    const once = new AcceptedStretches();
    for (const { from, to } of stretches) once.add(from, to);
    expect(once.edges.slice(0, 6)).toEqual([10, 70, 80, 140, 150, 210]);
    expect([once.from, once.to, once.coveredMs]).toEqual([10, 600, stretches.length * 10]);
    for (let seed = 1; seed < 30; seed += 1) {
      const other = new AcceptedStretches();
      for (const { from, to } of shuffled(stretches, seed)) {
        expect(other.has(from)).toBe(false);
        other.add(from, to);
        expect(other.has(from)).toBe(true);
      }
      expect(other.edges).toEqual(once.edges);
    }
  });

  it('are known by their beginning, whichever way they lie', () => {
    const taken = new AcceptedStretches([10, 20, 30, 40]);
    expect([9, 10, 19, 20, 29, 30, 39, 40].map((from) => taken.has(from))).toEqual([false, true, true, false, false, true, true, false]);
  });

  it('have a bounded number of gaps, of which the oldest is closed', () => {
    const taken = new AcceptedStretches();
    for (let at = 0; at < 1_000; at += 1) taken.add(at * 100, at * 100 + 10);
    expect(taken.edges).toHaveLength(512);
    expect([taken.has(50), taken.has(99_850)]).toEqual([true, false]);
  });

  it('are forgotten up to a moment', () => {
    const taken = new AcceptedStretches([10, 20, 30, 40]);
    taken.forget(15);
    expect(taken.edges).toEqual([15, 20, 30, 40]);
    taken.forget(25);
    expect(taken.edges).toEqual([30, 40]);
    taken.forget(100);
    expect([taken.edges, taken.coveredMs]).toEqual([[], 0]);
  });
});
