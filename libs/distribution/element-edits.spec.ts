import { describe, expect, it } from '@jest/globals';

import { Random } from '../../test/support/random.ts';
import { applyEdits, editsBetween, readEdits } from './element-edits.ts';

describe('the way from one list of elements to another', () => {
  it.each<[string, readonly string[], readonly string[], unknown]>([
    ['nothing', ['a', 'b'], ['a', 'b'], []],
    ['one more at the end', ['a'], ['a', 'b'], [[1, 0, 'b']]],
    ['one more at the beginning', ['b'], ['a', 'b'], [[0, 0, 'a']]],
    ['one gone in the middle', ['a', 'b', 'c'], ['a', 'c'], [[1, 1]]],
    ['one for another', ['a', 'b', 'd'], ['a', 'c', 'd'], [[1, 1, 'c']]],
    ['everything gone', ['a', 'b'], [], [[0, 2]]],
    ['everything new', [], ['a', 'b'], [[0, 0, 'a', 'b']]],
    ['two places', ['a', 'b', 'c', 'd'], ['b', 'c', 'd', 'e'], [[0, 1], [4, 0, 'e']]],
  ])('is %s', (_what, before, after, edits) => {
    expect(editsBetween(before, after)).toEqual(edits);
    expect(applyEdits(before, editsBetween(before, after))).toEqual(after);
  });

  it('leads exactly there, whatever the lists', () => {
    for (let seed = 0; seed < 400; seed += 1) {
      const random = new Random(seed);
      const pool = Array.from({ length: 1 + random.below(400) }, (_, at) => `e${String(at)}`);
      const before = random.some(pool, random.next());
      // half of them sorted alike, as the compiler's are; the others in any order
      const kept = random.some(pool, random.next());
      const after = seed % 2 === 0 ? kept : [...kept].sort(() => random.next() - 0.5);
      const edits = editsBetween(before, after);
      expect(applyEdits(before, edits)).toEqual(after);
      if (seed % 2 === 0) {
        const moved = edits.reduce((sum, [, gone, ...fresh]) => sum + gone + fresh.length, 0);
        expect(moved).toBe(new Set(before).symmetricDifference(new Set(after)).size);
      }
    }
  });

  it('is found in one pass, where all of 100,000 are others too', () => {
    const before = Array.from({ length: 100_000 }, (_, at) => `a${String(at)}`);
    const after = Array.from({ length: 100_000 }, (_, at) => `b${String(at)}`);
    const from = performance.now();
    expect(applyEdits(before, editsBetween(before, after))?.length).toBe(100_000);
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  it.each([[[[0, 1], [0, 1]]], [[[1, 2]]], [[[3, 0]]]])('is not put on a list it does not fit: %j', (edits) => {
    expect(applyEdits(['a', 'b'], readEdits(edits) ?? [])).toBeUndefined();
  });

  it.each<[unknown]>([[7], [[7]], [[[0]]], [[[0, -1]]], [[[0.5, 1]]], [[['0', 1]]], [[[0, 1, 7]]]])('is not read from %j', (value) => {
    expect(readEdits(value)).toBeUndefined();
  });
});
