/**
 * How often something may be done: the longer it takes, the more seldom.
 *
 * Nobody here has a clock, so what a piece of work took is known when the time is told again, which
 * therefore has to be at once: `isMeasuring` says so.
 */
export class Pace {
  readonly #leastMs: number;
  readonly #restPerWork: number;
  #since: number | undefined;
  #isLast = false;
  #worked = 0;
  #readyAt = Number.NEGATIVE_INFINITY;

  /** At least so long a rest, and so many times as long as the work took. */
  constructor(leastMs: number, restPerWork: number) {
    this.#leastMs = leastMs;
    this.#restPerWork = restPerWork;
  }

  get isMeasuring(): boolean {
    return this.#since !== undefined;
  }

  /** When it may be done again. */
  get readyAt(): number {
    return this.#readyAt;
  }

  isReady(now: number): boolean {
    return now >= this.#readyAt;
  }

  /** A piece of work begins; after the last one there is a rest. */
  begin(now: number, isLast = true): void {
    this.#since = now;
    this.#isLast = isLast;
  }

  tell(now: number): void {
    if (this.#since === undefined) return;
    this.#worked += Math.max(0, now - this.#since);
    this.#since = undefined;
    if (!this.#isLast) return;
    this.#readyAt = now + Math.max(this.#leastMs, this.#worked * this.#restPerWork);
    this.#worked = 0;
  }
}
