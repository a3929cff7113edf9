import type { Clock } from '#sources/waiting';

/** A clock that only goes on when told to. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();
  /** What was asked to wait for, in order. */
  readonly delays: number[] = [];

  readonly now = (): number => this.#now;

  readonly after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: this.#now + delayMs, run };
    this.delays.push(delayMs);
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  };

  /** How long the first of those still waiting waits. */
  get next(): number | undefined {
    const times = [...this.#timers].map(({ at }) => at - this.#now);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  advance(byMs: number): void {
    this.#now += byMs;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }
}
