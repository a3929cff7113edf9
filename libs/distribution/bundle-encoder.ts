import type { Digest, DispatchEntry, NodeBundle, PeerSet, PortSet, Profile } from '#compilers/nftables';

import { type BundleDelta, type EditedSet, sumOf } from './bundle-delta.ts';
import { headOf } from './bundle-head.ts';
import { pack, packSet, type SharedSet, writeBundleText } from './bundle-text.ts';
import { editsBetween } from './element-edits.ts';
import { isEarlier, isSameEntry, packEntry, writeEntries } from './entry-text.ts';

/** A profile apart from its digest: its rules as text with sets by name, and those sets. */
interface ProfileShape {
  readonly text: string;
  readonly packed: unknown;
  /** Undefined where one name means two sets. */
  readonly sets: ReadonlyMap<string, SharedSet> | undefined;
}

interface SetChange {
  readonly before: SharedSet | undefined;
  readonly after: SharedSet;
  /** As it is written; undefined where nothing but the object is another. */
  readonly text: string | undefined;
}

/** The last bundle of a node that a way led to, with what was found out about its parts on it: beside each, or undefined. */
interface Written {
  readonly bundle: NodeBundle;
  readonly shapes: readonly (ProfileShape | undefined)[];
  readonly entries: readonly (string | undefined)[];
}

/**
 * Writes bundles and the ways between them, for many nodes: a set or a profile that is shared is
 * looked at once a round, however many bundles it is in.
 *
 * It relies on values never changing once made. It remembers what belongs to the last bundle of
 * each node, and what it came by since `beginRound`; nothing of it outlives that by itself, for a
 * cluster that changes all the time would leave a heap of it behind.
 */
export class BundleEncoder {
  readonly #digest: Digest;
  readonly #written = new Map<string, Written>();
  readonly #sets = new Map<SharedSet, string>();
  readonly #shapes = new Map<Profile, ProfileShape>();
  /** By what a set is now and what it was. */
  readonly #changes = new Map<SharedSet, Map<SharedSet, { readonly text: string | undefined }>>();

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** What follows is about other bundles than what came before. */
  beginRound(): void {
    this.#sets.clear();
    this.#shapes.clear();
    this.#changes.clear();
  }

  forget(node: string): void {
    this.#written.delete(node);
  }

