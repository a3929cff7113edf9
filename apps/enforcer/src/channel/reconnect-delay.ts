const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const LEAST_MS = 50;
/** A connection that lasted for so long was a good one. */
const GOOD_AFTER_MS = 30_000;

/**
 * How long to wait before the next attempt: any time up to a limit that doubles with every failure.
 *
 * All nodes lose a controller at the same moment. Each picks its own time, so that they do not all
 * come back at the same moment too.
 */
export class ReconnectDelay {
  readonly #random: () => number;
  #failures = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** After a connection that lasted so long; 0 where there was none. `isReplaced`: another enforcer goes by our name. */
  next(lastedMs: number, isReplaced = false): number {
    if (lastedMs >= GOOD_AFTER_MS) this.#failures = 0;
    if (isReplaced) this.#failures = Math.max(this.#failures, 4);
    const limit = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures);
    this.#failures += 1;
    return LEAST_MS + this.#random() * (limit - LEAST_MS);
  }
}
