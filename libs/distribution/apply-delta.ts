import { type Digest, digestOfPeerSet, type DispatchEntry, type NodeBundle, type PeerSet, type Profile, type RuleMatch } from '#compilers/nftables';

import { type BundleDelta, LISTS, sumOf } from './bundle-delta.ts';
import { bundleFault } from './bundle-fault.ts';
import { type BundleReading, isRecord, pack, type SharedSet, unpack } from './bundle-text.ts';
import { applyEdits, readEdits } from './element-edits.ts';

type Fields = Readonly<Record<string, unknown>>;
type SetsByName = ReadonlyMap<string, SharedSet>;

/**
 * The bundle a delta leads to, exactly; or why it does not lead anywhere from here.
 *
 * A delta is put on the bundle it was made for and no other. Every set it edits has to become what
 * its digest says. What it does not name is taken over as it is, the same objects.
 */
export function applyDelta(bundle: NodeBundle, text: string, digest: Digest): BundleReading {
  try {
    return { kind: 'bundle', bundle: follow(bundle, readDelta(parsed(text)), digest) };
  } catch (error) {
    if (error instanceof Misfit) return { kind: 'refused', why: error.message };
    throw error;
  }
}

/** The same for deltas one behind the other, as a JSON list. */
export function applyDeltas(bundle: NodeBundle, text: string, digest: Digest): BundleReading {
  try {
    const deltas = parsed(text);
    if (!Array.isArray(deltas)) throw new Misfit('it is no list of deltas');
    return { kind: 'bundle', bundle: (deltas as readonly unknown[]).reduce<NodeBundle>((at, delta) => follow(at, readDelta(delta), digest), bundle) };
  } catch (error) {
    if (error instanceof Misfit) return { kind: 'refused', why: error.message };
    throw error;
  }
}

