import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

import type { Diagnostic, Json } from '#model';

import { CallGate } from './call-gate.ts';
import { type JournalKey, jsonText } from './chain.ts';
import type { DocumentStore } from './document-store.ts';
import type { EvidenceChange, EvidenceRow, EvidenceStore, PutResult } from './evidence-store.ts';
import type { Journal } from './journal.ts';
import { type FolderHold, holdFolder } from './folder-hold.ts';
import type { LeaseStore } from './lease-store.ts';
import { checkName, LARGEST_ROW_BYTES } from './limits.ts';
import { LocalLeases } from './local-leases.ts';
import { SqliteDatabase, textAt } from './sqlite-database.ts';
import { SqliteDocuments } from './sqlite-documents.ts';
import { fenceRefusal, knownFence } from './sqlite-fence.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import { SqliteLeases } from './sqlite-leases.ts';
import { DECISIONS_SCHEMA, EVIDENCE_SCHEMA } from './sqlite-schema.ts';
import type { Store } from './store.ts';

export interface SqliteStoreOptions {
  /** Made where it is missing; the files in it are for their owner alone. */
  readonly folder: string;
  /**
   * Nobody else may have the folder open with this, and whoever had is known to be gone: their leases
   * need not run out. Another process that has it is an error of code `in-use`.
   */
  readonly isAlone?: boolean;
  /** What the journal is sealed with. */
  readonly journalKey?: Uint8Array;
  /** Milliseconds since 1970, for leases. */
  readonly now?: () => number;
  /** How long another process that writes is waited for, while this one stands still. */
  readonly busyMs?: number;
}

const BUSY_MS = 150;
const ROWS_AT_ONCE = 1_000;

/** Opens, or makes, the store in a folder: `decisions.db`, synced at every commit, and `evidence.db`. */
export function openSqliteStore({ folder, isAlone = false, journalKey, now = Date.now, busyMs = BUSY_MS }: SqliteStoreOptions): Store {
  const hold = isAlone ? holdFolder(folder) : undefined;
  try {
    return openFiles({ folder, now, busyMs }, hold, journalKey);
  } catch (error) {
    hold?.release();
    throw error;
  }
}

function openFiles({ folder, now, busyMs }: Required<Pick<SqliteStoreOptions, 'folder' | 'now' | 'busyMs'>>, hold: FolderHold | undefined, journalKey: JournalKey): Store {
  const decisions = new SqliteDatabase({ path: join(folder, 'decisions.db'), durability: 'full', migrations: DECISIONS_SCHEMA, busyMs });
  try {
    const evidence = new SqliteDatabase({ path: join(folder, 'evidence.db'), durability: 'normal', migrations: EVIDENCE_SCHEMA, busyMs });
    const leases = new SqliteLeases(decisions);
    if (hold !== undefined) leases.endAll();
    return new SqliteStore({ decisions, evidence, leases, hold, journalKey }, now);
  } catch (error) {
    decisions.close();
    throw error;
  }
}

interface SqliteParts {
  readonly decisions: SqliteDatabase;
  readonly evidence: SqliteDatabase;
  readonly leases: SqliteLeases;
  readonly hold: FolderHold | undefined;
  readonly journalKey: JournalKey;
}

class SqliteStore implements Store {
  readonly kind = 'sqlite';
  readonly journal: Journal;
  readonly evidence: EvidenceStore;
  readonly documents: DocumentStore;
  readonly leases: LeaseStore;
  readonly #gate = new CallGate();
  readonly #decisions: SqliteDatabase;
  readonly #evidence: SqliteDatabase;
  readonly #journal: SqliteJournal;
  readonly #hold: FolderHold | undefined;

  constructor({ decisions, evidence, leases, hold, journalKey }: SqliteParts, now: () => number) {
    this.#hold = hold;
    this.#decisions = decisions;
    this.#evidence = evidence;
    this.#journal = new SqliteJournal(decisions, this.#gate, journalKey);
    this.journal = this.#journal;
    this.evidence = new SqliteEvidence(evidence, this.#gate);
    this.documents = new SqliteDocuments(decisions, this.#gate);
    this.leases = new LocalLeases(leases, this.#gate, now);
  }

  // Evidence first: where it ends in between, an old leader may still decide, and be told so by the next one's append.
  raiseFence(fence: number): Promise<boolean> {
    return this.#gate.run(() => [this.#evidence, this.#decisions].map((database) => database.transaction('raise the fence of', () => fenceRefusal(database, fence) === undefined)).every((isRaised) => isRaised));
  }

  knownFence(): Promise<number> {
    return this.#gate.run(() => knownFence(this.#decisions));
  }

  weaknesses(): Promise<readonly Diagnostic[]> {
    return this.#gate.run(() => []);
  }

  close(): Promise<void> {
    if (this.#gate.close()) {
      this.#journal.close();
      this.#decisions.close();
      this.#evidence.close();
      this.#hold?.release();
    }
    return Promise.resolve();
  }
}

class SqliteEvidence implements EvidenceStore {
  readonly #database: SqliteDatabase;
  readonly #gate: CallGate;

  constructor(database: SqliteDatabase, gate: CallGate) {
    this.#database = database;
    this.#gate = gate;
  }

  put(changes: readonly EvidenceChange[], { fence }: { readonly fence?: number } = {}): Promise<PutResult> {
    return this.#gate.run(() =>
      this.#database.transaction('put evidence into', (): PutResult => {
        const refusal = fenceRefusal(this.#database, fence);
        if (refusal !== undefined) return refusal;
        for (const { key, value } of changes) {
          checkName(key, 'put evidence');
          if (value === undefined) this.#database.run('DELETE FROM evidence WHERE key = ?', key);
          else this.#database.run('INSERT INTO evidence (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value', key, jsonText(value, `put evidence ${key}`, LARGEST_ROW_BYTES));
        }
        return { kind: 'written' };
      }),
    );
  }

  async *all(): AsyncIterable<EvidenceRow> {
    for (let last = ''; ; ) {
      const from = last;
      const rows = await this.#gate.run(() => this.#database.rows('SELECT key, value FROM evidence WHERE key > ? ORDER BY key LIMIT ?', from, ROWS_AT_ONCE));
      for (const row of rows) yield { key: textAt(row, 'key'), value: JSON.parse(textAt(row, 'value')) as Json };
      const end = rows.at(-1);
      if (end === undefined || rows.length < ROWS_AT_ONCE) return;
      last = textAt(end, 'key');
      await setImmediate();
    }
  }
}
