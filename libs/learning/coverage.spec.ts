import { describe, expect, it } from '@jest/globals';

import { calibrate, RATES, REGIMES } from '../../test/support/coverage-worlds.ts';
import { estimateCoverage, type Sighting } from './index.ts';

function times(count: number, hours: number, spells = hours): readonly Sighting[] {
  return Array.from({ length: count }, () => ({ hours, spells }));
}

describe('estimateCoverage', () => {
  it.each(RATES)('is not too sure of what comes in spells: %s rates', (rates) => {
    const { below, meanError, called } = calibrate(rates, REGIMES.find(({ name }) => name === 'in spells')!, 200);
    expect(below).toBeLessThanOrEqual(0.05);
    expect(meanError).toBeLessThanOrEqual(6);
    expect(called.wrongly).toBeLessThanOrEqual(called.called * 0.05);
  });

  it.each(RATES)('holds the truth in 85 to 95 of 100 intervals, with a mean error of at most 5 points: %s rates', (rates) => {
    const { covered, meanError, called, naive } = calibrate(rates, REGIMES[0]!, 200);
    expect(covered).toBeGreaterThanOrEqual(0.85);
    expect(covered).toBeLessThanOrEqual(0.95);
    expect(meanError).toBeLessThanOrEqual(5);
    // where it says that 95 of 100 are known, it is wrong less often than waiting for a quiet day
    expect(called.wrongly / called.called).toBeLessThanOrEqual(0.05);
    expect(naive.wrongly / naive.called).toBeGreaterThan(called.wrongly / called.called);
  });

  it.each<{ name: string; hours: number; seen: readonly Sighting[] }>([
    { name: 'nothing was seen', hours: 100, seen: [] },
    { name: 'nothing was watched', hours: 0, seen: [] },
    { name: 'one hour was watched', hours: 1, seen: times(9, 1) },
    { name: 'one thing was seen once', hours: 50, seen: times(1, 1) },
  ])('knows nothing where $name', ({ hours, seen }) => {
    expect(estimateCoverage({ hours, seen })).toMatchObject({ estimate: 0, low: 0, high: 1 });
  });

  it('is near nothing where everything was seen once', () => {
    const { estimate, low, high } = estimateCoverage({ hours: 48, seen: times(40, 1) });
    expect(estimate).toBeLessThan(0.01);
    expect(low).toBe(0);
    expect(high).toBeLessThan(0.4);
  });

  it('is never certain, however often few things were seen', () => {
    const { estimate, low, high } = estimateCoverage({ hours: 24, seen: times(2, 24) });
    expect(estimate).toBe(1);
    expect(high).toBe(1);
    expect(low).toBeGreaterThan(0.9);
    expect(low).toBeLessThan(0.95);
  });

  it('grows with every hour without news', () => {
    const lows = [4, 24, 72, 168].map((hours) => estimateCoverage({ hours, seen: times(6, hours) }).low);
    expect([...lows].sort((a, b) => a - b)).toEqual(lows);
    expect(new Set(lows).size).toBe(4);
  });

  it('falls with every relationship seen once', () => {
    const of = (once: number) => estimateCoverage({ hours: 168, seen: [...times(10, 100), ...times(once, 1)] });
    expect(of(1).low).toBeGreaterThan(of(5).low);
    expect(of(5).low).toBeGreaterThan(of(50).low);
    expect(of(50)).toMatchObject({ seen: 60, seenOnce: 50, seenTwice: 0, buckets: 168 });
  });

  it('takes a run of hours for one showing, which weighs its hours', () => {
    const of = (spells: number) => estimateCoverage({ hours: 168, seen: [...times(10, 150), ...times(6, 8, spells)] });
    expect(of(8)).toMatchObject({ seenOnce: 0, seenTwice: 0 });
    expect(of(2)).toMatchObject({ seenOnce: 0, seenTwice: 6 });
    expect(of(1)).toMatchObject({ seenOnce: 6, seenTwice: 0 });
    expect(of(1).estimate).toBeLessThan(of(8).estimate);
    expect(of(1).low).toBeLessThan(of(2).low);
    expect(of(2).low).toBeLessThan(of(8).low);
  });

  it('takes what is there most of the time for known, although it showed once', () => {
    const { seenOnce, estimate, low } = estimateCoverage({ hours: 72, seen: times(5, 70, 1) });
    expect({ seenOnce, estimate }).toEqual({ seenOnce: 0, estimate: 1 });
    expect(low).toBeGreaterThan(0.99);
  });

  it('takes a run that began later for news, but of no more than a day', () => {
    const news = (hours: number) => estimateCoverage({ hours: 672, seen: [...times(5, 672, 1), ...times(1, hours, 1)] });
    expect(news(20).estimate).toBeLessThan(1);
    expect(news(300).estimate).toBeGreaterThan(0.99);
  });

  it('takes hundreds of peers, and ignores those that never showed', () => {
    const peers = Array.from({ length: 800 }, (_, rank) => ({ hours: Math.floor(500 / (rank + 1)) }));
    const { seen, low, estimate, high } = estimateCoverage({ hours: 500, seen: peers });
    expect(seen).toBe(500);
    expect([low, estimate, high].every((share) => share > 0.8 && share < 1)).toBe(true);
    expect(low).toBeLessThan(estimate);
    expect(estimate).toBeLessThan(high);
  });

  it('is lowered by what is known to be lost, which it names, and at the high end is not', () => {
    const whole = estimateCoverage({ hours: 100, seen: times(10, 100) });
    const lossy = estimateCoverage({ hours: 100, seen: times(10, 100) }, [{ share: 0.1, text: 'node-a lost 1 of 10' }, { share: 0.5, text: 'no room for half' }]);
    expect(lossy.estimate).toBeCloseTo(whole.estimate * 0.45, 3);
    expect(lossy.low).toBeCloseTo(whole.low * 0.45, 3);
    expect(lossy.high).toBe(whole.high);
    expect(lossy.lowered).toEqual(['node-a lost 1 of 10', 'no room for half']);
  });

  it('stays a share whatever losses claim', () => {
    const { estimate, low } = estimateCoverage({ hours: 10, seen: times(1, 10) }, [{ share: 7, text: 'more than all' }, { share: -3, text: 'less than none' }]);
    expect([estimate, low]).toEqual([0, 0]);
  });
});
