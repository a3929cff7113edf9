import { type Address, compareAddresses, compareText, type Prefix } from '#model';

import { type AddressRange, compareRanges, formatRange, joinRanges, mergeRanges, rangeOf, rangeOfAddress, subtractRanges } from './address-ranges.ts';
import { type Digest, digestOf } from './digest.ts';
import { isEnforcing } from './dispatch.ts';
import type { DispatchEntry, NodeBundle } from './node-bundle.ts';
import type { DescribedPod, PodState } from './pod-state.ts';
import type { ProfileState } from './profile-state.ts';

interface Dispatch {
  readonly part: Pick<NodeBundle, 'pods' | 'contested' | 'local4' | 'local6' | 'failMode'>;
  readonly digest: string;
}

/** What stands on one node. Its bundle is put together from parts that only change when they do. */
export class NodeState {
  readonly name: string;
  /** Pods of any kind that are placed here, and the node's own object: at none the node is gone. */
  occupants = 0;
  bundle: NodeBundle | undefined;
  /** In the order of their keys. */
  readonly #pods: PodState[] = [];
  /** Addresses of its pods, in numeric order. */
  readonly #own: AddressRange[] = [];
  readonly #profiles = new Map<ProfileState, number>();
  #sorted: readonly ProfileState[] | undefined;
  #dispatch: Dispatch | undefined;

  constructor(name: string) {
    this.name = name;
  }

  /** Something about its own pods or addresses has changed. */
  dispatchChanged(): void {
    this.#dispatch = undefined;
  }

  /** Takes in a pod whose key is not there. */
  place(state: PodState): void {
    this.#pods.splice(placeIn(this.#pods, (other) => compareText(other.key, state.key)), 0, state);
    for (const range of describe(state).own) this.#own.splice(placeIn(this.#own, (other) => compareRanges(other, range)), 0, range);
  }

  leave(state: PodState): void {
    this.#pods.splice(placeIn(this.#pods, (other) => compareText(other.key, state.key)), 1);
    // two pods that claim one address each leave one behind
    for (const range of describe(state).own) this.#own.splice(placeIn(this.#own, (other) => compareRanges(other, range)), 1);
  }

  follow(profile: ProfileState | undefined, change: 1 | -1): void {
    if (profile === undefined) return;
    countUp(this.#profiles, profile, change);
    countUp(profile.nodes, this.name, change);
    this.#sorted = undefined;
  }

  /** Builds the bundle; the one it has stays where nothing in it is different. */
  build(revision: number, blocks: readonly Prefix[], strays: readonly Address[], digest: Digest): NodeBundle {
    this.#sorted ??= sortedByName(this.#profiles.keys());
    this.#dispatch ??= this.#describe(blocks, strays, digest);
    const profiles = this.#sorted.map((profile) => profile.valueOf(digest));
    const hash = digestOf(digest, [this.name, this.#dispatch.digest, profiles.map((profile) => profile.digest).join()]);
    if (this.bundle?.hash === hash && this.bundle.revision === revision) return this.bundle;
    return { node: this.name, revision, hash, ...this.#dispatch.part, profiles };
  }

  #describe(blocks: readonly Prefix[], strays: readonly Address[], digest: Digest): Dispatch {
    const pods = this.#pods;
    const all = pods.map(describe);
    const local = blocks.length === 0 ? joinRanges(this.#own) : mergeRanges([...subtractRanges(blocks.map(rangeOf), strays.map(rangeOfAddress)), ...this.#own]);
    const local4 = textsOf(local, 4);
    const local6 = textsOf(local, 6);
    const contested = [...new Map(pods.flatMap((pod) => pod.contested).map((address) => [address.text, address])).values()].sort(compareAddresses);
    const entries = all.map(({ entry }) => entry);
    const lines = all.map(({ line }) => line);
    // who is open to everything has nothing to fear from an address nobody knows
    if (!isEnforcing(entries)) return { part: { pods: entries, contested: [], local4, local6, failMode: 'open' }, digest: digestOf(digest, ['open', local4.join(), local6.join(), ...lines]) };
    const digested = digestOf(digest, [local4.join(), local6.join(), contested.map(({ text }) => text).join(), ...lines]);
    return { part: { pods: entries, contested, local4, local6 }, digest: digested };
  }
}

// Different policies, or names for ports, can come down to the same rules and so to the same name.
function sortedByName(profiles: Iterable<ProfileState>): readonly ProfileState[] {
  const byName = new Map([...profiles].map((profile) => [profile.name, profile]));
  return [...byName.values()].sort((a, b) => compareText(a.name, b.name));
}

function describe(state: PodState): DescribedPod {
  if (state.described !== undefined) return state.described;
  const entry = entryOf(state);
  state.described = { entry, line: lineOf(entry), own: [...state.addresses, ...state.contested].map(rangeOfAddress) };
  return state.described;
}

function entryOf({ key, addresses, ingress, egress }: PodState): DispatchEntry {
  return {
    pod: key,
    addresses,
    ...(ingress === undefined ? {} : { ingress: ingress.name }),
    ...(egress === undefined ? {} : { egress: egress.name }),
  };
}

function lineOf({ pod, addresses, ingress, egress }: DispatchEntry): string {
  return `${pod} ${addresses.map(({ text }) => text).join()} ${ingress ?? ''} ${egress ?? ''}`;
}

function textsOf(ranges: readonly AddressRange[], family: 4 | 6): readonly string[] {
  return ranges.filter((range) => range.family === family).map(formatRange);
}

function countUp<K>(counts: Map<K, number>, key: K, change: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** Where something belongs in a sorted list: the first place of which `compare` does not say that it comes before. */
function placeIn<T>(sorted: readonly T[], compare: (other: T) => number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = sorted[middle];
    if (other !== undefined && compare(other) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
