import type { Coverage } from '#model';

/** How often one relationship showed. */
export interface Sighting {
  /** In how many hours it was seen at all. */
  readonly hours: number;
  /** In how many runs of hours without a gap; absent: every hour by itself. */
  readonly spells?: number;
}

/** How often each relationship showed while a workload was watched for so many hours. */
export interface Sightings {
  readonly hours: number;
  readonly seen: readonly Sighting[];
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
 * Estimates how much of the real traffic is known already, from how many relationships showed once
 * only, and how many twice.
 *
 * Estimate: sample coverage for incidence data (Good 1953; Chao and Jost 2012). What is not seen
 * yet weighs, in hours, about as much as what showed once, less the correction by what showed
 * twice. What shows tends to go on for a while, so a run of hours without a gap is one showing,
 * and weighs its hours; what is there most of the time cannot have been overlooked and only counts
 * as known. Interval: around that number of hours, by the variance of the prediction, which is
 * again told by ones and twos (Robbins 1968; Esty 1983), and by solving for its end instead of
 * putting the estimate in (Wilson 1927) where too high a coverage would be the error: without that
 * a workload whose every relationship showed twice would be certain to have no other.
 * `npm run bench -- coverage` compares it with known truth.
 *
 * It takes for granted that a relationship is as likely to begin in one hour as in another. What
 * comes only on schedule has to be waited for separately; what is known to be lost has to be named
 * in `losses`, and lowers estimate and low end by its share, as if all of it were unknown. The high
 * end stays: what was lost may have been nothing new.
 */
export function estimateCoverage({ hours, seen }: Sightings, losses: readonly KnownLoss[] = []): Coverage {
  const known = seen.filter((sighting) => sighting.hours > 0).map((sighting) => showingOf(sighting, hours));
  const { estimate, low, high } = known.length === 0 || hours < 2 ? UNKNOWN : sharesOf(known, hours);
  const kept = losses.reduce((share, loss) => share * (1 - clamp(loss.share)), 1);
  return {
    estimate: round(estimate * kept),
    low: round(low * kept),
    high: round(high),
    seen: known.length,
    seenOnce: known.filter(({ showings }) => showings === 1).length,
    seenTwice: known.filter(({ showings }) => showings === 2).length,
    buckets: hours,
    lowered: losses.map(({ text }) => text),
  };
}

// one hour tells nothing of the next
const UNKNOWN = { estimate: 0, low: 0, high: 1 };
/** A run that goes on for longer is no news any more. */
const LONGEST_SPELL = 24;
const LEAST_STEADY_HOURS = 3;

interface Showing {
  readonly hours: number;
  /** Infinite for what is there most of the time. */
  readonly showings: number;
  /** What it would have weighed, had it not been seen. */
  readonly weight: number;
}

function showingOf({ hours, spells = hours }: Sighting, watched: number): Showing {
  if (hours >= LEAST_STEADY_HOURS && hours * 2 > watched) return { hours, showings: Infinity, weight: 0 };
  const showings = Math.min(Math.max(1, spells), hours);
  return { hours, showings, weight: Math.min(hours, showings * LONGEST_SPELL) };
}

function sharesOf(known: readonly Showing[], hours: number): { readonly estimate: number; readonly low: number; readonly high: number } {
  const all = sum(known, (each) => each.hours);
  const once = known.filter(({ showings }) => showings === 1);
  const twice = known.filter(({ showings }) => showings === 2);
  const passing = known.filter(({ weight }) => weight > 0);
  const onceWeight = sum(once, ({ weight }) => weight);
  const shrink = once.length === 0 ? 0 : ((hours - 1) * once.length) / ((hours - 1) * once.length + 2 * twice.length);
  const unseen = onceWeight * shrink;
  // of n hours that were all of things seen once, the number is as much chance as the share: no less than half counts as chance
  const onceSpread = sum(once, ({ weight }) => weight ** 2) * shrink * Math.max(0.5, 1 - onceWeight / all);
  const spread = onceSpread + sum(twice, ({ weight }) => weight ** 2) / 2;
  // what one showing weighs that nobody saw
  const unit = passing.length === 0 ? 1 : sum(passing, ({ weight }) => weight) / sum(passing, ({ showings }) => showings);
  const most = unseen + (unit * Z ** 2) / 2 + Z * Math.sqrt(spread + (unit * Z) ** 2 / 4);
  const least = unseen - Z * Math.sqrt(spread);
  return { estimate: clamp(1 - unseen / all), low: clamp(1 - most / all), high: clamp(1 - least / all) };
}

function sum(known: readonly Showing[], value: (each: Showing) => number): number {
  return known.reduce((total, each) => total + value(each), 0);
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function round(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
