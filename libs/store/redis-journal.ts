import type { CallGate } from './call-gate.ts';
import { ChainCheck, type JournalKey, NO_DIGEST, openSealed, seal, type SealedEntry } from './chain.ts';
import type { AppendCondition, AppendResult, ChainEnd, ChainReading, Journal, JournalEntry, JournalRecord, JournalVerification } from './journal.ts';
import { checkFence } from './limits.ts';
import type { RedisConnection } from './redis-connection.ts';
import { APPEND } from './redis-scripts.ts';
import { StoreError } from './store-error.ts';

const VERIFIED_AT_ONCE = 500;

/** The journal in a stream whose ids are the sequence numbers; `head` says where it ends. */
export class RedisJournal implements Journal {
  readonly #connection: RedisConnection;
  readonly #gate: CallGate;
  readonly #key: JournalKey;
  readonly #listeners = new Set<() => void>();
  #stopListening: (() => void) | undefined;
  #known: ChainEnd | undefined;

  constructor(connection: RedisConnection, gate: CallGate, key: JournalKey) {
    this.#connection = connection;
    this.#gate = gate;
    this.#key = key;
  }

  async append(records: readonly JournalRecord[], { expectedSeq, expectedDigest, fence }: AppendCondition): Promise<AppendResult> {
    checkFence(fence);
    this.#gate.check();
    // whoever knows the end it read writes on that one, and the server says where it is another
    const known = expectedDigest === undefined ? this.#known : { seq: expectedSeq, digest: expectedDigest };
    const end = known?.seq === expectedSeq ? known : await this.#endAt(expectedSeq);
    const sealed = seal(end, records, this.#key);
    const entries = sealed.flatMap(({ at, digest, text }) => [at, digest, text]);
    const [kind, said] = await this.#connection.replicated(APPEND, ['head', 'journal'], [expectedSeq, end.digest, fence ?? '', this.#channel, ...entries]);
    switch (kind) {
      case 'appended': {
        const { seq, digest } = sealed.at(-1) ?? end;
        this.#known = { seq, digest };
        return { kind, entries: sealed.map(openSealed) };
      }
      case 'conflict':
        return { kind, lastSeq: Number(said) };
      case 'fenced':
        return { kind, fence: Number(said) };
      default:
        // the end that was known is not the end that is there: somebody changed it behind our back
        this.#known = undefined;
        throw new StoreError('unreadable', `append to ${this.#connection.place}: the journal does not end as it says`);
    }
  }

  async read(afterSeq: number, limit: number): Promise<readonly JournalEntry[]> {
    return (await this.#sealed(afterSeq, limit)).map(openSealed);
  }

  async readOn(after: ChainEnd, limit: number): Promise<ChainReading> {
    return new ChainCheck(this.#key, after).reading(await this.#sealed(after.seq, limit));
  }

  async lastSeq(): Promise<number> {
    return (await this.#end()).seq;
  }

  async verify(): Promise<JournalVerification> {
    const end = await this.#end();
    const check = new ChainCheck(this.#key);
    for (let seq = 0; seq < end.seq; ) {
      const entries = await this.#sealed(seq, Math.min(VERIFIED_AT_ONCE, end.seq - seq));
      if (entries.length === 0 || !entries.every((entry) => check.accept(entry))) break;
      seq = entries.at(-1)?.seq ?? seq;
    }
    return check.finish(end);
  }

  subscribe(onAppended: () => void): () => void {
    this.#gate.check();
    const listener = (): void => {
      if (!this.#gate.isClosed) onAppended();
    };
    this.#listeners.add(listener);
    this.#stopListening ??= this.#connection.listen(this.#channel, () => {
      for (const each of this.#listeners) each();
    });
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stopListening?.();
      this.#stopListening = undefined;
    };
  }

  get #channel(): string {
    return this.#connection.key('appended');
  }

  async #end(): Promise<ChainEnd> {
    const [seq, digest] = await this.#connection.ask((redis) => redis.hmget(this.#connection.key('head'), 'seq', 'digest'));
    return { seq: Number(seq ?? 0), digest: digest ?? NO_DIGEST };
  }

  /** The end a writer expects, which an append of its own that was not answered may have left behind already. */
  async #endAt(expectedSeq: number): Promise<ChainEnd> {
    const end = await this.#end();
    if (expectedSeq >= end.seq) return end;
    if (expectedSeq < 1) return { seq: 0, digest: NO_DIGEST };
    return (await this.#sealed(expectedSeq - 1, 1))[0] ?? { seq: expectedSeq, digest: NO_DIGEST };
  }

  async #sealed(afterSeq: number, limit: number): Promise<readonly SealedEntry[]> {
    const found = limit < 1 ? [] : await this.#connection.ask((redis) => redis.xrange(this.#connection.key('journal'), `${String(afterSeq + 1)}-0`, '+', 'COUNT', limit));
    return found.map(([id, fields]) => {
      const [at, digest, text] = [fields[1], fields[3], fields[5]];
      if (at === undefined || digest === undefined || text === undefined) throw new StoreError('unreadable', `read from ${this.#connection.place}: entry ${id} is none`);
      return { seq: Number(id.split('-')[0]), at: Number(at), digest, text };
    });
  }
}
