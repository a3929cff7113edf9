import { GENERATIONS } from '#compilers/nftables';

/** Takes stamps off connections: they are judged again when they speak next. */
export interface ConnectionSweep {
  /** Clears the stamps of some generations; the number of connections that had one of them. */
  clear(generations: ReadonlySet<number>): number;
}

/**
 * Which generation comes next.
 *
 * A generation that was used before may still be stamped on connections that have been silent
 * since: taking it up again would let them through unjudged. So it is cleared from them first,
 * and all others that are not in use together with it, because looking through the connections
 * costs more than clearing them. At the start nobody knows which were used.
 */
export class Generations {
  readonly #sweep: ConnectionSweep | undefined;
  #clean = new Set<number>();

  constructor(sweep: ConnectionSweep | undefined) {
    this.#sweep = sweep;
  }

  /** The generation to move to from this one; 0 stands for none. */
  next(current: number): number {
    const generation = (current % GENERATIONS) + 1;
    if (!this.#clean.has(generation)) this.#clearAllBut(current);
    this.#clean.delete(generation);
    return generation;
  }

  /** Clears, while there is time, what the next steps will need; the number of connections that were stamped. */
  prepare(current: number): number {
    return this.#clean.size > 1 ? 0 : this.#clearAllBut(current);
  }

  #clearAllBut(current: number): number {
    const stale = new Set(Array.from({ length: GENERATIONS }, (_, at) => at + 1));
    stale.delete(current);
    const cleared = this.#sweep?.clear(stale) ?? 0;
    this.#clean = stale;
    return cleared;
  }
}
