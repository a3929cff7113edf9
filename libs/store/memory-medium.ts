import type { ChainEnd, SealedEntry } from './chain.ts';
import { NO_DIGEST } from './chain.ts';
import { checkFence } from './limits.ts';

/** What several clients of one memory store share; it ends with the process. */
export class MemoryMedium {
  readonly entries: SealedEntry[] = [];
  readonly rows = new Map<string, string>();
  readonly documents = new Map<string, { readonly version: number; readonly text: string | undefined }>();
  readonly leases = new Map<string, { readonly holder: string; readonly fence: number; readonly until: number }>();
  readonly listeners = new Set<() => void>();
  #fence = 0;

  get fence(): number {
    return this.#fence;
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
