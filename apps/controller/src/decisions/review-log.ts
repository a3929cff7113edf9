import { foldReview, NOTHING_DECIDED, readEvent, replayReview, type ReviewEntry, type ReviewEvent, type ReviewState, writeEvent } from '#review';
import type { AppendResult, Journal, JournalEntry } from '#store';

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
  #reading: Promise<void> = Promise.resolve();

  constructor(journal: Journal, onEntries: (entries: readonly ReviewEntry[], state: ReviewState) => void) {
    this.#journal = journal;
    this.#onEntries = onEntries;
  }

  get state(): ReviewState {
    return this.#state;
  }

  /**
   * Reads everything there is. A journal that is not what was once written is not followed: then
   * nothing starts, and the nodes go on with what they have.
   */
  async begin(): Promise<void> {
    const verified = await this.#journal.verify();
    if (verified.kind === 'broken') throw new Error(`read the journal: ${verified.why}`);
    await this.catchUp();
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
    const result = await this.#journal.append(events.map((event) => ({ at, content: writeEvent(event) })), { expectedSeq, fence });
    if (result.kind === 'appended') await this.catchUp();
    return result;
  }

  /** Entries as they are in the journal, for people. */
  read(afterSeq: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.#journal.read(afterSeq, limit);
  }

  async #readOn(): Promise<void> {
    for (;;) {
      const page = await this.#journal.read(this.#state.seq, PAGE);
      if (page.length === 0) return;
      const entries = page.map(reviewEntry);
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
