import type { ObservedRelationship } from '#model';

import { HOUR_MS, type HourBitmaps, HOURS_KEPT } from './hour-bitmaps.ts';

/**
 * What of a relationship belongs to the time since some moment; undefined where nothing does.
 *
 * Which hours it was seen in is known, and how often in all of them together: so its counts are
 * shared out evenly over its hours, the hour of that moment by the part of it that is left. What
 * began after that moment counts in full, and what was seen after it counts for one at least.
 */
export function sinceMoment(seen: ObservedRelationship, row: number, hours: HourBitmaps, since: number): ObservedRelationship | undefined {
  const { firstSeen, lastSeen } = seen;
  if (lastSeen < since) return undefined;
  if (firstSeen >= since) return seen;
  const first = Math.floor(since / HOUR_MS);
  const whole = hours.countFrom(row, first + 1);
  const inFirst = hours.has(row, first) ? (first + 1) - since / HOUR_MS : 0;
  const share = Math.min(1, (whole + inFirst) / hoursInAll(seen));
  const part = (count: number): number => (count === 0 ? 0 : Math.max(1, Math.round(count * share)));
  return {
    ...seen,
    firstSeen: since,
    buckets: Math.max(1, whole + (inFirst > 0 ? 1 : 0)),
    connections: part(seen.connections),
    bytes: part(seen.bytes),
    replied: seen.replied === undefined ? undefined : part(seen.replied),
    denied: part(seen.denied),
    wouldBeDenied: part(seen.wouldBeDenied),
  };
}

// Counts go back to when it was first seen, hours no further than four weeks: before them it is taken to have shown as often.
function hoursInAll({ firstSeen, lastSeen, buckets }: ObservedRelationship): number {
  const span = Math.floor(lastSeen / HOUR_MS) - Math.floor(firstSeen / HOUR_MS) + 1;
  return Math.max(1, buckets) * Math.max(1, span / HOURS_KEPT);
}
