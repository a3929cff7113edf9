import { createHash, createHmac } from 'node:crypto';

import type { Json } from '#model';

import type { ChainEnd, ChainReading, JournalEntry, JournalRecord, JournalVerification } from './journal.ts';
import { StoreError } from './store-error.ts';

/** Before the first entry. */
export const NO_DIGEST = '0'.repeat(64);

/** An approval of twenty thousand workloads fits; what is larger is a mistake, and is refused before anything is written. */
export const LARGEST_ENTRY_BYTES = 64 * 1024 * 1024;

/** Before digests that were made with a key. */
const KEYED = 'hmac-sha256:';

/**
 * What entries are sealed with: whoever lacks it can write none that follows, and change none that was
 * written with it. Absent: anybody who may write can make up a chain that is whole.
 */
export type JournalKey = Uint8Array | undefined;

/** An entry as stores keep it: its content as the very text that was hashed. */
export interface SealedEntry extends ChainEnd {
  readonly at: number;
  readonly text: string;
}

/** Turns records into entries that follow on the end of a chain. */
export function seal(end: ChainEnd, records: readonly JournalRecord[], key: JournalKey): readonly SealedEntry[] {
  const sealed: SealedEntry[] = [];
  let { seq, digest } = end;
  for (const { at, content } of records) {
    if (!Number.isSafeInteger(at) || at < 0) throw new Error(`append to the journal: ${String(at)} is no time`);
    const text = jsonText(content, 'append to the journal', LARGEST_ENTRY_BYTES);
    seq += 1;
    digest = digestOf(digest, seq, at, text, key);
    sealed.push({ seq, at, text, digest });
  }
  return sealed;
}

export function openSealed({ seq, at, text, digest }: SealedEntry): JournalEntry {
  return { seq, at, content: JSON.parse(text) as Json, digest };
}

/**
 * Follows a chain, from its first entry or from an end that is known.
 *
 * Entries of before there was a key come first, and the first one that is sealed covers them all. After
 * it none may come that is not.
 */
export class ChainCheck {
  readonly #key: JournalKey;
  #end: ChainEnd;
  #sealedFrom: number | undefined;
  #broken: JournalVerification & { readonly kind: 'broken' } | undefined;

  constructor(key: JournalKey, from: ChainEnd = { seq: 0, digest: NO_DIGEST }) {
    this.#key = key;
    this.#end = from;
    if (isKeyed(from.digest)) this.#sealedFrom = from.seq;
  }

  /** False from the first entry on that does not follow. */
  accept({ seq, at, text, digest }: SealedEntry): boolean {
    if (this.#broken !== undefined) return false;
    const wanted = this.#end.seq + 1;
    const why = seq === wanted ? this.#faultOf(seq, at, text, digest) : `entry ${String(wanted)} is missing`;
    if (why !== undefined) this.#broken = { kind: 'broken', seq: wanted, why };
    else this.#end = { seq, digest };
    return why === undefined;
  }

  /** What was accepted so far, read. */
  reading(entries: readonly SealedEntry[]): ChainReading {
    for (const entry of entries) if (!this.accept(entry)) break;
    return this.#broken ?? { kind: 'entries', entries: entries.map(openSealed), end: this.#end };
  }

  /** `end` is where the store says the chain ends: one that was cut short is whole in itself. */
  finish(end: ChainEnd): JournalVerification {
    if (this.#broken !== undefined) return this.#broken;
    if (end.seq !== this.#end.seq || end.digest !== this.#end.digest) return { kind: 'broken', seq: this.#end.seq + 1, why: `entry ${String(this.#end.seq + 1)} is missing` };
    return { kind: 'whole', entries: end.seq, digest: end.digest, ...(this.#sealedFrom === undefined ? {} : { sealedFrom: this.#sealedFrom }) };
  }

  #faultOf(seq: number, at: number, text: string, digest: string): string | undefined {
    const entry = `entry ${String(seq)}`;
    if (!isKeyed(digest)) {
      if (this.#sealedFrom !== undefined) return `${entry} is not sealed, and the ones before it are: somebody without the key wrote it`;
      return digest === digestOf(this.#end.digest, seq, at, text, undefined) ? undefined : `${entry}, or one before it, is not what was written`;
    }
    if (this.#key === undefined) return `${entry} is sealed with a key that is not here`;
    if (digest !== digestOf(this.#end.digest, seq, at, text, this.#key)) return `${entry}, or one before it, is not what was written, or was sealed with another key`;
    this.#sealedFrom ??= seq;
    return undefined;
  }
}

/** Whether an end was made with a key. */
export function isKeyed(digest: string): boolean {
  return digest.startsWith(KEYED);
}

/** Fails where a store's last entry is not the one somebody read there. */
export function checkEnd({ digest }: ChainEnd, expected: string | undefined, doing: string): void {
  if (expected !== undefined && digest !== expected) throw new StoreError('unreadable', `${doing}: its last entry is not the one that was read`);
}

/** The text of a JSON value, refused where it is larger than it may be. */
export function jsonText(value: Json, doing: string, largestBytes: number): string {
  const text = JSON.stringify(value);
  if (text.length > largestBytes || Buffer.byteLength(text) > largestBytes) throw new StoreError('too-large', `${doing}: more than ${String(largestBytes)} bytes of JSON`);
  return text;
}

// The text is last, and nothing before it can hold a line break.
function digestOf(previous: string, seq: number, at: number, text: string, key: JournalKey): string {
  const hash = key === undefined ? createHash('sha256') : createHmac('sha256', key);
  return `${key === undefined ? '' : KEYED}${hash.update(`${previous}\n${String(seq)}\n${String(at)}\n`).update(text).digest('hex')}`;
}
