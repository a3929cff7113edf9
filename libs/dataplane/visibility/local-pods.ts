import type { Address, PodKey } from '#model';

import { addressKey } from './address-text.ts';

/** A pod of this node; what a bundle lists fits. */
export interface LocalPod {
  readonly pod: PodKey;
  readonly addresses: readonly Address[];
}

interface Holder {
  readonly pod: PodKey;
  /** Milliseconds since 1970; 0 where it was there before anybody looked. */
  readonly since: number;
}

/**
 * Who of this node holds an address now, and since when.
 *
 * A connection that began before the present holder came belongs to nobody here: its end must not
 * be put down to a pod that never had it.
 */
export class LocalPods {
  #holders = new Map<string, Holder>();
  #isFirst = true;

  /** Takes over a new list, and gives the keys of the addresses that changed hands. */
  replace(pods: Iterable<LocalPod>, now: number): ReadonlySet<string> {
    const next = new Map<string, Holder>();
    const contested = new Set<string>();
    for (const { pod, addresses } of pods) {
      for (const address of addresses) {
        const key = addressKey(address);
        const other = next.get(key);
        if (other !== undefined && other.pod !== pod) contested.add(key);
        const held = this.#holders.get(key);
        next.set(key, held?.pod === pod ? held : { pod, since: this.#isFirst ? 0 : now });
      }
    }
    for (const key of contested) next.delete(key);
    const changed = new Set<string>();
    for (const [key, { pod }] of next) if (this.#holders.get(key)?.pod !== pod) changed.add(key);
    for (const key of this.#holders.keys()) if (!next.has(key)) changed.add(key);
    this.#holders = next;
    this.#isFirst = false;
    return changed;
  }

  /** `startedAt` is when the connection began, 0 where that is not known. */
  at(key: string, startedAt: number): PodKey | undefined {
    const holder = this.#holders.get(key);
    return holder === undefined || (startedAt > 0 && startedAt < holder.since) ? undefined : holder.pod;
  }
}
