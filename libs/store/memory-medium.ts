import { NO_DIGEST, type SealedEntry } from './chain.ts';
import type { ChainEnd } from './journal.ts';
import { checkFence } from './limits.ts';
import type { KeptLease, LeaseMedium } from './local-leases.ts';

/** What several clients of one memory store share; it ends with the process. */
export class MemoryMedium implements LeaseMedium {
  readonly entries: SealedEntry[] = [];
  readonly rows = new Map<string, string>();
  readonly documents = new Map<string, { readonly version: number; readonly text: string | undefined }>();
  readonly listeners = new Set<() => void>();
  readonly #leases = new Map<string, KeptLease>();
  #fence = 0;

  knownFence(): number {
    return this.#fence;
  }

  // nothing here waits, so nobody comes in between
  atOnce<T>(_doing: string, work: () => T): T {
    return work();
  }

  leaseOf(name: string): KeptLease | undefined {
    return this.#leases.get(name);
  }

  setLease(name: string, lease: KeptLease): void {
    this.#leases.set(name, lease);
  }

  get end(): ChainEnd {
    return this.entries.at(-1) ?? { seq: 0, digest: NO_DIGEST };
  }

  /** What stands against a write with this fence; where nothing does, the fence becomes known. */
  refusal(fence: number | undefined): { readonly kind: 'fenced'; readonly fence: number } | undefined {
    checkFence(fence);
    if (fence === undefined) return undefined;
    if (fence < this.#fence) return { kind: 'fenced', fence: this.#fence };
    this.#fence = fence;
    return undefined;
  }
}
