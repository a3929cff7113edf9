import { createHash } from 'node:crypto';

import type { Json } from '#model';

import type { JournalEntry, JournalRecord, JournalVerification } from './journal.ts';
import { StoreError } from './store-error.ts';

/** Before the first entry. */
export const NO_DIGEST = '0'.repeat(64);

/** An approval of twenty thousand workloads fits; what is larger is a mistake, and is refused before anything is written. */
export const LARGEST_ENTRY_BYTES = 64 * 1024 * 1024;

/** Where a chain ends. */
export interface ChainEnd {
  readonly seq: number;
  readonly digest: string;
}

/** An entry as stores keep it: its content as the very text that was hashed. */
export interface SealedEntry extends ChainEnd {
  readonly at: number;
  readonly text: string;
}

/** Turns records into entries that follow on the end of a chain. */
export function seal(end: ChainEnd, records: readonly JournalRecord[]): readonly SealedEntry[] {
  const sealed: SealedEntry[] = [];
  let { seq, digest } = end;
  for (const { at, content } of records) {
    if (!Number.isSafeInteger(at) || at < 0) throw new Error(`append to the journal: ${String(at)} is no time`);
    const text = jsonText(content, 'append to the journal', LARGEST_ENTRY_BYTES);
    seq += 1;
    digest = digestOf(digest, seq, at, text);
    sealed.push({ seq, at, text, digest });
  }
  return sealed;
}

export function openSealed({ seq, at, text, digest }: SealedEntry): JournalEntry {
  return { seq, at, content: JSON.parse(text) as Json, digest };
}

/** Follows a chain from its first entry. */
export class ChainCheck {
  #end: ChainEnd = { seq: 0, digest: NO_DIGEST };
  #broken: JournalVerification | undefined;

  /** False from the first entry on that does not follow. */
  accept({ seq, at, text, digest }: SealedEntry): boolean {
    if (this.#broken !== undefined) return false;
    const wanted = this.#end.seq + 1;
    if (seq !== wanted) this.#broken = { kind: 'broken', seq: wanted, why: `entry ${String(wanted)} is missing` };
    else if (digest !== digestOf(this.#end.digest, seq, at, text)) this.#broken = { kind: 'broken', seq, why: `entry ${String(seq)}, or one before it, is not what was written` };
    else this.#end = { seq, digest };
    return this.#broken === undefined;
  }

  /** `end` is where the store says the chain ends: one that was cut short is whole in itself. */
  finish(end: ChainEnd): JournalVerification {
    if (this.#broken !== undefined) return this.#broken;
    if (end.seq !== this.#end.seq || end.digest !== this.#end.digest) return { kind: 'broken', seq: this.#end.seq + 1, why: `entry ${String(this.#end.seq + 1)} is missing` };
    return { kind: 'whole', entries: end.seq, digest: end.digest };
  }
}

/** The text of a JSON value, refused where it is larger than it may be. */
export function jsonText(value: Json, doing: string, largestBytes: number): string {
  const text = JSON.stringify(value);
  if (text.length > largestBytes || Buffer.byteLength(text) > largestBytes) throw new StoreError('too-large', `${doing}: more than ${String(largestBytes)} bytes of JSON`);
  return text;
}

// The text is last, and nothing before it can hold a line break.
function digestOf(previous: string, seq: number, at: number, text: string): string {
  return createHash('sha256').update(`${previous}\n${String(seq)}\n${String(at)}\n`).update(text).digest('hex');
}
