const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/**
 * How long to wait before the next attempt: twice as long each time, up to half a minute, and by
 * chance between half of that and all of it, so that many do not come back at once.
 */
export class BackOff {
  readonly #random: () => number;
  #attempts = 0;

  /** `random` gives numbers from 0 up to 1. */
  constructor(random: () => number) {
    this.#random = random;
  }

  next(): number {
    const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(this.#attempts, 20));
    this.#attempts += 1;
    return Math.round((longest * (1 + this.#random())) / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
