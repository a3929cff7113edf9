import { noteApplication, type TalliedFlow } from './flow-tally.ts';
import type { Identification } from './protocol-signature.ts';

/** Connections between two ends whose first bytes came before anything was known of them. */
const MOST_EARLY = 64;

/**
 * Brings together what was spoken, known from packets, and flows, known from connection events.
 *
 * They come on different ways and in any order, and the kernel need not send the connection along
 * with a packet: they meet by their ends. First bytes of a connection that was counted in the
 * stretch before begin its flow again; those that come too early wait for it until the end of the
 * next stretch.
 */
export class SpokenTable {
  readonly #most: number;
  #flows = new Map<string, TalliedFlow>();
  #flowsBefore = new Map<string, TalliedFlow>();
  #early = new Map<string, Identification[]>();
  #earlyBefore = new Map<string, Identification[]>();

  constructor(most: number) {
    this.#most = most;
  }

  /** `again` begins a flow like one of the stretch before, or has no room for it. */
  note(ends: string, spoken: Identification, again: (like: TalliedFlow) => TalliedFlow | undefined): void {
    const flow = this.#flows.get(ends) ?? this.#revive(ends, again);
    if (flow !== undefined) {
      noteApplication(flow, spoken);
      return;
    }
    const early = this.#early.get(ends);
    if (early !== undefined) {
      if (early.length < MOST_EARLY) early.push(spoken);
    } else if (this.#early.size < this.#most) this.#early.set(ends, [spoken]);
  }

  /** A flow that begins takes what came before it. Of several with the same ends the first has it all. */
  begun(ends: string, flow: TalliedFlow): void {
    if (this.#flows.has(ends)) return;
    this.#flows.set(ends, flow);
    for (const early of [this.#earlyBefore, this.#early]) {
      for (const spoken of early.get(ends) ?? []) noteApplication(flow, spoken);
      early.delete(ends);
    }
  }

  forget(isChanged: (flow: TalliedFlow) => boolean): void {
    for (const flows of [this.#flows, this.#flowsBefore]) for (const [ends, flow] of flows) if (isChanged(flow)) flows.delete(ends);
  }

  /** The next stretch begins. */
  turn(): void {
    this.#flowsBefore = this.#flows;
    this.#earlyBefore = this.#early;
    this.#flows = new Map();
    this.#early = new Map();
  }

  #revive(ends: string, again: (like: TalliedFlow) => TalliedFlow | undefined): TalliedFlow | undefined {
    const before = this.#flowsBefore.get(ends);
    const flow = before === undefined ? undefined : again(before);
    if (flow !== undefined) this.#flows.set(ends, flow);
    return flow;
  }
}
