import type { FlowReport } from '#model';

interface Waiting {
  readonly report: FlowReport;
  readonly at: number;
}

/**
 * Reports that wait to be attributed: each for a moment, so that news of a pod that is as old as
 * the flows has come in, and all of them until the sources are in sync. Bounded by their flows; one
 * that has none is there all the same, and counts for one.
 */
export class ReportQueue {
  readonly #mostFlows: number;
  readonly #settleMs: number;
  #waiting: Waiting[] = [];
  #first = 0;
  #flows = 0;

  constructor(mostFlows: number, settleMs: number) {
    this.#mostFlows = mostFlows;
    this.#settleMs = settleMs;
  }

  get flows(): number {
    return this.#flows;
  }

  /** False where there is no room: to be offered again later. */
  add(report: FlowReport, now: number): boolean {
    const room = roomOf(report);
    if (this.#flows > 0 && this.#flows + room > this.#mostFlows) return false;
    this.#waiting.push({ report, at: now });
    this.#flows += room;
    return true;
  }

  /** The next one that has waited long enough. */
  take(now: number): FlowReport | undefined {
    const next = this.#waiting[this.#first];
    if (next === undefined || next.at + this.#settleMs > now) return undefined;
    this.#first += 1;
    this.#flows -= roomOf(next.report);
    if (this.#first > 1_000) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return next.report;
  }

  /** When the next one has waited long enough; undefined where none waits. */
  get dueAt(): number | undefined {
    const next = this.#waiting[this.#first];
    return next === undefined ? undefined : next.at + this.#settleMs;
  }
}

function roomOf({ flows, overflowed }: FlowReport): number {
  return Math.max(1, flows.length + overflowed.length);
}
