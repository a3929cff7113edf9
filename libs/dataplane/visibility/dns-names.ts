import { compareText } from '#model';

import type { DnsAnswer } from './dns-answer.ts';

export interface DnsNamesOptions {
  readonly mostAddresses?: number;
  readonly mostNamesPerAddress?: number;
  /** How much longer than its time to live a name is kept: clients go on using what they once were told. */
  readonly graceMs?: number;
}

/**
 * Which names lead to which addresses, as answers said it, for as long as they said it.
 *
 * Hearsay: whoever answers chooses the address, so a name here is for people to read and proves
 * nothing. Bounded: of addresses those not heard of for longest go first, of one address's names
 * those that end first.
 */
export class DnsNames {
  // in the order they were last heard of
  readonly #names = new Map<string, Map<string, number>>();
  readonly #mostAddresses: number;
  readonly #mostNames: number;
  readonly #graceMs: number;
  #evicted = 0;

  constructor({ mostAddresses = 10_000, mostNamesPerAddress = 8, graceMs = 300_000 }: DnsNamesOptions = {}) {
    this.#mostAddresses = mostAddresses;
    this.#mostNames = mostNamesPerAddress;
    this.#graceMs = graceMs;
  }

  get size(): number {
    return this.#names.size;
  }

  /** Addresses and names that had to make room. */
  get evicted(): number {
    return this.#evicted;
  }

  note({ name, addresses }: DnsAnswer, now: number): void {
    for (const { address, ttlSeconds } of addresses) {
      const names = this.#names.get(address.text) ?? new Map<string, number>();
      names.set(name, Math.max(names.get(name) ?? 0, now + ttlSeconds * 1_000 + this.#graceMs));
      if (names.size > this.#mostNames) this.#makeRoom(names);
      this.#names.delete(address.text);
      this.#names.set(address.text, names);
    }
    while (this.#names.size > this.#mostAddresses) {
      const [oldest = ''] = this.#names.keys();
      this.#names.delete(oldest);
      this.#evicted += 1;
    }
  }

  /** The names of an address, sorted. */
  namesOf(address: string, now: number): readonly string[] {
    const names = this.#names.get(address);
    if (names === undefined) return [];
    for (const [name, until] of names) if (until <= now) names.delete(name);
    if (names.size === 0) this.#names.delete(address);
    return [...names.keys()].sort(compareText);
  }

  #makeRoom(names: Map<string, number>): void {
    const [first] = [...names].sort((a, b) => a[1] - b[1] || compareText(a[0], b[0]));
    if (first !== undefined) names.delete(first[0]);
    this.#evicted += 1;
  }
}
