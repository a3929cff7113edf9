import type { FlowReport } from '#model';

interface Waiting {
  readonly number: number;
  readonly text: string;
  readonly connections: number;
}

export interface FlowQueueLimits {
  readonly reports: number;
  readonly bytes: number;
}

const LIMITS: FlowQueueLimits = { reports: 360, bytes: 32 * 2 ** 20 };

/**
 * Flow reports the controller has not said it took, in order; sent again after every break.
 *
 * What no longer fits is dropped from the old end, and the next report says how much that was: a
 * gap that is known is no proof of absence.
 */
export class FlowQueue {
  readonly #node: string;
  readonly #limits: FlowQueueLimits;
  #waiting: Waiting[] = [];
  #bytes = 0;
  #numbers = 0;
  /** Connections in reports that were dropped and not yet told of. */
  #lost = 0;

  constructor(node: string, limits = LIMITS) {
    this.#node = node;
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length;
  }

  add(report: FlowReport): void {
    const told: FlowReport = { ...report, reporter: this.#node, loss: { ...report.loss, connectionEvents: report.loss.connectionEvents + this.#lost } };
    this.#lost = 0;
    const text = JSON.stringify(told);
    this.#numbers += 1;
    this.#waiting.push({ number: this.#numbers, text, connections: connectionsOf(report) + told.loss.connectionEvents });
    this.#bytes += text.length;
    while (this.#waiting.length > this.#limits.reports || this.#bytes > this.#limits.bytes) this.#drop();
  }

  /** The first that comes after a number. */
  after(number: number): { readonly number: number; readonly text: string } | undefined {
    return this.#waiting.find((each) => each.number > number);
  }

  /** The controller has everything up to this number. */
  taken(number: number): void {
    while (this.#waiting[0] !== undefined && this.#waiting[0].number <= number) this.#bytes -= this.#waiting.shift()?.text.length ?? 0;
  }

  #drop(): void {
    const dropped = this.#waiting.shift();
    if (dropped === undefined) return;
    this.#bytes -= dropped.text.length;
    this.#lost += dropped.connections;
  }
}

function connectionsOf({ flows, overflowed, foreign }: FlowReport): number {
  return flows.reduce((sum, { connections, alive, ended }) => sum + Math.max(connections, alive, ended), 0) + overflowed.reduce((sum, { connections }) => sum + connections, 0) + foreign;
}
