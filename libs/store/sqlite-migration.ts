import type { DatabaseSync } from 'node:sqlite';

import { StoreError } from './store-error.ts';

/** What leads from one version of a schema to the next. Never changed once released: a new one is added. */
export type Migration = string;

/** `RFS1`: says that a file is one of ours. */
const APPLICATION_ID = 0x52465331;

/**
 * Brings a database to the newest schema, one version after the other, each in full or not at all.
 * A file somebody else made, or a newer release, is left as it is and refused.
 */
export function migrate(database: DatabaseSync, path: string, migrations: readonly Migration[]): void {
  const found = readVersion(database);
  if (found.application !== APPLICATION_ID && (found.application !== 0 || found.version !== 0 || found.tables > 0)) {
    throw new StoreError('unreadable', `open ${path}: it is a database of something else`);
  }
  checkNotNewer(found.version, path, migrations.length);
  for (let version = found.version; version < migrations.length; version += 1) {
    database.exec('BEGIN IMMEDIATE');
    try {
      // another process may have done it while this one waited
      if (readVersion(database).version === version) {
        database.exec(migrations[version] ?? '');
        database.exec(`PRAGMA user_version = ${String(version + 1)}; PRAGMA application_id = ${String(APPLICATION_ID)}`);
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
  checkNotNewer(readVersion(database).version, path, migrations.length);
}

function checkNotNewer(version: number, path: string, known: number): void {
  if (version > known) throw new StoreError('too-new', `open ${path}: a newer release wrote it (schema ${String(version)}, this one knows ${String(known)})`);
}

function readVersion(database: DatabaseSync): { readonly version: number; readonly application: number; readonly tables: number } {
  const number = (sql: string, column: string): number => Number(database.prepare(sql).get()?.[column] ?? 0);
  return { version: number('PRAGMA user_version', 'user_version'), application: number('PRAGMA application_id', 'application_id'), tables: number('SELECT count(*) AS tables FROM sqlite_schema', 'tables') };
}
