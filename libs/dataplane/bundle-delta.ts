import { type DispatchEntry, layOutElements, layOutGeneration, layOutRuleset, type NodeBundle, type PeerSet, type Profile, type Ruleset, type RulesetOptions } from '#compilers/nftables';

import type { RulesetDelta } from './driver.ts';
import { deltaBetween, mapChanges } from './ruleset-delta.ts';

/** A bundle as it is laid out: connections are stamped with `generation`. */
export interface LaidOut {
  readonly bundle: NodeBundle;
  readonly generation: number;
  /** With the same `now` on both ends of a delta: what ends by itself meanwhile is no difference. */
  readonly options: RulesetOptions;
}

/**
 * The way from one bundle to another; undefined where it takes a whole new table.
 *
 * Where only pods and members of peer sets changed, as they do all the time, only what is about
 * them is laid out: that takes microseconds however many pods there are.
 */
export function bundleDelta(before: LaidOut, after: LaidOut): RulesetDelta | undefined {
  return hasSameRules(before.bundle, after.bundle) ? membershipDelta(before, after) : deltaBetween(layOut(before), layOut(after));
}

/** A delta that moves to another generation as well. */
export function movedOn(delta: RulesetDelta, from: number, to: number, options: RulesetOptions): RulesetDelta {
  return { ...delta, maps: [...mapChanges(layOutGeneration(from, options), layOutGeneration(to, options)), ...delta.maps] };
}

/** Lays a bundle out in full. */
export function layOut({ bundle, generation, options }: LaidOut): Ruleset {
  return layOutRuleset(bundle, generation, options);
}

/** Whether the rules of both are called the same: a profile's name stands for all of its rules, and their numbers depend on nothing but which there are. */
export function hasSameRules(before: NodeBundle, after: NodeBundle): boolean {
  if (before.profiles === after.profiles) return true;
  return before.profiles.length === after.profiles.length && before.profiles.every(({ name }, at) => name === after.profiles[at]?.name);
}

function membershipDelta(before: LaidOut, after: LaidOut): RulesetDelta | undefined {
  const pods = changedEntries(before.bundle.pods, after.bundle.pods);
  const profiles = changedProfiles(before.bundle.profiles, after.bundle.profiles);
  const contested = changedTexts(before.bundle, after.bundle);
  const old = reduced(before, pods.before, profiles.before, contested);
  const fresh = reduced(after, pods.after, profiles.after, contested);
  return deltaBetween({ ...old, chains: [] }, { ...fresh, chains: [] });
}

function reduced({ bundle, generation, options }: LaidOut, pods: readonly DispatchEntry[], profiles: readonly Profile[], contested: ReadonlySet<string>): Pick<Ruleset, 'sets' | 'maps'> {
  return layOutElements({ ...bundle, pods, profiles, contested: bundle.contested.filter(({ text }) => contested.has(text)) }, generation, options);
}

interface Changed<T> {
  readonly before: readonly T[];
  readonly after: readonly T[];
}

/** Pods that are not the same in both. */
export function changedEntries(before: readonly DispatchEntry[], after: readonly DispatchEntry[]): Changed<DispatchEntry> {
  if (before === after) return { before: [], after: [] };
  // who stayed is mostly the same object, before and behind those who came or went
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const known = new Map(before.slice(start, before.length - end).map((entry) => [entry.pod, entry]));
  const fresh: DispatchEntry[] = [];
  for (const entry of after.slice(start, after.length - end)) {
    const earlier = known.get(entry.pod);
    if (earlier !== undefined && isSameEntry(earlier, entry)) known.delete(entry.pod);
    else fresh.push(entry);
  }
  return { before: [...known.values()], after: fresh };
}

function isSameEntry(a: DispatchEntry, b: DispatchEntry): boolean {
  if (a === b) return true;
  // everything an entry says, whatever it will say one day
  return JSON.stringify(a, writeBits) === JSON.stringify(b, writeBits);
}

function writeBits(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

/** Profiles some peer set of which has other members. */
function changedProfiles(before: readonly Profile[], after: readonly Profile[]): Changed<Profile> {
  if (before === after) return { before: [], after: [] };
  const old: Profile[] = [];
  const fresh: Profile[] = [];
  for (const [at, profile] of after.entries()) {
    const earlier = before[at];
    if (earlier === undefined || earlier === profile || earlier.digest === profile.digest) continue;
    const own = peersOf(profile);
    const others = peersOf(earlier);
    if (own.every(({ digest }, place) => digest === others[place]?.digest)) continue;
    old.push(earlier);
    fresh.push(profile);
  }
  return { before: old, after: fresh };
}

function peersOf({ admin, namespaced, baseline }: Profile): readonly PeerSet[] {
  const peers: PeerSet[] = [];
  for (const { matches } of [...admin, ...namespaced, ...baseline]) {
    for (const match of matches) {
      const peer = match.kind === 'socket' ? match.sockets : match.peer;
      if (peer !== 'any') peers.push(peer);
    }
  }
  return peers;
}

function changedTexts({ contested: before }: NodeBundle, { contested: after }: NodeBundle): ReadonlySet<string> {
  if (before === after) return new Set();
  return new Set(before.map(({ text }) => text)).symmetricDifference(new Set(after.map(({ text }) => text)));
}
