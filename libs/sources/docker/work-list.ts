import type { EngineEvent } from './event-reading.ts';

/** What happened to one container on one network. */
export type Plugging = Extract<EngineEvent, { kind: 'plugged' | 'unplugged' }>;

/** What has to be asked of the engine again. Things are noted while others are being asked. */
export class WorkList {
  readonly #containers = new Set<string>();
  #pluggings: Plugging[] = [];
  #networks = false;
  #everything = false;

  note(event: EngineEvent): void {
    switch (event.kind) {
      case 'container':
        this.#containers.add(event.id);
        break;
      case 'plugged':
      case 'unplugged':
        this.#pluggings.push(event);
        break;
      case 'networks':
        this.#networks = true;
        break;
      case 'everything':
        this.#everything = true;
        break;
      case 'nothing':
        break;
    }
  }

  get isEmpty(): boolean {
    return this.#containers.size === 0 && this.#pluggings.length === 0 && !this.#networks && !this.#everything;
  }

  /** Hands out what was noted, and forgets it. */
  take(): { readonly containers: readonly string[]; readonly pluggings: readonly Plugging[]; readonly networks: boolean; readonly everything: boolean } {
    const taken = { containers: [...this.#containers], pluggings: this.#pluggings, networks: this.#networks, everything: this.#everything };
    this.#containers.clear();
    this.#pluggings = [];
    this.#networks = false;
    this.#everything = false;
    return taken;
  }
}
