import type { Json } from '#model';

/** Something to be written to the journal; `at` is in milliseconds since 1970. */
export interface JournalRecord {
  readonly at: number;
  readonly content: Json;
}

/**
 * A record that is written, with its place in the chain.
 *
 * `digest` is SHA-256 over the digest before it and everything else here, so nobody can change,
 * drop or reorder an entry without changing every later digest; as HMAC under the key of the
 * journal, nobody who lacks it can make one up.
 */
export interface JournalEntry extends JournalRecord {
  /** Counts from 1, without gaps. */
  readonly seq: number;
  readonly digest: string;
}

/** Where a chain ends; `seq` 0 before its first entry. */
export interface ChainEnd {
  readonly seq: number;
  readonly digest: string;
}

/** Entries that follow on an end, each checked, with the new end. */
export type ChainReading =
  | { readonly kind: 'entries'; readonly entries: readonly JournalEntry[]; readonly end: ChainEnd }
  | { readonly kind: 'broken'; readonly seq: number; readonly why: string };

/** How an append went. Whatever is not `appended` left nothing behind. */
export type AppendResult =
  | { readonly kind: 'appended'; readonly entries: readonly JournalEntry[] }
  /** Somebody wrote since: read from `lastSeq` back to what you know, decide again. */
  | { readonly kind: 'conflict'; readonly lastSeq: number }
  /** Somebody else leads: `fence` is theirs. */
  | { readonly kind: 'fenced'; readonly fence: number };

export interface AppendCondition {
  readonly expectedSeq: number;
  readonly expectedDigest?: string;
  readonly fence?: number;
}

export type JournalVerification =
  | { readonly kind: 'whole'; readonly entries: number; readonly digest: string; /** Absent: no entry is sealed with a key yet. */ readonly sealedFrom?: number }
  | { readonly kind: 'broken'; readonly seq: number; readonly why: string };

/**
 * What was decided, in order, for good: append-only and hash-chained.
 *
 * An append is there in full or not at all, and once it is acknowledged it survives the end of
 * this process and of the machine (as far as the store is set up to: see the README).
 */
export interface Journal {
  /**
   * Appends where the last entry is `expectedSeq` (0: the journal is empty).
   *
   * With a `fence` it is refused if a higher one is known; a higher one than known becomes known. With
   * an `expectedDigest` it fails where the last entry has another one: what was read is not what is there.
   */
  append(records: readonly JournalRecord[], condition: AppendCondition): Promise<AppendResult>;
  /** Entries after `afterSeq`, in order, `limit` at most. */
  read(afterSeq: number, limit: number): Promise<readonly JournalEntry[]>;
  /** The same, and whether they follow on this end. */
  readOn(after: ChainEnd, limit: number): Promise<ChainReading>;
  /** 0 where it is empty. */
  lastSeq(): Promise<number>;
  /** Recomputes the chain from its first entry. */
  verify(): Promise<JournalVerification>;
  /**
   * Calls back after entries were appended by anybody, this client included. It tells that there is
   * something to read, not what: calls may be merged, repeated, and come after a broken connection
   * although nothing is new. Gives the function that ends it.
   */
  subscribe(onAppended: () => void): () => void;
}
