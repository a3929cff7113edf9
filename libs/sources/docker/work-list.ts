import type { EngineEvent } from './event-reading.ts';

/** What has to be asked of the engine again. Things are noted while others are being asked. */
export class WorkList {
  readonly #containers = new Set<string>();
  #networks = false;
  #everything = false;
  #wake: () => void = () => undefined;

  note(event: EngineEvent): void {
    switch (event.kind) {
      case 'container':
        this.#containers.add(event.id);
        break;
      case 'networks':
        this.#networks = true;
        break;
      case 'everything':
        this.#everything = true;
        break;
      case 'nothing':
        return;
    }
    this.#wake();
  }

  get isEmpty(): boolean {
    return this.#containers.size === 0 && !this.#networks && !this.#everything;
  }

  /** Calls this at the next note, instead of whom it would have called. */
  onNote(wake: () => void): void {
    this.#wake = wake;
  }

  /** Hands out what was noted, and forgets it. */
  take(): { readonly containers: readonly string[]; readonly networks: boolean; readonly everything: boolean } {
    const taken = { containers: [...this.#containers], networks: this.#networks, everything: this.#everything };
    this.#containers.clear();
    this.#networks = false;
    this.#everything = false;
    return taken;
  }
}
