import { expect, test } from '@jest/globals';

import { BackOff } from './index.ts';

test('a wait doubles up to half a minute, however often it fails, and begins anew', () => {
  const longest = new BackOff(() => 0.999_999);
  expect(Array.from({ length: 11 }, () => longest.next())).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
  for (let time = 0; time < 2_000; time += 1) longest.next();
  expect(longest.next()).toBe(30_000);
  longest.reset();
  expect(longest.next()).toBe(100);
});

test('a wait is never shorter than half of the longest it could be', () => {
  const shortest = new BackOff(() => 0);
  expect([shortest.next(), shortest.next(), shortest.next()]).toEqual([50, 100, 200]);
});
