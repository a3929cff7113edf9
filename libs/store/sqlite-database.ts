import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

import { makeOwnFile } from './own-file.ts';
import { type Migration, migrate } from './sqlite-migration.ts';
import { messageOf, StoreError, type StoreErrorCode } from './store-error.ts';

export interface DatabaseOptions {
  readonly path: string;
  /** `full`: what is committed survives a loss of power. `normal`: the last commits may not. */
  readonly durability: 'full' | 'normal';
  readonly migrations: readonly Migration[];
  /** How long another process that writes is waited for, while this one stands still. */
  readonly busyMs: number;
}

/** Another process may be recovering the file, or bringing it to the current schema. */
const OPENING_MS = 5_000;

export type Row = Readonly<Record<string, unknown>>;

/** One SQLite file that only its owner may read: opened, brought to the current schema, with errors in our words. */
export class SqliteDatabase {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor({ path, durability, migrations, busyMs }: DatabaseOptions) {
    this.path = path;
    makeOwnFile(path);
    this.#database = this.#doing('open', () => new DatabaseSync(path, { timeout: OPENING_MS, allowExtension: false, enableDoubleQuotedStringLiterals: false }));
    try {
      this.#doing('open', () => {
        this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON`);
        migrate(this.#database, path, migrations);
        this.#database.exec(`PRAGMA busy_timeout = ${String(busyMs)}`);
      });
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** All of it or nothing; nobody else writes meanwhile. */
  transaction<T>(doing: string, work: () => T): T {
    return this.#doing(doing, () => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        // a full disk may have ended the transaction already
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  run(sql: string, ...values: readonly SQLInputValue[]): void {
    this.#doing('write', () => this.#statement(sql).run(...values));
  }

  row(sql: string, ...values: readonly SQLInputValue[]): Row | undefined {
    return this.#doing('read', () => this.#statement(sql).get(...values));
  }

  rows(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return this.#doing('read', () => this.#statement(sql).all(...values));
  }

  /** Grows whenever another connection has written. */
  dataVersion(): number {
    return numberAt(this.row('PRAGMA data_version'), 'data_version');
  }

  close(): void {
    this.#statements.clear();
    if (this.#database.isOpen) this.#database.close();
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #doing<T>(doing: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof StoreError) throw error;
      const code = codeOf(error);
      if (code === undefined) throw error;
      throw new StoreError(code, `${doing} ${this.path}: ${WORDS[code] ?? messageOf(error)}`, { cause: error });
    }
  }
}

const WORDS: Partial<Record<StoreErrorCode, string>> = {
  busy: 'another process holds it',
  full: 'there is no room left on the disk, nothing was written',
  unreadable: 'it is damaged, or no database at all',
};

// Primary result codes of SQLite.
function codeOf(error: unknown): StoreErrorCode | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  switch (error.errcode & 0xff) {
    case 5:
    case 6:
      return 'busy';
    case 13:
      return 'full';
    case 11:
    case 26:
      return 'unreadable';
    default:
      return 'failed';
  }
}

export function numberAt(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new StoreError('unreadable', `read ${column}: it is no number`);
  return value;
}

export function textAt(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new StoreError('unreadable', `read ${column}: it is no text`);
  return value;
}
