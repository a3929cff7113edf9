import type { NodeBundle } from '#compilers/nftables';

/** A pod whose packets came before its rules: how long they were dropped. */
export interface StartRace {
  readonly pod: string;
  readonly address: string;
  /** From its first packet that was dropped to the kernel's acknowledgement of its rules. */
  readonly waitedMs: number;
  readonly packets: number;
}

interface Waiting {
  readonly firstAt: number;
  packets: number;
}

const MOST_ADDRESSES = 4_096;

/**
 * Measures how long pods waited for their rules.
 *
 * The kernel hands over what it dropped some tenths of a second later, with the time it happened;
 * so the drop may become known after the pod did. Addresses that never become a pod's are forgotten
 * in the order they came.
 */
export class StartRaces {
  readonly #waiting = new Map<string, Waiting>();
  readonly #known = new Map<string, { readonly pod: string; readonly since: number; isTold: boolean }>();
  readonly #onRace: (race: StartRace) => void;

  constructor(onRace: (race: StartRace) => void) {
    this.#onRace = onRace;
  }

  /** An address was dropped because nobody vouched for it. */
  dropped(address: string, at: number): void {
    const known = this.#known.get(address);
    if (known !== undefined) {
      if (at >= known.since || known.isTold) return;
      known.isTold = true;
      this.#onRace({ pod: known.pod, address, waitedMs: known.since - at, packets: 1 });
      return;
    }
    const waiting = this.#waiting.get(address);
    if (waiting !== undefined) {
      waiting.packets += 1;
      return;
    }
    const [oldest] = this.#waiting.size >= MOST_ADDRESSES ? this.#waiting.keys() : [];
    if (oldest !== undefined) this.#waiting.delete(oldest);
    this.#waiting.set(address, { firstAt: at, packets: 1 });
  }

  /** The kernel has acknowledged a bundle. */
  committed({ pods }: NodeBundle, at: number): void {
    const present = new Set<string>();
    for (const { pod, addresses } of pods) {
      for (const { text } of addresses) {
        present.add(text);
        if (this.#known.get(text)?.pod === pod) continue;
        const waiting = this.#waiting.get(text);
        this.#known.set(text, { pod, since: at, isTold: waiting !== undefined });
        if (waiting === undefined) continue;
        this.#waiting.delete(text);
        this.#onRace({ pod, address: text, waitedMs: Math.max(0, at - waiting.firstAt), packets: waiting.packets });
      }
    }
    for (const address of this.#known.keys()) if (!present.has(address)) this.#known.delete(address);
  }
}
