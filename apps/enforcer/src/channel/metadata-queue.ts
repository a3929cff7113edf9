import { writePlain } from '#distribution';
import type { SourceUpdate } from '#model';

import type { NodeMetadata } from '../metadata/node-metadata.ts';

const MOST_BYTES = 1_000_000;

/** One batch as it is sent. */
interface Batch {
  readonly number: number;
  readonly text: string;
}

/**
 * What the sources of this node say, for one connection: everything at first, then what changes.
 *
 * Only the last word for a key waits, so a controller that does not read makes no queue. A new
 * connection begins anew and says all of it again.
 */
export class MetadataQueue {
  readonly #end: () => void;
  readonly #sources: readonly string[];
  readonly #waiting = new Map<string, SourceUpdate>();
  #isInSync = false;
  #toldInSync = false;
  #isFirst = true;
  #numbers = 0;
  /** Sent and not taken: one at a time. */
  #under: Batch | undefined;

  constructor(metadata: NodeMetadata, onWork: () => void) {
    this.#sources = metadata.names;
    this.#end = metadata.read({
      updates: (updates) => {
        for (const update of updates) this.#waiting.set(`${update.source}\n${update.key}`, update);
        onWork();
      },
      inSync: () => {
        this.#isInSync = true;
        onWork();
      },
    });
  }

  /** The next batch to send; undefined while one is not taken yet, or nothing is new. */
  next(): Batch | undefined {
    if (this.#under !== undefined) return undefined;
    const isOver = this.#waiting.size === 0;
    if (isOver && (this.#toldInSync || !this.#isInSync)) return undefined;
    const updates: string[] = [];
    let bytes = 0;
    for (const [key, update] of this.#waiting) {
      const text = writePlain(update);
      if (updates.length > 0 && bytes + text.length > MOST_BYTES) break;
      this.#waiting.delete(key);
      updates.push(text);
      bytes += text.length;
    }
    const isInSync = this.#isInSync && !this.#toldInSync && this.#waiting.size === 0;
    if (isInSync) this.#toldInSync = true;
    this.#numbers += 1;
    this.#under = { number: this.#numbers, text: `{"isFirst":${String(this.#isFirst)},"updates":[${updates.join()}],"inSync":${JSON.stringify(isInSync ? this.#sources : [])}}` };
    this.#isFirst = false;
    return this.#under;
  }

  taken(number: number): void {
    if (this.#under?.number === number) this.#under = undefined;
  }

  close(): void {
    this.#end();
  }
}
