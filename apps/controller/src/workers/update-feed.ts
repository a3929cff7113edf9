import type { SourceUpdate } from '#model';

/** What goes to a pipeline about the sources, in order: objects, and whether a source has told all it knows. */
export type FeedItem = { readonly kind: 'update'; readonly update: SourceUpdate } | { readonly kind: 'in-sync'; readonly source: string; readonly isInSync: boolean };

/** At most so many items are in a batch, and so many batches under way to a pipeline. */
const BATCH = 1_000;
const UNDER_WAY = 4;

/**
 * Hands updates to a pipeline as fast as it takes them and no faster.
 *
 * A few batches are under way at a time. What comes meanwhile is kept by object, and the last word for an
 * object counts, so a slow pipeline costs as much memory as there are objects and never more. A
 * source's "in sync" stays behind everything it said before.
 */
export class UpdateFeed {
  readonly #send: (items: readonly FeedItem[]) => void;
  readonly #waiting = new Map<string, FeedItem>();
  #underWay = 0;

  constructor(send: (items: readonly FeedItem[]) => void) {
    this.#send = send;
  }

  update(update: SourceUpdate): void {
    // one that waits already keeps its place: what follows it, "in sync" above all, counts on it
    this.#put(`u ${update.source}\n${update.key}`, { kind: 'update', update });
  }

  setInSync(source: string, isInSync: boolean): void {
    this.#waiting.delete(`s ${source}`);
    this.#put(`s ${source}`, { kind: 'in-sync', source, isInSync });
  }

  /** The pipeline has taken in one more batch. */
  taken(): void {
    this.#underWay -= 1;
    this.#flush();
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  #put(key: string, item: FeedItem): void {
    this.#waiting.set(key, item);
    this.#flush();
  }

  #flush(): void {
    if (this.#underWay >= UNDER_WAY || this.#waiting.size === 0) return;
    const items: FeedItem[] = [];
    for (const [key, item] of this.#waiting) {
      if (items.length >= BATCH) break;
      this.#waiting.delete(key);
      items.push(item);
    }
    this.#underWay += 1;
    this.#send(items);
  }
}
