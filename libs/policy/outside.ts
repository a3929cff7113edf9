import { type Address, addressFromBits, type IpFamily, isHostProgram, lastOf, makePrefix, parseAddress, type Peer, type Policy, type Prefix, type Snapshot, widthOf } from '#model';

import type { AddressBlock } from './address-block.ts';
import { createGrounder } from './grounding.ts';
import { everyPolicyOf, type PoliciesInForce } from './layers.ts';

/** Addresses from `first` to `last`, both included, that no policy tells apart. */
export interface Stretch {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Cuts both address spaces wherever a block of some revision starts or ends, so that one address of
 * each stretch stands for all of it; pods in it are told apart by who they are.
 */
export function cutOutside(worlds: readonly { readonly revision: PoliciesInForce; readonly snapshot: Snapshot }[]): readonly Stretch[] {
  const cuts = new Cuts();
  for (const { revision, snapshot } of worlds) cuts.addPolicies(everyPolicyOf(revision), snapshot);
  return cuts.stretches();
}

/** Where the address spaces are cut so far. */
export class Cuts {
  readonly #at = { 4: new Set<bigint>([0n]), 6: new Set<bigint>([0n]) };
  #stretches: readonly Stretch[] | undefined;

  add({ cidr, except }: AddressBlock): void {
    for (const prefix of [cidr, ...except]) {
      this.#cut(prefix.family, prefix.first);
      this.#cut(prefix.family, lastOf(prefix) + 1n);
    }
  }

  addPolicies(policies: readonly Policy[], snapshot: Snapshot): void {
    for (const block of blocksOf(policies, snapshot)) this.add(block);
  }

  /** The same list until there are more cuts. */
  stretches(): readonly Stretch[] {
    this.#stretches ??= ([4, 6] as const).flatMap((family) => stretchesBetween(family, this.#at[family]));
    return this.#stretches;
  }

  #cut(family: IpFamily, at: bigint): void {
    if (this.#at[family].has(at)) return;
    this.#at[family].add(at);
    this.#stretches = undefined;
  }
}

function blocksOf(policies: readonly Policy[], snapshot: Snapshot): readonly AddressBlock[] {
  const grounder = createGrounder(snapshot);
  const seen = new Set<string>();
  const blocks: AddressBlock[] = [];
  for (const peer of peersOf(policies)) {
    if (peer.kind === 'pods' || (peer.kind === 'workload' && !isHostProgram(peer.workload))) continue;
    const key = peer.kind === 'cidr' ? [peer.cidr, ...peer.except].map(({ text }) => text).join(' ') : JSON.stringify(peer);
    if (seen.has(key)) continue;
    seen.add(key);
    blocks.push(...grounder.groundPeer(peer).blocks);
  }
  return blocks;
}

export function* peersOf(policies: readonly Policy[]): Generator<Peer> {
  for (const { ingress = [], egress = [] } of policies) {
    for (const { peers } of [...ingress, ...egress]) if (peers !== 'any') yield* peers;
  }
}

function stretchesBetween(family: IpFamily, cuts: ReadonlySet<bigint>): readonly Stretch[] {
  const end = 1n << BigInt(widthOf(family));
  const starts = [...cuts].filter((cut) => cut < end).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return starts.map((first, index) => ({ family, first, last: (starts[index + 1] ?? end) - 1n }));
}

/** Which stretch an address lies in. */
export function stretchOf(address: Address, stretches: readonly Stretch[]): number {
  let low = 0;
  let high = stretches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const at = stretches[middle];
    if (at !== undefined && (at.family < address.family || (at.family === address.family && at.first <= address.bits))) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** An address of the stretch that none of `taken` has, as plain as can be; undefined where all are taken. */
export function freeAddress(stretch: Stretch, taken: ReadonlySet<string>): Address | undefined {
  for (const bits of candidates(stretch)) {
    const address = addressFromBits(stretch.family, bits);
    if (address.family === stretch.family && !taken.has(address.text)) return address;
  }
  return undefined;
}

// Addresses people know from documentation, where they lie in the stretch, else the first ones.
const KNOWN = ['203.0.113.1', '198.51.100.1', '192.0.2.1', '2001:db8::1'].map(parseAddress).filter((address) => address !== undefined);

function* candidates({ family, first, last }: Stretch): Generator<bigint> {
  for (const { family: known, bits } of KNOWN) if (known === family && first <= bits && bits <= last) yield bits;
  const start = first === 0n && last > 0n ? 1n : first;
  for (let bits = start; bits <= last && bits < start + 100_000n; bits += 1n) yield bits;
}

/** The fewest prefixes that cover exactly these stretches, in order. */
export function prefixesOf(stretches: readonly Stretch[]): readonly Prefix[] {
  const merged: { family: IpFamily; first: bigint; last: bigint }[] = [];
  for (const { family, first, last } of stretches) {
    const previous = merged.at(-1);
    if (previous?.family === family && previous.last + 1n === first) previous.last = last;
    else merged.push({ family, first, last });
  }
  return merged.flatMap(({ family, first, last }) => prefixesBetween(family, first, last));
}

function prefixesBetween(family: IpFamily, first: bigint, last: bigint): readonly Prefix[] {
  const width = widthOf(family);
  const prefixes: Prefix[] = [];
  let at = first;
  while (at <= last) {
    let size = 0;
    while (size < width && (at & ((1n << BigInt(size + 1)) - 1n)) === 0n && at + (1n << BigInt(size + 1)) - 1n <= last) size += 1;
    prefixes.push(makePrefix(family, at, width - size));
    at += 1n << BigInt(size);
  }
  return prefixes;
}
