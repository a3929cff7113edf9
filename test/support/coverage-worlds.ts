import { estimateCoverage } from '#learning';

import { Random } from './random.ts';

/** How often the relationships of a workload show: all alike, log-normal, or by rank (Zipf). */
export const RATES = ['even', 'log-normal', 'zipf'] as const;
export type Rates = (typeof RATES)[number];

/** From what a simulated workload is drawn; each pair of numbers is a range, drawn evenly on the logarithm. */
export interface Regime {
  readonly name: string;
  readonly peers: readonly [number, number];
  readonly hours: readonly [number, number];
  /** How often a relationship shows on average while it is watched. */
  readonly shows: Readonly<Record<Rates, readonly [number, number]>>;
  /** Every relationship has its eight hours of the day and shows in no others. */
  readonly isDaily?: true;
  /** How many hours in a row a relationship shows when it does; 1 where nothing is said. */
  readonly spellHours?: number;
}

export const REGIMES: readonly Regime[] = [
  { name: 'learning', peers: [20, 200], hours: [24, 336], shows: { even: [1, 4.5], 'log-normal': [1, 12], zipf: [1, 8] } },
  { name: 'just begun', peers: [20, 200], hours: [4, 24], shows: { even: [0.3, 1.5], 'log-normal': [0.3, 2], zipf: [0.3, 2] } },
  { name: 'few peers', peers: [3, 12], hours: [24, 336], shows: { even: [1, 4.5], 'log-normal': [1, 12], zipf: [1, 8] } },
  { name: 'by the day', peers: [20, 200], hours: [48, 336], shows: { even: [1, 4.5], 'log-normal': [1, 12], zipf: [1, 8] }, isDaily: true },
  { name: 'in spells', peers: [20, 200], hours: [48, 336], shows: { even: [1, 4.5], 'log-normal': [1, 12], zipf: [1, 8] }, spellHours: 4 },
  { name: 'nearly done', peers: [20, 200], hours: [24, 336], shows: { even: [3, 8], 'log-normal': [10, 60], zipf: [10, 60] } },
];

/** One workload watched for a while, with the truth nobody in the field has. */
export interface WatchedWorkload {
  readonly hours: number;
  /** Of every relationship, seen or not: the probability that it shows in an hour, and in how many it did. */
  readonly relationships: readonly { readonly probability: number; readonly hoursSeen: number; readonly spells: number }[];
  /** The share, by probability, of the relationships seen. */
  readonly truth: number;
  /** Hours since something new was seen. */
  readonly quietHours: number;
}

export function watchWorkload(rates: Rates, regime: Regime, random: Random): WatchedWorkload {
  const peers = Math.round(between(regime.peers, random));
  const hours = Math.round(between(regime.hours, random));
  const weights = Array.from({ length: peers }, (_, rank) => weightOf(rates, rank, random));
  const perHour = (between(regime.shows[rates], random) * peers) / (hours * sum(weights));
  const relationships = weights.map((weight) => {
    const probability = 1 - Math.exp(-weight * perHour);
    const begin = regime.isDaily === true ? random.below(24) : 0;
    let hoursSeen = 0;
    let first = hours;
    let spell = 0;
    let spells = 0;
    let last = -2;
    for (let hour = 0; hour < hours; hour += 1) {
      if (spell > 0) spell -= 1;
      else if (isOn(regime, begin, hour) && random.chance(probability)) spell = regime.spellHours ?? 1;
      if (spell === 0) continue;
      hoursSeen += 1;
      if (last !== hour - 1) spells += 1;
      last = hour;
      first = Math.min(first, hour);
      if ((regime.spellHours ?? 1) === 1) spell = 0;
    }
    return { probability, hoursSeen, spells, first };
  });
  const known = relationships.filter(({ hoursSeen }) => hoursSeen > 0);
  const lastNews = Math.max(0, ...known.map(({ first }) => first));
  return { hours, relationships, truth: sum(known.map(({ probability }) => probability)) / sum(relationships.map(({ probability }) => probability)), quietHours: hours - 1 - lastNews };
}

/** How an estimate compares with the truth, over many workloads. Shares from 0 to 1, errors in points of a hundred. */
export interface Calibration {
  readonly runs: number;
  readonly meanTruth: number;
  /** How often the truth lies in the 90 % interval; below it; above it. */
  readonly covered: number;
  readonly below: number;
  readonly above: number;
  readonly meanError: number;
  readonly bias: number;
  readonly meanWidth: number;
  /** Called learned (low end at least 0.95), how often that is so, and of those truly learned how many are called so. */
  readonly called: Called;
  /** The same for the naive rule: nothing new for a day. */
  readonly naive: Called;
}

interface Called {
  readonly called: number;
  readonly wrongly: number;
  readonly ofTrulyLearned: number;
}

const LEARNED = 0.95;
const QUIET_HOURS = 24;

export function calibrate(rates: Rates, regime: Regime, runs: number, seed = 1): Calibration {
  const results = Array.from({ length: runs }, (_, run) => {
    const watched = watchWorkload(rates, regime, new Random(seed * 1_000_003 + run * 7919));
    return { ...watched, coverage: estimateCoverage({ hours: watched.hours, seen: watched.relationships.map(({ hoursSeen, spells }) => ({ hours: hoursSeen, spells })) }) };
  });
  const share = (holds: (result: (typeof results)[number]) => boolean): number => rounded(results.filter(holds).length / results.length);
  const mean = (value: (result: (typeof results)[number]) => number): number => sum(results.map(value)) / results.length;
  const judge = (isCalled: (result: (typeof results)[number]) => boolean): Called => {
    const called = results.filter(isCalled);
    const learned = results.filter(({ truth }) => truth >= LEARNED);
    return {
      called: called.length,
      wrongly: called.filter(({ truth }) => truth < LEARNED).length,
      ofTrulyLearned: learned.length === 0 ? 0 : rounded(learned.filter(isCalled).length / learned.length),
    };
  };
  return {
    runs,
    meanTruth: rounded(mean(({ truth }) => truth)),
    // estimates are rounded to four places
    covered: share(({ truth, coverage: { low, high } }) => truth >= low - 5e-5 && truth <= high + 5e-5),
    below: share(({ truth, coverage: { low } }) => truth < low - 5e-5),
    above: share(({ truth, coverage: { high } }) => truth > high + 5e-5),
    meanError: rounded(100 * mean(({ truth, coverage }) => Math.abs(coverage.estimate - truth))),
    bias: rounded(100 * mean(({ truth, coverage }) => coverage.estimate - truth)),
    meanWidth: rounded(mean(({ coverage }) => coverage.high - coverage.low)),
    called: judge(({ coverage }) => coverage.low >= LEARNED),
    naive: judge(({ quietHours }) => quietHours >= QUIET_HOURS),
  };
}

function isOn({ isDaily }: Regime, begin: number, hour: number): boolean {
  return isDaily !== true || (hour + 24 - begin) % 24 < 8;
}

function weightOf(rates: Rates, rank: number, random: Random): number {
  switch (rates) {
    case 'even':
      return 1;
    case 'log-normal':
      return Math.exp(1.5 * Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()));
    case 'zipf':
      return 1 / (rank + 1);
  }
}

function between([least, most]: readonly [number, number], random: Random): number {
  return least * (most / least) ** random.next();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
