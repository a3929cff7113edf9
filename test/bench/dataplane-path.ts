// What a packet pays for our rules: of an established connection, and the first of a new one, over
// plain connection tracking, against other ways to write the same rules.
//
// Every way has a client, a router and a server of its own. Batches of packets alternate between
// plain tracking and each way, and of both the fastest batches of a round are compared, which
// nothing has interrupted; `control` is plain tracking compared with itself.
import { setTimeout as wait } from 'node:timers/promises';

import type { IpFamily } from '#model';

import { systemCalls } from '../../libs/lab/system-calls.ts';
import { installMissingTools } from '../support/system.ts';
import { layouts, plain, PLAIN } from './dataplane-path-layouts.ts';
import { BATCH, type Kind, PathWorld } from './dataplane-path-world.ts';

const ROUNDS = Number(process.argv[2] ?? 5);
const BATCHES: Readonly<Record<Kind, number>> = { established: 16, new: 8 };
const FAMILIES = [4, 6] as const;
const BUDGET_US = { established: 0.1, new: 1.3, newWithEvents: 3 };

/** Over the rounds, microseconds added by a packet. */
interface Added {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** Between the fastest batches of all rounds. */
  readonly fastest: number;
}

interface Pair {
  readonly base: number;
  readonly other: number;
}

/** The fastest of alternating batches. */
async function compare(base: PathWorld, other: PathWorld, kind: Kind, family: IpFamily): Promise<Pair> {
  let pair: Pair = { base: Number.POSITIVE_INFINITY, other: Number.POSITIVE_INFINITY };
  for (let at = 0; at < BATCHES[kind]; at += 1) {
    pair = { base: Math.min(pair.base, base.send(kind, family)), other: Math.min(pair.other, other.send(kind, family)) };
  }
  // who listens has to keep up
  if (other.isListening) await wait(20);
  return pair;
}

function added(pairs: readonly Pair[]): Added {
  const differences = pairs.map(({ base, other }) => other - base).sort((a, b) => a - b);
  const fastest = Math.min(...pairs.map(({ other }) => other)) - Math.min(...pairs.map(({ base }) => base));
  return { median: round(differences[differences.length >> 1]!), least: round(differences[0]!), most: round(differences.at(-1)!), fastest: round(fastest) };
}

function round(microseconds: number): number {
  return Math.round(microseconds * 1_000) / 1_000;
}

/** One round over all ways. */
async function measureRound(base: PathWorld, others: readonly PathWorld[], family: IpFamily, kind: Kind, note: (name: string, pair: Pair) => void): Promise<void> {
  for (const world of [base, ...others]) {
    world.forget();
    if (kind === 'established') world.establish(family);
  }
  for (const other of others) note(other.name, await compare(base, other, kind, family));
  for (const world of [base, ...others]) world.forget();
}

function stayOnOneProcessor(): void {
  const mask = Buffer.alloc(128);
  const processor = systemCalls().currentProcessor();
  mask[processor >> 3] = 1 << (processor & 7);
  systemCalls().setAffinity(0, mask.length, mask);
}

async function main(): Promise<void> {
  installMissingTools();
  const from = performance.now();
  const base = new PathWorld({ name: PLAIN, load: plain });
  const others = layouts().map((layout) => {
    process.stderr.write(`dataplane-path: ${layout.name}\n`);
    return new PathWorld(layout);
  });
  try {
    stayOnOneProcessor();
    const pairs = new Map<string, Pair[]>();
    const plainUs = new Map<string, number>();
    for (let at = 0; at < ROUNDS; at += 1) {
      // what changes over time favours none
      const order = at % 2 === 0 ? others : [...others].reverse();
      for (const family of FAMILIES) {
        for (const kind of ['established', 'new'] as const) {
          const place = `${kind} IPv${String(family)}`;
          await measureRound(base, order, family, kind, (name, pair) => {
            const key = `${name}\n${place}`;
            pairs.set(key, [...(pairs.get(key) ?? []), pair]);
            plainUs.set(place, Math.min(plainUs.get(place) ?? Number.POSITIVE_INFINITY, pair.base));
          });
        }
      }
      process.stderr.write(`dataplane-path: round ${String(at + 1)} of ${String(ROUNDS)}\n`);
    }
    await wait(100);
    for (const world of [base, ...others]) world.verify();
    const results = others.map(({ name }) => ({
      name,
      addedUs: Object.fromEntries([...plainUs.keys()].map((place) => [place, added(pairs.get(`${name}\n${place}`) ?? [])])),
    }));
    const medians = (kind: Kind, isOurs: (name: string) => boolean): readonly number[] =>
      results.filter(({ name }) => isOurs(name)).flatMap(({ addedUs }) => FAMILIES.map((family) => addedUs[`${kind} IPv${String(family)}`]!.median));
    const isQuiet = (name: string): boolean => name.startsWith('ringfence') && !name.includes(',');
    const oursUs = {
      established: Math.max(...medians('established', isQuiet)),
      new: Math.max(...medians('new', isQuiet)),
      newWithEvents: Math.max(...medians('new', (name) => name.endsWith(', events'))),
    };
    const plainTotalUs = Object.fromEntries([...plainUs].map(([place, value]) => [place, round(value)]));
    process.stdout.write(`${JSON.stringify({ bench: 'dataplane-path', over: PLAIN, budgetUs: BUDGET_US, oursUs, rounds: ROUNDS, batch: BATCH, plainTotalUs, seconds: Math.round((performance.now() - from) / 1_000), results })}\n`);
  } finally {
    for (const world of [base, ...others]) await world.close();
  }
}

await main();
