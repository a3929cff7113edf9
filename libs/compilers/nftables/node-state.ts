import { type Address, compareAddresses, compareText, type PodKey, type Prefix } from '#model';

import { type AddressRange, formatRange, mergeRanges, rangeOf, rangeOfAddress, subtractRanges } from './address-ranges.ts';
import { type Digest, digestOf } from './digest.ts';
import { isEnforcing } from './dispatch.ts';
import type { DispatchEntry, NodeBundle } from './node-bundle.ts';
import type { PodState } from './pod-state.ts';
import type { ProfileState } from './profile-state.ts';

/** A pod as bundles have it: worked out once, for nodes are described far more often than pods change. */
interface DescribedPod {
  readonly entry: DispatchEntry;
  readonly line: string;
  readonly own: readonly AddressRange[];
}

const described = new WeakMap<PodState, DescribedPod>();

interface Dispatch {
  readonly part: Pick<NodeBundle, 'pods' | 'contested' | 'local4' | 'local6' | 'failMode'>;
  readonly digest: string;
}

/** What stands on one node. Its bundle is put together from parts that only change when they do. */
export class NodeState {
  readonly name: string;
  readonly pods = new Map<PodKey, PodState>();
  /** Pods of any kind that are placed here, and the node's own object: at none the node is gone. */
  occupants = 0;
  bundle: NodeBundle | undefined;
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
    const pods = [...this.pods.values()].sort((a, b) => compareText(a.key, b.key));
    const all = pods.map(describe);
    const local = mergeRanges([...subtractRanges(blocks.map(rangeOf), strays.map(rangeOfAddress)), ...all.flatMap(({ own }) => own)]);
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
  const known = described.get(state);
  if (known?.entry.ingress === state.ingress?.name && known?.entry.egress === state.egress?.name && known !== undefined) return known;
  const entry = entryOf(state);
  const pod = { entry, line: lineOf(entry), own: [...state.addresses, ...state.contested].map(rangeOfAddress) };
  described.set(state, pod);
  return pod;
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
