import type { Manifest } from '#model';

import type { ObjectRecord } from './object-record.ts';

/** Tells of a change: the key is now this, or gone. */
export type TellChange = (key: string, value: Manifest | undefined) => void;

/**
 * What was told of one kind: a digest for each key, never the object itself. Only what differs is
 * told, so a list read again says nothing of what has not changed.
 */
export class ToldObjects {
  readonly #tell: TellChange;
  readonly #digests = new Map<string, string>();
  #listed: Set<string> | undefined;
  #held: ObjectRecord[] = [];

  constructor(tell: TellChange) {
    this.#tell = tell;
  }

  get size(): number {
    return this.#digests.size;
  }

  set(record: ObjectRecord): void {
    if (this.#digests.get(record.key) === record.digest) return;
    this.#digests.set(record.key, record.digest);
    this.#tell(record.key, record.manifest);
  }

  remove(key: string): void {
    if (this.#digests.delete(key)) this.#tell(key, undefined);
  }

  clear(): void {
    for (const key of [...this.#digests.keys()]) this.remove(key);
  }

  /** A list begins, or begins anew. */
  startList(): void {
    this.#listed = new Set();
    this.#held = [];
  }

  /**
   * An object of the list. The first list of all is told as it comes; of a later one, changes are
   * held until it is known what is gone, so that nobody seems to get an address another still has.
   */
  addListed(record: ObjectRecord, isFirst: boolean): void {
    this.#listed?.add(record.key);
    if (isFirst) this.set(record);
    else if (this.#digests.get(record.key) !== record.digest) this.#held.push(record);
  }

  /** The list is complete: whatever is not in it is gone. */
  endList(): void {
    const listed = this.#listed ?? new Set();
    for (const key of [...this.#digests.keys()]) if (!listed.has(key)) this.remove(key);
    for (const record of this.#held) this.set(record);
    this.#listed = undefined;
    this.#held = [];
  }
}
