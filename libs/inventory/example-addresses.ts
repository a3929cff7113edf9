import { type Address, addressFromBits, type Prefix, parsePrefix } from '#model';

/** Example pods live in 198.18.0.0/16 and fd00:198:18::/64, example nodes in 198.19.0.0/16 and fd00:198:19::/64: ranges no network routes (RFC 2544, RFC 4193). */
const POD_BLOCKS: readonly Prefix[] = ['198.18.0.0/16', 'fd00:198:18::/64'].map(block);
const NODE_BLOCKS: readonly Prefix[] = ['198.19.0.0/16', 'fd00:198:19::/64'].map(block);

/** Places in a block: neither the first address nor the last is given out. */
export const EXAMPLE_PLACES = 65_534;

function block(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === undefined) throw new Error(`read the example block ${text}: not a prefix`);
  return prefix;
}

/** The addresses of place `place` (from 0) in both families. */
export function exampleNodeAddresses(place: number): readonly Address[] {
  return addressesAt(NODE_BLOCKS, place);
}

function addressesAt(blocks: readonly Prefix[], place: number): readonly Address[] {
  return blocks.map(({ family, first }) => addressFromBits(family, first + BigInt(place + 1)));
}

/**
 * Hands out example pod addresses: by a hash of the pod's name, so that a pod keeps its address
 * when others come and go, and the next free place where two names meet.
 */
export class ExampleAddresses {
  readonly #taken: Set<number> = new Set();
  readonly #held: ReadonlySet<string>;

  /** `held` are addresses of real pods, which are never given out. */
  constructor(held: ReadonlySet<string>) {
    this.#held = held;
  }

  /** Addresses in both families, or undefined when every place is taken. */
  take(name: string): readonly Address[] | undefined {
    const start = hashOf(name) % EXAMPLE_PLACES;
    for (let step = 0; step < EXAMPLE_PLACES; step += 1) {
      const place = (start + step) % EXAMPLE_PLACES;
      if (this.#taken.has(place)) continue;
      this.#taken.add(place);
      const addresses = addressesAt(POD_BLOCKS, place);
      if (!addresses.some(({ text }) => this.#held.has(text))) return addresses;
    }
    return undefined;
  }
}

/** FNV-1a over UTF-16 code units, 32 bits, with the avalanche of MurmurHash3 behind it, since FNV alone keeps neighbours together. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
