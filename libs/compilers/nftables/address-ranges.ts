import { addressFromBits, type Address, type IpFamily, lastOf, makePrefix, type Prefix, widthOf } from '#model';
import type { AddressBlock } from '#policy';

/** A run of addresses of one family, both ends included. */
export interface AddressRange {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
  /** How it is written, where it is one address whose text is known already. */
  readonly text?: string;
}

export function rangeOf(prefix: Prefix): AddressRange {
  return { family: prefix.family, first: prefix.first, last: lastOf(prefix) };
}

export function rangeOfAddress({ family, bits, text }: Address): AddressRange {
  // one with an IPv4 address inside is written by the rules below
  return { family, first: bits, last: bits, ...(family === 6 && text.includes('.') ? {} : { text }) };
}

/** The addresses of all blocks together, each without its own exceptions; sorted, never overlapping or touching. */
export function rangesOfBlocks(blocks: readonly AddressBlock[]): readonly AddressRange[] {
  return mergeRanges(blocks.flatMap(({ cidr, except }) => subtractRanges([rangeOf(cidr)], except.map(rangeOf))));
}

/** Sorts and joins what overlaps or touches: the kernel refuses intervals that overlap. */
export function mergeRanges(ranges: readonly AddressRange[]): readonly AddressRange[] {
  return joinRanges([...ranges].sort(compareRanges));
}

/** Joins what overlaps or touches among ranges that are sorted. */
export function joinRanges(sorted: readonly AddressRange[]): readonly AddressRange[] {
  const merged: AddressRange[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    if (previous?.family !== range.family || range.first > previous.last + 1n) merged.push(range);
    else if (range.last > previous.last) merged[merged.length - 1] = { family: previous.family, first: previous.first, last: range.last };
  }
  return merged;
}

export function subtractRanges(ranges: readonly AddressRange[], holes: readonly AddressRange[]): readonly AddressRange[] {
  const left: AddressRange[] = [];
  const sorted = mergeRanges(holes);
  for (const range of mergeRanges(ranges)) {
    let { first } = range;
    for (const hole of sorted) {
      if (hole.family !== range.family || hole.last < first || hole.first > range.last) continue;
      if (hole.first > first) left.push({ family: range.family, first, last: hole.first - 1n });
      first = hole.last + 1n;
    }
    if (first <= range.last) left.push({ family: range.family, first, last: range.last });
  }
  return left;
}

export function rangesContain(ranges: readonly AddressRange[], { family, bits }: Address): boolean {
  return ranges.some((range) => range.family === family && range.first <= bits && bits <= range.last);
}

/** `192.0.2.7`, `192.0.2.0/24` or `192.0.2.7-192.0.2.9`, whichever is shortest to read. */
export function formatRange({ family, first, last, text }: AddressRange): string {
  if (text !== undefined) return text;
  if (first === last) return addressText(family, first);
  const size = last - first + 1n;
  const isPrefix = (size & (size - 1n)) === 0n && first % size === 0n;
  if (!isPrefix) return `${addressText(family, first)}-${addressText(family, last)}`;
  return makePrefix(family, first, widthOf(family) - (size.toString(2).length - 1)).text;
}

export function compareRanges(a: AddressRange, b: AddressRange): number {
  return a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0);
}

// An IPv6 end inside ::ffff:0:0/96 must not be written as the IPv4 address it maps to.
function addressText(family: IpFamily, bits: bigint): string {
  const { text } = makePrefix(family, bits, widthOf(family));
  return family === 4 ? addressFromBits(4, bits).text : text.slice(0, text.indexOf('/'));
}
