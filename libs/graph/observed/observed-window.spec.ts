import { describe, expect, it } from '@jest/globals';

import { flow, HOUR, report, START } from '../../../test/support/observed.ts';

import { ObservedHistory } from './observed-history.ts';

const web = 'shop/Deployment/web';
const db = 'shop/StatefulSet/db';
const DAY = 24 * HOUR;

/** Ten connections of 1,000 bytes in the first ten seconds of each of these hours. */
function seenIn(hours: readonly number[], now: number): ObservedHistory {
  const history = new ObservedHistory();
  for (const hour of hours) history.accept(report([flow(web, db, 5432, { connections: 10, replied: 10, bytes: 1_000, from: START + hour * HOUR })], { from: START + hour * HOUR }), START + hour * HOUR + HOUR - 1);
  history.expire(now);
  return history;
}

function countSince(history: ObservedHistory, since: number): number | undefined {
  return history.relationshipsSince(since)[0]?.connections;
}

const range = (length: number, step = 1): readonly number[] => Array.from({ length }, (_, at) => at * step);

describe('what was seen since a moment', () => {
  const ten = seenIn(range(10), START + 10 * HOUR);

  it.each([
    ['everything, where it began then', START, 100],
    ['everything, where it began later', START - DAY, 100],
    ['the later half of its hours', START + 5 * HOUR, 50],
    ['all of an hour that begins at that moment', START + 9 * HOUR, 10],
    ['half of the hour the moment is in the middle of', START + 5.5 * HOUR, 45],
    ['next to nothing of an hour that is over but for a second', START + 6 * HOUR - 1_000, 40],
    ['an hour that is over not at all', START + 6 * HOUR, 40],
    ['what goes on at that moment', START + 9 * HOUR + 10_000, 10],
    ['nothing of what ended before', START + 9 * HOUR + 10_001, undefined],
  ])('is %s', (_what, since, expected) => {
    expect(countSince(ten, since)).toBe(expected);
  });

  it('tells bytes and answers likewise, and since when', () => {
    expect(ten.relationshipsSince(START + 5 * HOUR)).toMatchObject([{ firstSeen: START + 5 * HOUR, lastSeen: START + 9 * HOUR + 10_000, buckets: 5, connections: 50, replied: 50, bytes: 5_000, denied: 0 }]);
    expect(ten.relationships()).toMatchObject([{ firstSeen: START, buckets: 10, connections: 100 }]);
  });

  it('counts hours it was not seen in for nothing', () => {
    const gaps = seenIn([0, 1, 2, 100], START + 101 * HOUR);
    expect(countSince(gaps, START + 3 * HOUR)).toBe(10);
    expect(countSince(gaps, START + 99 * HOUR)).toBe(10);
  });

  it('is one connection at least of what was seen after the moment', () => {
    const history = new ObservedHistory();
    history.accept(report([flow(web, db, 5432, { connections: 1 })], { from: START + HOUR - 5_000 }), START + HOUR);
    // it began in the hour before the moment, and its report ends after it
    expect(countSince(history, START + HOUR)).toBe(1);
  });

  it.each([
    { days: 1, expected: 240 },
    { days: 7, expected: 1_680 },
    { days: 28, expected: 6_720 },
    { days: 90, expected: 13_440 },
  ])('is $expected connections of the last $days days, though hours are known of four weeks only and it went on for eight', ({ days, expected }) => {
    const end = START + 56 * DAY;
    expect(countSince(seenIn(range(56 * 24), end - 1), end - days * DAY)).toBe(expected);
  });

  it('is the same once it was kept and read again', () => {
    const again = new ObservedHistory();
    again.restore(ten.changes(START + 10 * HOUR, true), START + 10 * HOUR);
    expect(again.relationshipsSince(START + 5.5 * HOUR)).toEqual(ten.relationshipsSince(START + 5.5 * HOUR));
  });
});
