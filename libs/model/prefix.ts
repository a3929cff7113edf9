import { type Address, addressFromBits, type IpFamily, parseAddress } from './address.ts';

/**
 * An IP prefix (CIDR block, RFC 4632 and RFC 4291).
 *
 * `first` has no host bits: `10.0.0.7/24` is read as `10.0.0.0/24`, as Kubernetes does.
 * `text` is canonical and a safe map key.
 */
export interface Prefix {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly length: number;
  readonly text: string;
}

export function widthOf(family: IpFamily): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** Reads `address/length`, or gives undefined; a bare address is not a prefix. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return undefined;
  let length = Number(lengthText);
  // An IPv4-mapped block (::ffff:10.0.0.0/104) is the IPv4 block behind it.
  if (address.family === 4 && text.includes(':')) length -= 96;
  if (length < 0 || length > widthOf(address.family)) return undefined;
  return makePrefix(address.family, address.bits, length);
}

/** Builds a prefix, dropping host bits. */
export function makePrefix(family: IpFamily, bits: bigint, length: number): Prefix {
  const host = BigInt(widthOf(family) - length);
  const first = (bits >> host) << host;
  const text = `${family === 4 ? addressFromBits(4, first).text : mappedSafe(first)}/${String(length)}`;
  return { family, first, length, text };
}

// A block inside ::ffff:0:0/96 must keep its IPv6 text, which addressFromBits would turn into IPv4.
function mappedSafe(bits: bigint): string {
  const address = addressFromBits(6, bits);
  return address.family === 6 ? address.text : `::ffff:${address.text}`;
}

/** The prefix that holds this address alone. */
export function hostPrefix(address: Address): Prefix {
  return makePrefix(address.family, address.bits, widthOf(address.family));
}

export function lastOf(prefix: Prefix): bigint {
  return prefix.first + (1n << BigInt(widthOf(prefix.family) - prefix.length)) - 1n;
}

export function prefixContains(prefix: Prefix, address: Address): boolean {
  return prefix.family === address.family && prefix.first === (address.bits >> hostBits(prefix)) << hostBits(prefix);
}

export function prefixCovers(outer: Prefix, inner: Prefix): boolean {
  return outer.family === inner.family && outer.length <= inner.length && outer.first === (inner.first >> hostBits(outer)) << hostBits(outer);
}

function hostBits(prefix: Prefix): bigint {
  return BigInt(widthOf(prefix.family) - prefix.length);
}

/** The smallest list of prefixes that covers `block` without any address of `holes`; holes outside it change nothing. */
export function subtractPrefixes(block: Prefix, holes: readonly Prefix[]): readonly Prefix[] {
  const inside = holes.filter((hole) => prefixCovers(block, hole) || prefixCovers(hole, block));
  if (inside.length === 0) return [block];
  if (inside.some((hole) => prefixCovers(hole, block))) return [];
  const length = block.length + 1;
  const low = makePrefix(block.family, block.first, length);
  const high = makePrefix(block.family, block.first | (1n << BigInt(widthOf(block.family) - length)), length);
  return [...subtractPrefixes(low, inside), ...subtractPrefixes(high, inside)];
}

export function comparePrefixes(a: Prefix, b: Prefix): number {
  return a.family - b.family || (a.first < b.first ? -1 : a.first > b.first ? 1 : 0) || a.length - b.length;
}
