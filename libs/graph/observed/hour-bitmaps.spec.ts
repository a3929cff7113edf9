import { describe, expect, it } from '@jest/globals';

import { Random } from '../../../test/support/random.ts';
import { HourBitmaps, HOURS_KEPT } from './hour-bitmaps.ts';

describe('HourBitmaps', () => {
  it.each([{ density: 0.02 }, { density: 0.5 }, { density: 0.98 }, { density: 1 }])('counts runs of hours as a list of them does, wherever the ring begins: $density of all hours', ({ density }) => {
    const random = new Random(7);
    for (let round = 0; round < 60; round += 1) {
      const bitmaps = new HourBitmaps();
      bitmaps.add();
      const row = bitmaps.add();
      const begin = 480_000 + random.below(2_000);
      const length = 1 + random.below(HOURS_KEPT * 2);
      for (let hour = begin; hour < begin + length; hour += 1) {
        bitmaps.advance(hour);
        if (random.chance(density)) bitmaps.set(row, hour);
      }
      const hours = bitmaps.hours(row);
      const runs = hours.filter((hour, at) => at === 0 || hours[at - 1] !== hour - 1).length;
      expect({ round, spells: bitmaps.spells(row), count: bitmaps.count(row) }).toEqual({ round, spells: runs, count: hours.length });
    }
  });
});
