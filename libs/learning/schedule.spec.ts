import { describe, expect, it } from '@jest/globals';

import { nextRun } from './schedule.ts';

const tuesday = Date.parse('2026-12-01T12:00:00Z');

function next(schedule: string, zone?: string, after = tuesday): string {
  const found = nextRun(schedule, zone, after);
  if (found.kind === 'unreadable') return found.why;
  return found.at === undefined ? 'never' : new Date(found.at).toISOString();
}

describe('nextRun', () => {
  it.each<{ schedule: string; zone?: string; after?: string; at: string }>([
    { schedule: '*/5 * * * *', at: '2026-12-01T12:05:00.000Z' },
    { schedule: '0 2 * * *', at: '2026-12-02T02:00:00.000Z' },
    { schedule: '0 2 * * *', zone: 'Europe/Berlin', at: '2026-12-02T01:00:00.000Z' },
    { schedule: '0 2 * * *', zone: 'Europe/Berlin', after: '2026-07-01T12:00:00Z', at: '2026-07-02T00:00:00.000Z' },
    { schedule: 'TZ=Asia/Tokyo 0 2 * * *', zone: 'Europe/Berlin', at: '2026-12-01T17:00:00.000Z' },
    { schedule: 'CRON_TZ=Asia/Tokyo 0 2 * * *', at: '2026-12-01T17:00:00.000Z' },
    { schedule: '@daily', at: '2026-12-02T00:00:00.000Z' },
    { schedule: '@weekly', zone: 'America/New_York', at: '2026-12-06T05:00:00.000Z' },
    { schedule: '@every 1h30m', at: '2026-12-01T13:30:00.000Z' },
    { schedule: '@every 1h30m0.5s', at: '2026-12-01T13:30:00.500Z' },
    // either day, where both are named
    { schedule: '0 2 13 * 5', at: '2026-12-04T02:00:00.000Z' },
    { schedule: '0 2 */2 * 5', at: '2026-12-03T02:00:00.000Z' },
    { schedule: '0 0 ? * MON-FRI', at: '2026-12-02T00:00:00.000Z' },
    { schedule: '5/10 * * * *', at: '2026-12-01T12:05:00.000Z' },
    { schedule: '50/10 * * * *', at: '2026-12-01T12:50:00.000Z' },
    { schedule: '0 0 1 jan,Jul *', at: '2027-01-01T00:00:00.000Z' },
    { schedule: '0 0 29 2 *', at: '2028-02-29T00:00:00.000Z' },
    { schedule: '  0   2 * * *  ', at: '2026-12-02T02:00:00.000Z' },
    { schedule: '*/90 * * * *', at: '2026-12-01T13:00:00.000Z' },
    { schedule: '0 0 30 2 *', at: 'never' },
    { schedule: '0 2 * * *', after: '2028-02-29T23:59:59Z', at: '2028-03-01T02:00:00.000Z' },
    { schedule: '0 0 1 1 *', after: '1999-12-31T23:59:58Z', at: '2000-01-01T00:00:00.000Z' },
    { schedule: '0 2 * * *', after: '2026-12-02T02:00:00Z', at: '2026-12-03T02:00:00.000Z' },
  ])('$schedule in $zone is due at $at', ({ schedule, zone, after, at }) => {
    expect(next(schedule, zone, after === undefined ? tuesday : Date.parse(after))).toBe(at);
  });

  it.each(['', 'often', '0 2 * *', '0 0 2 * * *', '60 * * * *', '0 24 * * *', '0 2 0 * *', '0 2 * * 7', '0 2 L * *', '0 2 15W * *', '0 2 * * 5#2', '*/0 * * * *', '9-5 * * * *', '@every day', '@reboot', 'a'.repeat(100_000)])(
    'says that %j can not be read',
    (schedule) => {
      expect(nextRun(schedule, undefined, tuesday).kind).toBe('unreadable');
    },
  );

  it('says that a time zone nobody knows can not be read', () => {
    expect(next('0 2 * * *', 'Mars/Olympus')).toBe('"0 2 * * *" in time zone "Mars/Olympus" can not be read');
  });
});
