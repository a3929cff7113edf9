import { type Address, makePrefix, parseAddress, parsePrefix, type Prefix, prefixContains, prefixCovers } from '#model';
import { NOT_INTERNET_4 } from '#policy';

import { ADDRESS, BLOCK } from './orchestrator-claims.ts';

/** Of public addresses no engine has more: what a node calls its own is no longer the internet for anybody. */
const SHORTEST_PUBLIC = { 4: 24, 6: 48 } as const;
/** No engine gives its networks more: fc00::/7 as a whole is nobody's. */
const SHORTEST = 8;
/** How addresses are kept together, so that a block is not held against each of them. */
const BUCKET = { 4: 16, 6: 48 } as const;
const GLOBAL_6 = parsePrefix('2000::/3');

interface Bucket {
  readonly prefix: Prefix;
  readonly addresses: Map<string, Address>;
}

/** The parts of address space the orchestrator speaks of, as claims. */
export class TakenSpace {
  readonly #buckets = new Map<string, Bucket>();
  readonly #blocks = new Map<string, Prefix>();

  add(claim: string): void {
    const address = addressOf(claim);
    if (address !== undefined) {
      const prefix = bucketOf(address);
      const bucket = this.#buckets.get(prefix.text) ?? { prefix, addresses: new Map<string, Address>() };
      this.#buckets.set(prefix.text, bucket);
      bucket.addresses.set(address.text, address);
    }
    const block = blockOf(claim);
    if (block !== undefined) this.#blocks.set(claim, block);
  }

  remove(claim: string): void {
    this.#blocks.delete(claim);
    const address = addressOf(claim);
    const bucket = address && this.#buckets.get(bucketOf(address).text);
    if (address === undefined || bucket === undefined) return;
    bucket.addresses.delete(address.text);
    if (bucket.addresses.size === 0) this.#buckets.delete(bucket.prefix.text);
  }

  /** Whether a block may be an engine's: none that holds anything of the orchestrator's, and no large part of the internet. */
  isFree(text: string): boolean {
    const block = parsePrefix(text);
    if (block === undefined || block.length < SHORTEST || (isPublic(block) && block.length < SHORTEST_PUBLIC[block.family])) return false;
    for (const other of this.#blocks.values()) if (prefixCovers(block, other) || prefixCovers(other, block)) return false;
    return !this.#holdsAny(block);
  }

  #holdsAny(block: Prefix): boolean {
    if (block.length >= BUCKET[block.family]) {
      const bucket = this.#buckets.get(makePrefix(block.family, block.first, BUCKET[block.family]).text);
      return bucket !== undefined && [...bucket.addresses.values()].some((address) => prefixContains(block, address));
    }
    return [...this.#buckets.values()].some(({ prefix }) => prefixCovers(block, prefix));
  }
}

/** Whether a block is of the public internet, for whoever has not said that it is its own. */
export function isPublic(block: Prefix): boolean {
  if (block.family === 6) return GLOBAL_6 !== undefined && prefixCovers(GLOBAL_6, block);
  return !NOT_INTERNET_4.some((range) => prefixCovers(range, block));
}

function bucketOf({ family, bits }: Address): Prefix {
  return makePrefix(family, bits, BUCKET[family]);
}

function addressOf(claim: string): Address | undefined {
  return claim.startsWith(ADDRESS) ? parseAddress(claim.slice(ADDRESS.length)) : undefined;
}

function blockOf(claim: string): Prefix | undefined {
  return claim.startsWith(BLOCK) ? parsePrefix(claim.slice(BLOCK.length)) : undefined;
}
