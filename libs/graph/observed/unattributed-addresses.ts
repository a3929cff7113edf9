import { type AttributedFlow, compareText, type FlowParty } from '#model';

import { keepSmallest } from './bounded-list.ts';
import type { UnattributedAddress } from './observed-report.ts';

const MOST_ADDRESSES = 2_000;
const MOST_NAMES = 4;
const MOST_REPORTERS = 8;

type Unattributed = Extract<FlowParty, { readonly kind: 'unattributed' }>;

/**
 * The addresses nobody could be found for since the process began, those seen last where they are
 * too many. Their connections are counted elsewhere, all of them.
 */
export class UnattributedAddresses {
  // in the order they were seen last
  readonly #addresses = new Map<string, UnattributedAddress>();

  add({ address, why, holders }: Unattributed, flow: AttributedFlow, reporter: string, other: string): void {
    const key = `${why} ${address}`;
    const known = this.#addresses.get(key);
    this.#addresses.delete(key);
    this.#addresses.set(key, {
      kind: 'address',
      name: address,
      why,
      mayBe: holders.reduce((list, holder) => keepSmallest(list, holder, MOST_NAMES), known?.mayBe ?? []),
      connections: (known?.connections ?? 0) + Math.max(1, flow.connections),
      firstSeen: Math.min(known?.firstSeen ?? Infinity, flow.from),
      lastSeen: Math.max(known?.lastSeen ?? 0, flow.to),
      reporters: keepSmallest(known?.reporters ?? [], reporter, MOST_REPORTERS),
      others: keepSmallest(known?.others ?? [], other, MOST_NAMES),
    });
    const [longestAgo] = this.#addresses.size > MOST_ADDRESSES ? this.#addresses.keys() : [];
    if (longestAgo !== undefined) this.#addresses.delete(longestAgo);
  }

  list(): readonly UnattributedAddress[] {
    return [...this.#addresses.values()].sort((a, b) => compareText(a.name, b.name) || compareText(a.why, b.why));
  }
}
