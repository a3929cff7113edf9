import type { Clock } from '#sources/waiting';

/** Wakes whoever waits for something to do. Rung while nobody waits, it wakes the next at once. */
export class Bell {
  /** Never comes, or fails when nothing can be done any more. */
  readonly failed: Promise<never>;
  readonly #clock: Clock;
  #isRung = false;
  #hasFailed = false;
  #wake: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.failed = new Promise<never>((_, reject) => {
      this.#reject = reject;
    });
    // whether anybody waits for it or not
    this.failed.catch(() => undefined);
  }

  ring(): void {
    this.#isRung = true;
    this.#wake();
  }

  fail(error: unknown): void {
    this.#hasFailed = true;
    this.#reject(error);
    this.#wake();
  }

  /** Waits until it is rung, or for so long; throws when it fails. */
  async rung(longestMs: number): Promise<void> {
    // a promise of its own each time: one that is raced again and again remembers every race
    let cancel: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      cancel = this.#clock.after(longestMs, resolve);
      if (this.#isRung || this.#hasFailed) resolve();
    });
    cancel();
    this.#isRung = false;
    if (this.#hasFailed) await this.failed;
  }
}
