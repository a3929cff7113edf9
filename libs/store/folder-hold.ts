import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { makeOwnFile } from './own-file.ts';
import { messageOf, StoreError } from './store-error.ts';

/** A folder that is this process's alone until it lets go of it, or ends. */
export interface FolderHold {
  release(): void;
}

/** Another process may be writing down who it is. */
const PATIENCE_MS = 500;
const FILE = 'holder.db';

/**
 * Takes a folder for this process alone; a `StoreError` of code `in-use` says who has it.
 *
 * It is a lock of the operating system on a file in there, so it ends with its process however that
 * ends: whoever gets it knows that those who had it before are gone. Processes in other containers
 * count where they see the same files. A process that is merely stopped keeps it.
 */
export function holdFolder(folder: string): FolderHold {
  const path = join(folder, FILE);
  makeOwnFile(path);
  const before = fileAt(path);
  const database = doing(path, () => new DatabaseSync(path, { timeout: PATIENCE_MS, allowExtension: false }));
  try {
    doing(path, () => {
      database.exec('BEGIN IMMEDIATE');
      database.exec('CREATE TABLE IF NOT EXISTS holder (one INTEGER PRIMARY KEY CHECK (one = 1), process INTEGER NOT NULL, host TEXT NOT NULL) STRICT');
      database.prepare('INSERT INTO holder VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET process = excluded.process, host = excluded.host').run(process.pid, hostname());
      // only what is committed can be read by others; who comes in between has it, and this one has not
      database.exec('COMMIT');
      database.exec('BEGIN IMMEDIATE');
    });
    // somebody began the folder afresh meanwhile: what is locked is a file nobody will find
    if (fileAt(path) !== before) throw new StoreError('in-use', `open ${folder}: another process is beginning it afresh`);
  } catch (error) {
    const who = error instanceof StoreError && error.code === 'busy' ? holderOf(database) : undefined;
    database.close();
    if (who === undefined) throw error;
    throw new StoreError('in-use', `open ${folder}: ${who} uses it, and it is for one process at a time`, { cause: error });
  }
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}

/** Whoever has the lock lets others read. */
function holderOf(database: DatabaseSync): string {
  try {
    const row = database.prepare('SELECT process, host FROM holder').get();
    if (row !== undefined) return `process ${String(row['process'])} of ${String(row['host'])}`;
  } catch {
    // it has not written down who it is
  }
  return 'another process';
}

function fileAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

const BUSY = [5, 6];

function doing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    throw new StoreError(BUSY.includes(code) ? 'busy' : 'failed', `open ${path}: ${messageOf(error)}`, { cause: error });
  }
}
