const MOST_GAPS = 256;

/**
 * Which stretches of time one reporter has reported on.
 *
 * Stretches of a reporter never overlap, so one that begins within what is covered came before.
 * Neighbours are joined: a reporter that misses nothing costs one pair of numbers. Of too many
 * gaps the oldest is closed, so that a report this late would be refused, never counted twice.
 */
export class AcceptedStretches {
  /** Sorted, apart from each other: from, to, from, to, … */
  #edges: number[];

  constructor(edges: readonly number[] = []) {
    this.#edges = [...edges];
  }

  get edges(): readonly number[] {
    return this.#edges;
  }

  get from(): number {
    return this.#edges[0] ?? 0;
  }

  get to(): number {
    return this.#edges.at(-1) ?? 0;
  }

  get coveredMs(): number {
    let sum = 0;
    for (let at = 0; at < this.#edges.length; at += 2) sum += (this.#edges[at + 1] ?? 0) - (this.#edges[at] ?? 0);
    return sum;
  }

  has(from: number): boolean {
    const at = this.#after(from);
    return at % 2 === 1;
  }

  add(from: number, to: number): void {
    // nearly always it comes last
    const last = this.#edges.at(-1) ?? -Infinity;
    if (from >= last) {
      if (from === last) this.#edges[this.#edges.length - 1] = to;
      else this.#edges.push(from, to);
      this.#closeOldestGap();
      return;
    }
    const edges: number[] = [];
    let begin = from;
    let end = to;
    for (let at = 0; at < this.#edges.length; at += 2) {
      const known = { from: this.#edges[at] ?? 0, to: this.#edges[at + 1] ?? 0 };
      if (known.to < begin || known.from > end) edges.push(known.from, known.to);
      else {
        begin = Math.min(begin, known.from);
        end = Math.max(end, known.to);
      }
    }
    edges.push(begin, end);
    this.#edges = edges.length === 2 ? edges : inOrder(edges);
    this.#closeOldestGap();
  }

  #closeOldestGap(): void {
    if (this.#edges.length > MOST_GAPS * 2) this.#edges.splice(1, 2);
  }

  /** Forgets what lies before a moment. */
  forget(before: number): void {
    const at = this.#after(before);
    if (at === 0) return;
    this.#edges.splice(0, at);
    if (at % 2 === 1) this.#edges.unshift(before);
  }

  /** The first edge behind a moment. */
  #after(moment: number): number {
    let low = 0;
    let high = this.#edges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#edges[middle] ?? 0) <= moment) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// the one that was added last stands last, wherever it belongs
function inOrder(edges: readonly number[]): number[] {
  const pairs = Array.from({ length: edges.length / 2 }, (_, at): readonly [number, number] => [edges[at * 2] ?? 0, edges[at * 2 + 1] ?? 0]);
  return pairs.sort(([a], [b]) => a - b).flat();
}
