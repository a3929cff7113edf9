import type { Diagnostic } from '#model';
import { foldReview, NOTHING_DECIDED, readEvent, replayReview, type ReviewEntry, type ReviewEvent, type ReviewState, writeEvent } from '#review';
import { type AppendResult, type ChainEnd, isKeyed, type Journal, type JournalEntry, type JournalVerification, NO_DIGEST, StoreError } from '#store';

const PAGE = 500;

/**
 * The journal as decisions: what was decided so far, kept up to date by whoever writes.
 *
 * An entry that cannot be read was written by something newer, or damaged. Then nothing more is
 * read, for a decision left out could open what somebody closed.
 */
export class ReviewLog {
  readonly #journal: Journal;
  readonly #onEntries: (entries: readonly ReviewEntry[], state: ReviewState) => void;
  #state: ReviewState = NOTHING_DECIDED;
  #end: ChainEnd = { seq: 0, digest: NO_DIGEST };
  #verifying: Promise<JournalVerification> | undefined;
  #reading: Promise<void> = Promise.resolve();

  constructor(journal: Journal, onEntries: (entries: readonly ReviewEntry[], state: ReviewState) => void) {
    this.#journal = journal;
    this.#onEntries = onEntries;
  }

  get state(): ReviewState {
    return this.#state;
  }

  /** The last entry that was read, for whoever is to remember it elsewhere. */
  get end(): ChainEnd {
    return this.#end;
  }

  /** Entries of a release that had no key can be rewritten by whoever may write the store. */
  weaknesses(): readonly Diagnostic[] {
    if (this.#end.seq === 0 || isKeyed(this.#end.digest)) return [];
    return [{ code: 'journal-not-sealed', severity: 'warning', subject: 'journal', message: `has ${String(this.#end.seq)} entries of an earlier release, which no key seals`, hint: 'the next decision seals them too: look through ringfence journal before' }];
  }

  /**
   * Reads everything there is. A journal that is not what was once written is not followed: then
   * nothing starts, and the nodes go on with what they have.
   */
  async begin(): Promise<void> {
    const verified = await this.verify();
    if (verified.kind === 'broken') throw new Error(`read the journal: ${verified.why}`);
    await this.catchUp();
  }

  /** Follows the whole journal anew, for everybody who asks meanwhile. */
  verify(): Promise<JournalVerification> {
    this.#verifying ??= this.#journal.verify().finally(() => {
      this.#verifying = undefined;
    });
    return this.#verifying;
  }

  /** Reads what is new; calls one after the other see everything that was there when they were made. */
  catchUp(): Promise<void> {
    const next = this.#reading.then(() => this.#readOn());
    // a failure is its caller's, and no reason for the next one not to try
    this.#reading = next.catch(() => undefined);
    return next;
  }

  /** Appends decisions to what this log knows. Whatever is not `appended` changed nothing. */
  async append(events: readonly ReviewEvent[], at: number, fence: number): Promise<AppendResult> {
    const expectedSeq = this.#state.seq;
    const result = await this.#journal.append(events.map((event) => ({ at, content: writeEvent(event) })), { expectedSeq, expectedDigest: this.#end.digest, fence });
    if (result.kind === 'appended') await this.catchUp();
    return result;
  }

  /** Entries as they are in the journal, for people. */
  read(afterSeq: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.#journal.read(afterSeq, limit);
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const reading = await this.#journal.readOn(this.#end, PAGE);
      // whatever somebody else put there is no decision
      if (reading.kind === 'broken') throw new StoreError('unreadable', `its journal is not what was written: ${reading.why}`);
      const page = reading.entries;
      if (page.length === 0) return;
      const entries = page.map(reviewEntry);
      this.#end = reading.end;
      this.#state = entries.length === 1 && entries[0] !== undefined ? foldReview(this.#state, entries[0]) : replayReview(entries, this.#state);
      this.#onEntries(entries, this.#state);
      if (page.length < PAGE) return;
    }
  }
}

/** The decision a journal entry holds. */
export function reviewEntry({ seq, at, content }: JournalEntry): ReviewEntry {
  const reading = readEvent(content);
  if (reading.kind !== 'read') throw new Error(`read journal entry ${String(seq)}: ${reading.why}`);
  return { seq, at, event: reading.value };
}
