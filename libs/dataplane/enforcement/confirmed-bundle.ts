import type { NodeBundle } from '#compilers/nftables';

import { BundleStore, type StoredBundle } from '../bundle-store.ts';

/** Bundles that follow one another faster than this are written together. */
const PAUSE_MS = 2_000;

/**
 * The bundle a node goes back to, on disk.
 *
 * Writing a large one takes tens of milliseconds, which a pod that waits for its rules shall not
 * wait for: what the controller sends bit by bit is written when there is time, at most seconds
 * later. Killed in between, a node has the one before on disk, and the kernel the newer one.
 */
export class ConfirmedBundle {
  readonly #store: BundleStore;
  readonly #onTrouble: (why: string) => void;
  #waiting: NodeBundle | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, onTrouble: (why: string) => void) {
    this.#store = new BundleStore(path);
    this.#onTrouble = onTrouble;
  }

  /** When the one on disk was confirmed, in milliseconds since 1970. */
  savedAt(): number | undefined {
    return this.#store.savedAt();
  }

  load(): StoredBundle {
    this.flush();
    return this.#store.load();
  }

  save(bundle: NodeBundle): void {
    this.#forget();
    this.#store.save(bundle);
    this.#writtenAt = performance.now();
  }

  /** Writes it when nothing is urgent. */
  saveSoon(bundle: NodeBundle): void {
    this.#waiting = bundle;
    this.#timer ??= setTimeout(() => {
      try {
        this.flush();
      } catch (error) {
        this.#onTrouble(error instanceof Error ? error.message : String(error));
      }
    }, Math.max(0, this.#writtenAt + PAUSE_MS - performance.now()));
  }

  /** Writes what waits. */
  flush(): void {
    const waiting = this.#waiting;
    if (waiting !== undefined) this.save(waiting);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }
}
