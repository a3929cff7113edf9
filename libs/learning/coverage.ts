import type { Coverage } from '#model';

/** How often each relationship showed: the number of hours, out of `hours` that were watched, in which it was seen at all. */
export interface Sightings {
  readonly hours: number;
  readonly hoursSeen: readonly number[];
}

/** A part of the traffic that is known to be missing from what was seen. */
export interface KnownLoss {
  /** From 0 to 1. */
  readonly share: number;
  /** One sentence: who lost what. */
  readonly text: string;
}

// the point of the normal distribution that 5 % lie beyond: both tails together leave 90 %
const Z = 1.6449;

/**
 * Estimates how much of the real traffic is known already, from how many relationships were seen
 * in one hour only and in two.
 *
 * Estimate: sample coverage for incidence data (Good 1953; Chao and Jost 2012). What is not seen
 * yet weighs, in sightings, about as much as what was seen once, less the correction by what was
 * seen twice. Interval: around that number of sightings, by the variance of the prediction, which
 * is again told by ones and twos (Robbins 1968; Esty 1983), and by solving for its end instead of
 * putting the estimate in (Wilson 1927) where too high a coverage would be the error: without that
 * a workload whose every relationship was seen twice would be certain to have no other.
 * `npm run bench -- coverage` compares it with known truth.
 *
 * It takes for granted that a relationship is as likely in one hour as in another. What comes only
 * on schedule has to be waited for separately; what is known to be lost has to be named in `losses`,
 * and lowers estimate and low end by its share, as if all of it were unknown. The high end stays:
 * what was lost may have been nothing new.
 */
export function estimateCoverage({ hours, hoursSeen }: Sightings, losses: readonly KnownLoss[] = []): Coverage {
  const seen = hoursSeen.filter((count) => count > 0);
  const sightings = seen.reduce((sum, count) => sum + count, 0);
  const once = seen.filter((count) => count === 1).length;
  const twice = seen.filter((count) => count === 2).length;
  const { estimate, low, high } = sightings === 0 || hours < 2 ? UNKNOWN : sharesOf(sightings, once, twice, hours);
  const kept = losses.reduce((share, loss) => share * (1 - clamp(loss.share)), 1);
  return {
    estimate: round(estimate * kept),
    low: round(low * kept),
    high: round(high),
    seen: seen.length,
    seenOnce: once,
    seenTwice: twice,
    buckets: hours,
    lowered: losses.map(({ text }) => text),
  };
}

// one hour tells nothing of the next
const UNKNOWN = { estimate: 0, low: 0, high: 1 };

function sharesOf(sightings: number, once: number, twice: number, hours: number): { readonly estimate: number; readonly low: number; readonly high: number } {
  const unseen = unseenSightings(once, twice, hours);
  // of n sightings that were all made once, the number is as much chance as the share: no less than half counts as chance
  const spread = unseen * Math.max(0.5, 1 - once / sightings) + 2 * twice;
  const most = unseen + Z ** 2 / 2 + Z * Math.sqrt(spread + Z ** 2 / 4);
  const least = unseen - Z * Math.sqrt(spread);
  return { estimate: clamp(1 - unseen / sightings), low: clamp(1 - most / sightings), high: clamp(1 - least / sightings) };
}

/** What is not seen yet, in the sightings it would have had. */
function unseenSightings(once: number, twice: number, hours: number): number {
  return once === 0 ? 0 : once * (((hours - 1) * once) / ((hours - 1) * once + 2 * twice));
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