  snapshot(bundle: NodeBundle): string {
    return writeBundleText(bundle, (set) => this.#set(set));
  }

  /** The way from one bundle to another, or undefined where only a snapshot says it exactly. */
  delta(before: NodeBundle, after: NodeBundle): string | undefined {
    const last = this.#written.get(after.node);
    const known = last?.bundle === before ? last : undefined;
    this.#written.delete(after.node);
    const sets = new Map<string, SetChange>();
    const shapes: (ProfileShape | undefined)[] = [];
    const profiles = this.#profiles(before, after, sets, known, shapes);
    const pods = this.#pods(before.pods, after.pods);
    if (profiles === undefined || pods === undefined) return undefined;
    const changes = [...sets.values()].map(({ text }) => text).filter((text) => text !== undefined);
    const hasPods = Object.keys(pods).length > 0;
    const hasProfiles = profiles.gone !== undefined || profiles.fresh !== undefined;
    const entries = hasPods ? writeEntries(after.pods, before.pods, known?.entries) : undefined;
    const delta: Omit<BundleDelta, 'sets'> = {
      from: [before.revision, before.hash],
      to: [after.revision, after.hash],
      ...headOf(before, after),
      ...(Object.keys(profiles).length === 0 ? {} : { profiles }),
      ...(hasPods ? { pods } : {}),
      ...(hasPods || hasProfiles ? { sum: sumOf(this.#digest, entries, hasProfiles ? after.profiles : undefined) } : {}),
    };
    this.#written.set(after.node, { bundle: after, shapes, entries: entries ?? (before.pods === after.pods ? (known?.entries ?? []) : []) });
    const text = JSON.stringify(delta);
    return changes.length === 0 ? text : `${text.slice(0, -1)},"sets":[${changes.join()}]}`;
  }

  #profiles({ profiles: before }: NodeBundle, { profiles: after }: NodeBundle, sets: Map<string, SetChange>, known: Written | undefined, shapes: (ProfileShape | undefined)[]): NonNullable<BundleDelta['profiles']> | undefined {
    if (before === after) {
      shapes.push(...(known?.shapes ?? []));
      return {};
    }
    const gone: string[] = [];
    const fresh: Profile[] = [];
    const touched: (readonly [string, string])[] = [];
    let old = 0;
    if (!isSorted(before) || !isSorted(after)) return undefined;
    for (const profile of after) {
      for (; isBefore(before[old], profile.name); old += 1) gone.push(before[old]?.name ?? '');
      const earlier = before[old];
      const was = known?.shapes[old];
      if (earlier?.name === profile.name) old += 1;
      if (earlier === profile) {
        shapes.push(was);
        continue;
      }
      const now = this.#shape(profile);
      shapes.push(now);
      if (earlier?.name !== profile.name) fresh.push(profile);
      else {
        const way = this.#touch(was ?? this.#shape(earlier), now, earlier.digest === profile.digest, sets);
        if (way === undefined) return undefined;
        if (way === 'touched') touched.push([profile.name, profile.digest]);
        if (way === 'fresh') fresh.push(profile);
      }
    }
    for (; old < before.length; old += 1) gone.push(before[old]?.name ?? '');
    if (!this.#addSets(fresh, before, sets)) return undefined;
    return {
      ...(gone.length === 0 ? {} : { gone }),
      ...(fresh.length === 0 ? {} : { fresh: fresh.map((profile) => ({ ...(this.#shape(profile).packed as object), digest: profile.digest })) }),
      ...(touched.length === 0 ? {} : { touched }),
    };
  }

  #touch(old: ProfileShape, now: ProfileShape, hasSameDigest: boolean, sets: Map<string, SetChange>): 'same' | 'touched' | 'fresh' | undefined {
    if (old.sets === undefined || now.sets === undefined) return undefined;
    if (old.text !== now.text) return 'fresh';
    for (const [name, set] of now.sets) {
      const earlier = old.sets.get(name);
      if (earlier !== set && !this.#note(sets, earlier, set)) return undefined;
    }
    const isSame = hasSameDigest && [...now.sets].every(([name, set]) => old.sets?.get(name) === set || sets.get(name)?.text === undefined);
    return isSame ? 'same' : 'touched';
  }

  /** Sees to it that whoever reads new profiles knows the sets in them; says whether names are unambiguous. */
  #addSets(fresh: readonly Profile[], before: readonly Profile[], sets: Map<string, SetChange>): boolean {
    if (fresh.length === 0) return true;
    const known = new Map(before.flatMap((profile) => [...(this.#shape(profile).sets ?? [])]));
    for (const profile of fresh) {
      const own = this.#shape(profile).sets;
      if (own === undefined) return false;
      for (const [name, set] of own) {
        const earlier = known.get(name);
        if ((earlier !== set || sets.has(name)) && !this.#note(sets, earlier, set)) return false;
      }
    }
    return true;
  }

  #note(sets: Map<string, SetChange>, before: SharedSet | undefined, after: SharedSet): boolean {
    const noted = sets.get(after.name);
    if (noted !== undefined) return this.#isEqual(noted.after, after) && this.#isEqual(noted.before, before);
    sets.set(after.name, { before, after, text: before === undefined ? this.#whole(after) : this.#change(before, after) });
    return true;
  }

  // sets of ports are made anew for every rule, so one name may stand for several objects
  #isEqual(a: SharedSet | undefined, b: SharedSet | undefined): boolean {
    return a === b || (a !== undefined && b !== undefined && this.#set(a) === this.#set(b));
  }

  #whole(set: SharedSet): string {
    return `{"whole":${this.#set(set)}}`;
  }

  #change(before: SharedSet, after: SharedSet): string | undefined {
    const known = this.#changes.get(after)?.get(before);
    if (known !== undefined) return known.text;
    const edits = editsOf(before, after);
    const text = edits !== undefined ? textOf(edits) : packSet(before) === packSet(after) ? undefined : this.#whole(after);
    const ways = this.#changes.get(after) ?? new Map<SharedSet, { readonly text: string | undefined }>();
    ways.set(before, { text });
    this.#changes.set(after, ways);
    return text;
  }

  #set(set: SharedSet): string {
    const known = this.#sets.get(set) ?? packSet(set);
    this.#sets.set(set, known);
    return known;
  }

  #pods(before: readonly DispatchEntry[], after: readonly DispatchEntry[]): NonNullable<BundleDelta['pods']> | undefined {
    if (before === after) return {};
    const gone: string[] = [];
    const fresh: DispatchEntry[] = [];
    let old = 0;
    let last: string | undefined;
    for (const entry of after) {
      if (last !== undefined && last >= entry.pod) return undefined;
      last = entry.pod;
      for (; isEarlier(before[old], entry); old += 1) gone.push(before[old]?.pod ?? '');
      const earlier = before[old];
      if (earlier?.pod === entry.pod) old += 1;
      if (earlier?.pod !== entry.pod || !isSameEntry(earlier, entry)) fresh.push(entry);
    }
    for (const entry of before.slice(old)) gone.push(entry.pod);
    return { ...(gone.length === 0 ? {} : { gone }), ...(fresh.length === 0 ? {} : { fresh: fresh.map(packEntry) }) };
  }

  #shape(profile: Profile): ProfileShape {
    const known = this.#shapes.get(profile);
    if (known !== undefined) return known;
    const sets = new Map<string, SharedSet>();
    const torn: string[] = [];
    const packed = pack({ ...profile, digest: '' }, (set) => {
      const other = sets.get(set.name);
      if (other === undefined) sets.set(set.name, set);
      else if (!this.#isEqual(other, set)) torn.push(set.name);
      return set.name;
    });
    const shape = { text: JSON.stringify(packed), packed, sets: torn.length === 0 ? sets : undefined };
    this.#shapes.set(profile, shape);
    return shape;
  }
}

/** Undefined where more than the members is another. */
function editsOf(before: SharedSet, after: SharedSet): EditedSet | undefined {
  if (!isPeerSet(before) || !isPeerSet(after) || headOfSet(before) !== headOfSet(after)) return undefined;
  const [edits4, edits6] = [editsBetween(before.elements4, after.elements4), editsBetween(before.elements6, after.elements6)];
  return { name: after.name, from: before.digest, digest: after.digest, ...(edits4.length === 0 ? {} : { edits4 }), ...(edits6.length === 0 ? {} : { edits6 }) };
}

function textOf(edits: EditedSet): string | undefined {
  const isNone = edits.edits4 === undefined && edits.edits6 === undefined && edits.from === edits.digest;
  return isNone ? undefined : JSON.stringify(edits);
}

function headOfSet(set: PeerSet): string {
  return JSON.stringify({ ...set, elements4: [], elements6: [], digest: '' });
}

function isPeerSet(set: PeerSet | PortSet): set is PeerSet {
  return 'elements4' in set;
}

function isSorted(profiles: readonly Profile[]): boolean {
  return profiles.every(({ name }, at) => at === 0 || (profiles[at - 1]?.name ?? '') < name);
}

function isBefore(profile: Profile | undefined, name: string): boolean {
  return profile !== undefined && profile.name < name;
}
