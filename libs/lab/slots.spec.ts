import { expect, it } from '@jest/globals';

import { Slots } from './slots.ts';

it('keeps numbers, and gives the lowest free ones', () => {
  const slots = new Slots();
  const numbers = (names: readonly string[]): readonly (number | undefined)[] => names.map((name) => slots.assign(names).get(name));
  expect(numbers(['a', 'b', 'c'])).toEqual([0, 1, 2]);
  expect(numbers(['c', 'd'])).toEqual([2, 0]);
  expect(numbers(['d', 'c', 'e', 'f'])).toEqual([0, 2, 1, 3]);
  expect(numbers([])).toEqual([]);
  expect(numbers(['z'])).toEqual([0]);
});
