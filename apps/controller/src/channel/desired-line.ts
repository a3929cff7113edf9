import type { BundleMark, DesiredBundle } from '#distribution';

const MOST_STEPS = 64;
const MOST_BYTES = 256_000;

/** How a node gets from what it has to what is newest. */
export type LineAnswer =
  | { readonly kind: 'same' }
  /** Deltas one behind the other; they lead to the newest. */
  | { readonly kind: 'deltas'; readonly texts: readonly string[] }
  | { readonly kind: 'snapshot' };

/**
 * What is desired of one node, and the ways there from what was desired lately.
 *
 * Bundles themselves are not kept: who has none of the last ones is sent a snapshot, and so is who
 * has one from which the way would be longer than is kept.
 */
export class DesiredLine {
  #steps: { readonly from: BundleMark; readonly text: string }[] = [];
  #bytes = 0;
  #newest: DesiredBundle;

  constructor(first: DesiredBundle) {
    this.#newest = first;
    this.#note(first);
  }

  get newest(): DesiredBundle {
    return this.#newest;
  }

  push(desired: DesiredBundle): void {
    const { delta } = desired;
    const isNext = delta !== undefined && isSame(delta, this.#newest);
    if (!isNext) {
      this.#steps = [];
      this.#bytes = 0;
    }
    this.#newest = desired;
    this.#note(desired);
  }

  /** The way from a bundle; undefined: from none. */
  from(mark: BundleMark | undefined): LineAnswer {
    if (mark === undefined) return { kind: 'snapshot' };
    if (isSame(mark, this.#newest)) return { kind: 'same' };
    // the last time it was that one: the way from there is the shortest
    const at = this.#steps.findLastIndex(({ from }) => isSame(from, mark));
    return at < 0 ? { kind: 'snapshot' } : { kind: 'deltas', texts: this.#steps.slice(at).map(({ text }) => text) };
  }

  #note({ delta }: DesiredBundle): void {
    if (delta === undefined) return;
    this.#steps.push({ from: { revision: delta.revision, hash: delta.hash }, text: delta.text });
    this.#bytes += delta.text.length;
    while (this.#steps.length > MOST_STEPS || this.#bytes > MOST_BYTES) this.#bytes -= this.#steps.shift()?.text.length ?? 0;
  }
}

function isSame(a: BundleMark, b: BundleMark): boolean {
  return a.hash === b.hash && a.revision === b.revision;
}
