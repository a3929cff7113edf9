const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const LEAST_MS = 50;
/** A connection that lasted for so long was a good one. */
const GOOD_AFTER_MS = 30_000;

/**
 * How long to wait before the next attempt: any time up to a limit that doubles with every failure.
 *
 * All nodes lose a controller at the same moment. Each picks its own time, so that they do not all
 * come back at the same moment too; a controller of many says how far apart they should.
 */
export class ReconnectDelay {
  readonly #random: () => number;
  #failures = 0;
  #firstMs = FIRST_MS;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** How wide the first window is from now on: what the controller asks for, within bounds of our own. */
  spread(firstMs: number): void {
    this.#firstMs = Math.min(LONGEST_MS, Math.max(FIRST_MS, firstMs));
  }

  /** After a connection that lasted so long; 0 where there was none. `isReplaced`: another enforcer goes by our name. */
  next(lastedMs: number, isReplaced = false): number {
    if (lastedMs >= GOOD_AFTER_MS) this.#failures = 0;
    if (isReplaced) this.#failures = Math.max(this.#failures, 4);
    const limit = Math.min(LONGEST_MS, this.#firstMs * 2 ** this.#failures);
    this.#failures += 1;
    return LEAST_MS + this.#random() * (limit - LEAST_MS);
  }
}
