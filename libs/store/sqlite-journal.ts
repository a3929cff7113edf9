import { setImmediate } from 'node:timers/promises';

import type { CallGate } from './call-gate.ts';
import { ChainCheck, checkEnd, type JournalKey, NO_DIGEST, openSealed, seal, type SealedEntry } from './chain.ts';
import type { AppendCondition, AppendResult, ChainEnd, ChainReading, Journal, JournalEntry, JournalRecord, JournalVerification } from './journal.ts';
import { numberAt, type Row, type SqliteDatabase, textAt } from './sqlite-database.ts';
import { fenceRefusal } from './sqlite-fence.ts';

/** How soon it is noticed that another process has appended. */
const LOOK_AGAIN_MS = 250;
const VERIFIED_AT_ONCE = 500;

/** The journal in a table whose rows cannot be changed. */
export class SqliteJournal implements Journal {
  readonly #database: SqliteDatabase;
  readonly #gate: CallGate;
  readonly #key: JournalKey;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #told = 0;
  #dataVersion = 0;

  constructor(database: SqliteDatabase, gate: CallGate, key: JournalKey) {
    this.#database = database;
    this.#gate = gate;
    this.#key = key;
  }

  append(records: readonly JournalRecord[], { expectedSeq, expectedDigest, fence }: AppendCondition): Promise<AppendResult> {
    return this.#gate.run(() => {
      const result = this.#database.transaction('append to', (): AppendResult => {
        const end = this.#end();
        const sealed = seal(end, records, this.#key);
        const refusal = fenceRefusal(this.#database, fence);
        if (refusal !== undefined) return refusal;
        if (end.seq !== expectedSeq) return { kind: 'conflict', lastSeq: end.seq };
        checkEnd(end, expectedDigest, `append to ${this.#database.path}`);
        for (const { seq, at, text, digest } of sealed) this.#database.run('INSERT INTO journal (seq, at, content, digest) VALUES (?, ?, ?, ?)', seq, at, text, digest);
        return { kind: 'appended', entries: sealed.map(openSealed) };
      });
      if (result.kind === 'appended' && result.entries.length > 0) queueMicrotask(() => {
        this.#tell();
      });
      return result;
    });
  }

  read(afterSeq: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.#gate.run(() => this.#sealed(afterSeq, limit).map(openSealed));
  }

  readOn(after: ChainEnd, limit: number): Promise<ChainReading> {
    return this.#gate.run(() => new ChainCheck(this.#key, after).reading(this.#sealed(after.seq, limit)));
  }

  lastSeq(): Promise<number> {
    return this.#gate.run(() => this.#end().seq);
  }

  async verify(): Promise<JournalVerification> {
    const end = await this.#gate.run(() => this.#end());
    const check = new ChainCheck(this.#key);
    for (let seq = 0; seq < end.seq; ) {
      const entries = await this.#gate.run(() => this.#sealed(seq, Math.min(VERIFIED_AT_ONCE, end.seq - seq)));
      if (entries.length === 0 || !entries.every((entry) => check.accept(entry))) break;
      seq = entries.at(-1)?.seq ?? seq;
      await setImmediate();
    }
    return check.finish(end);
  }

  subscribe(onAppended: () => void): () => void {
    this.#gate.check();
    if (this.#listeners.size === 0) {
      this.#told = this.#end().seq;
      this.#dataVersion = this.#database.dataVersion();
      this.#timer = setInterval(() => {
        this.#look();
      }, LOOK_AGAIN_MS).unref();
    }
    const listener = (): void => {
      onAppended();
    };
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearInterval(this.#timer);
    };
  }

  close(): void {
    this.#listeners.clear();
    clearInterval(this.#timer);
  }

  #look(): void {
    const version = this.#database.dataVersion();
    if (version === this.#dataVersion) return;
    this.#dataVersion = version;
    this.#tell();
  }

  #tell(): void {
    if (this.#gate.isClosed || this.#listeners.size === 0) return;
    const { seq } = this.#end();
    if (seq === this.#told) return;
    this.#told = seq;
    for (const listener of this.#listeners) listener();
  }

  #end(): ChainEnd {
    const row = this.#database.row('SELECT seq, digest FROM journal ORDER BY seq DESC LIMIT 1');
    return row === undefined ? { seq: 0, digest: NO_DIGEST } : { seq: numberAt(row, 'seq'), digest: textAt(row, 'digest') };
  }

  #sealed(afterSeq: number, limit: number): readonly SealedEntry[] {
    return this.#database.rows('SELECT seq, at, content, digest FROM journal WHERE seq > ? ORDER BY seq LIMIT ?', afterSeq, limit).map(sealedOf);
  }
}

function sealedOf(row: Row): SealedEntry {
  return { seq: numberAt(row, 'seq'), at: numberAt(row, 'at'), text: textAt(row, 'content'), digest: textAt(row, 'digest') };
}