/** Something in a delta that does not fit; never leaves this file. */
class Misfit extends Error {}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Misfit(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readDelta(delta: unknown): BundleDelta {
  if (!isRecord(delta) || !isName(delta['from']) || !isName(delta['to'])) throw new Misfit('it does not say which bundles it leads from and to');
  for (const list of ['sets', 'without']) if (delta[list] !== undefined && !Array.isArray(delta[list])) throw new Misfit(`${list} is no list`);
  for (const part of ['head', 'pods', 'profiles']) if (delta[part] !== undefined && !isRecord(delta[part])) throw new Misfit(`${part} is no object`);
  return delta as unknown as BundleDelta;
}

function follow(bundle: NodeBundle, delta: BundleDelta, digest: Digest): NodeBundle {
  const [revision, hash] = delta.from;
  if (bundle.revision !== revision || bundle.hash !== hash) throw new Misfit(`it leads from revision ${String(revision)} (${hash}), and this is revision ${String(bundle.revision)} (${bundle.hash})`);
  const isAboutProfiles = delta.sets !== undefined || delta.profiles !== undefined;
  const profiles = isAboutProfiles ? profilesAfter(bundle.profiles, delta, digest) : bundle.profiles;
  const pods = delta.pods === undefined ? bundle.pods : podsAfter(bundle.pods, delta.pods);
  const head = Object.fromEntries(Object.entries(delta.head ?? {}).filter(([name]) => !LISTS.has(name)).map(([name, value]) => [name, unpack(value, () => undefined)]));
  const without = new Set((delta.without ?? []).filter((name) => !LISTS.has(name)));
  const kept = Object.fromEntries(Object.entries(bundle).filter(([name]) => !without.has(name)));
  const after: Fields = { ...kept, ...head, revision: delta.to[0], hash: delta.to[1], pods, profiles };
  const fault = bundleFault(after);
  if (fault !== undefined) throw new Misfit(`it leads to no bundle: ${fault}`);
  const found = after as unknown as NodeBundle;
  const hasMoved = delta.profiles?.gone !== undefined || delta.profiles?.fresh !== undefined;
  if (delta.pods === undefined && !hasMoved) return found;
  const entries = delta.pods === undefined ? undefined : found.pods.map(textOf);
  if (sumOf(digest, entries, hasMoved ? found.profiles : undefined) !== delta.sum) throw new Misfit('it does not lead to what it says: pods or profiles differ');
  return found;
}

/** Entries as the sum is over them; nearly all of them are those of the bundle before. */
const texts = new WeakMap<DispatchEntry, string>();

function textOf(entry: DispatchEntry): string {
  const known = texts.get(entry) ?? JSON.stringify(pack(entry, ({ name }) => name));
  texts.set(entry, known);
  return known;
}

function podsAfter(before: readonly DispatchEntry[], { gone, fresh }: NonNullable<BundleDelta['pods']>): readonly DispatchEntry[] {
  const entries = listOf(fresh).map((each) => unpack(each, () => undefined) as DispatchEntry);
  return merged(before, listOf(gone), entries, ({ pod }) => pod);
}

function profilesAfter(before: readonly Profile[], { sets = [], profiles = {} }: BundleDelta, digest: Digest): readonly Profile[] {
  const known = setsOf(before);
  const changed = new Map(sets.map((change) => setAfter(change as unknown, known, digest)).map((set) => [set.name, set]));
  const touched = new Map<unknown, unknown>(listOf(profiles.touched).map((pair): [unknown, unknown] => (Array.isArray(pair) ? [pair[0], pair[1]] : [pair, pair])));
  const names = new Set(before.map(({ name }) => name));
  for (const name of touched.keys()) if (!names.has(String(name))) throw new Misfit(`there is no profile ${String(name)}`);
  const fresh = listOf(profiles.fresh).map((each) => {
    const profile = unpack(each, (name) => changed.get(String(name)) ?? known.get(String(name)));
    return profile as Profile;
  });
  const kept = before.map((profile) => {
    const now = touched.get(profile.name);
    if (typeof now !== 'string') return profile;
    return { ...withSets(profile, changed), digest: now };
  });
  return merged(kept, listOf(profiles.gone), fresh, ({ name }) => name);
}

function setAfter(change: unknown, known: SetsByName, digest: Digest): SharedSet {
  if (!isRecord(change)) throw new Misfit('a change of a set is none');
  const { whole, name, from, digest: wanted } = change;
  if (whole !== undefined) {
    if (!isRecord(whole) || typeof whole['name'] !== 'string') throw new Misfit('a set has no name');
    return whole as unknown as SharedSet;
  }
  const set = known.get(String(name));
  if (set === undefined || !('elements4' in set) || set.digest !== from) throw new Misfit(`set ${String(name)} is not the one that changed`);
  const after = { ...set, elements4: edited(set.elements4, change['edits4']), elements6: edited(set.elements6, change['edits6']) };
  if (digestOfPeerSet(after, digest) !== wanted) throw new Misfit(`set ${set.name} does not become what it should`);
  return { ...after, digest: wanted };
}

function edited(elements: readonly string[], edits: unknown): readonly string[] {
  if (edits === undefined) return elements;
  const read = readEdits(edits);
  const after = read && applyEdits(elements, read);
  if (after === undefined) throw new Misfit('a change of a set does not fit it');
  return after;
}

function setsOf(profiles: readonly Profile[]): SetsByName {
  const sets = new Map<string, SharedSet>();
  for (const { admin, namespaced, baseline } of profiles) {
    for (const { matches } of [...admin, ...namespaced, ...baseline]) {
      for (const match of matches) {
        for (const set of match.kind === 'socket' ? [match.sockets] : [match.peer, match.ports]) if (typeof set !== 'string') sets.set(set.name, set);
      }
    }
  }
  return sets;
}

function withSets(profile: Profile, changed: SetsByName): Profile {
  const tier = (rules: Profile['admin']): Profile['admin'] => rules.map((rule) => ({ ...rule, matches: rule.matches.map((match) => matchWith(match, changed)) }));
  return { ...profile, admin: tier(profile.admin), namespaced: tier(profile.namespaced), baseline: tier(profile.baseline) };
}

function matchWith(match: RuleMatch, changed: SetsByName): RuleMatch {
  if (match.kind === 'socket') return { ...match, sockets: peersIn(changed, match.sockets) };
  const ports = typeof match.ports === 'string' ? match.ports : changed.get(match.ports.name);
  const peer = match.peer === 'any' ? match.peer : peersIn(changed, match.peer);
  return { ...match, peer, ports: ports === undefined || (typeof ports !== 'string' && 'elements4' in ports) ? match.ports : ports };
}

function peersIn(changed: SetsByName, set: PeerSet): PeerSet {
  const now = changed.get(set.name);
  return now !== undefined && 'elements4' in now ? now : set;
}

/** A sorted list without some and with others, in the place of those of the same name. */
function merged<Item>(before: readonly Item[], gone: readonly unknown[], fresh: readonly Item[], nameOf: (item: Item) => string): readonly Item[] {
  if (gone.length === 0 && fresh.length === 0) return before;
  const items = new Map(before.map((item) => [nameOf(item), item]));
  for (const name of gone) if (!items.delete(String(name))) throw new Misfit(`${String(name)} is gone, and was not there`);
  for (const item of fresh) {
    if (!isRecord(item) || typeof nameOf(item) !== 'string') throw new Misfit('something new has no name');
    items.set(nameOf(item), item);
  }
  return [...items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Misfit('a part of it is no list');
  return value as readonly unknown[];
}

function isName(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && Number.isSafeInteger(value[0]) && typeof value[1] === 'string';
}
