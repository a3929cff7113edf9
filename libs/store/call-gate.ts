import { StoreError } from './store-error.ts';

/** Lets calls through until the client is closed. */
export class CallGate {
  #isClosed = false;

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Does work that needs no waiting; what it throws rejects. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.check();
      resolve(work());
    });
  }

  check(): void {
    if (this.#isClosed) throw new StoreError('closed', 'use the store: it is closed');
  }

  /** False where it was closed already. */
  close(): boolean {
    const wasOpen = !this.#isClosed;
    this.#isClosed = true;
    return wasOpen;
  }
}
