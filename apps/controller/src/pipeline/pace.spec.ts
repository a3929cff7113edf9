import { describe, expect, it } from '@jest/globals';

import { Pace } from './pace.ts';

describe('a pace', () => {
  it('rests at least so long, and longer where the work took long', () => {
    const pace = new Pace(100, 4);
    expect(pace.isReady(0)).toBe(true);
    pace.begin(0);
    expect(pace.isMeasuring).toBe(true);
    pace.tell(10);
    expect([pace.isMeasuring, pace.readyAt, pace.isReady(109), pace.isReady(110)]).toEqual([false, 110, false, true]);
    pace.begin(200);
    pace.tell(700);
    expect(pace.readyAt).toBe(2_700);
  });

  it('adds pieces up and rests after the last', () => {
    const pace = new Pace(100, 4);
    for (const at of [0, 100, 200]) {
      pace.begin(at, at === 200);
      pace.tell(at + 50);
    }
    expect(pace.readyAt).toBe(250 + 600);
  });

  it('takes a clock that went back for no time', () => {
    const pace = new Pace(100, 4);
    pace.begin(1_000);
    pace.tell(500);
    expect(pace.readyAt).toBe(600);
  });
});
