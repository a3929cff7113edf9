import { compareText } from '#model';

/**
 * Holds everything back until each required source has said once that it told all it knows.
 *
 * A source that loses its connection later on does not close the gate again: what it said last
 * counts until it says otherwise, and it says "gone" only after it has seen everything again.
 */
export class SourceGate {
  readonly #required = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #behind = new Set<string>();

  constructor(required: Iterable<string>) {
    for (const source of required) this.#required.add(source);
  }

  set(source: string, inSync: boolean): void {
    if (inSync) {
      this.#seen.add(source);
      this.#behind.delete(source);
    } else {
      this.#behind.add(source);
    }
  }

  get isOpen(): boolean {
    return this.waitsFor().length === 0;
  }

  /** Required sources that have never been in sync, sorted. */
  waitsFor(): readonly string[] {
    return [...this.#required].filter((source) => !this.#seen.has(source)).sort(compareText);
  }

  /** Sources that were in sync and are not now, sorted: what they said last may be old. */
  behind(): readonly string[] {
    return [...this.#behind].filter((source) => this.#seen.has(source)).sort(compareText);
  }
}
