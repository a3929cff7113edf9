const MOST_A_SECOND = 5;

/** How often a node may connect: one that does so again and again must not cost the others their controller. */
export class ConnectionPace {
  readonly #now: () => number;
  #second = 0;
  readonly #connections = new Map<string, number>();

  /** `now` in milliseconds, and never back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether this one is not one too many. */
  allows(node: string): boolean {
    const second = Math.floor(this.#now() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#connections.clear();
    }
    const count = (this.#connections.get(node) ?? 0) + 1;
    this.#connections.set(node, count);
    return count <= MOST_A_SECOND;
  }
}
