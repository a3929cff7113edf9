import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { openSqliteStore } from '#store';

import { storeContract } from '../../test/contract/store-contract.ts';

/** Whoever may write the file may do anything to it. */
function withFile(folder: string, use: (database: DatabaseSync) => void, file = 'decisions.db'): void {
  const database = new DatabaseSync(join(folder, file));
  try {
    use(database);
  } finally {
    database.close();
  }
}

function inFolder<T>(use: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-store-'));
  return Promise.resolve(use(folder)).finally(() => {
    rmSync(folder, { recursive: true });
  });
}

storeContract('in SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-store-'));
  let now = 1_700_000_000_000;
  return Promise.resolve({
    open: (journalKey) => Promise.resolve(openSqliteStore({ folder, now: () => now, ...(journalKey === undefined ? {} : { journalKey }) })),
    tamper: ({ seq, content }) => {
      withFile(folder, (database) => {
        database.exec('DROP TRIGGER journal_stays');
        database.prepare('UPDATE journal SET content = ? WHERE seq = ?').run(content, seq);
      });
      return Promise.resolve();
    },
    cut: () => {
      withFile(folder, (database) => {
        database.exec('DROP TRIGGER journal_keeps');
        database.exec('DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)');
      });
      return Promise.resolve();
    },
    passMs: (ms) => {
      now += ms;
      return Promise.resolve();
    },
    close: () => {
      rmSync(folder, { recursive: true });
      return Promise.resolve();
    },
  });
});

describe('a SQLite store', () => {
  it('makes files for its owner alone, whatever the umask', async () => {
    await inFolder(async (folder) => {
      const before = process.umask(0);
      try {
        const store = openSqliteStore({ folder: join(folder, 'state') });
        await store.journal.append([{ at: 1, content: 'a' }], { expectedSeq: 0 });
        await store.evidence.put([{ key: 'a', value: 1 }]);
        const modes = ['', 'decisions.db', 'decisions.db-wal', 'decisions.db-shm', 'evidence.db', 'evidence.db-wal'].map((file) => (statSync(join(folder, 'state', file)).mode & 0o777).toString(8));
        expect(modes).toEqual(['700', '600', '600', '600', '600', '600']);
        await store.close();
      } finally {
        process.umask(before);
      }
    });
  });

  it('syncs what was decided at every commit', async () => {
    await inFolder(async (folder) => {
      const store = openSqliteStore({ folder });
      expect(await store.weaknesses()).toEqual([]);
      await store.close();
      withFile(folder, (database) => {
        expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
      });
    });
  });

  it('does not let anybody change or take away an entry by mistake', async () => {
    await inFolder(async (folder) => {
      const store = openSqliteStore({ folder });
      await store.journal.append([{ at: 1, content: 'a' }], { expectedSeq: 0 });
      withFile(folder, (database) => {
        expect(() => {
          database.exec('DELETE FROM journal');
        }).toThrow('the journal is append-only');
        expect(() => {
          database.exec("UPDATE journal SET content = '1'");
        }).toThrow('the journal is append-only');
      });
      await store.close();
    });
  });

  it('says busy, and not half of it, where another process writes for too long', async () => {
    await inFolder(async (folder) => {
      const store = openSqliteStore({ folder, busyMs: 20 });
      const blocker = new DatabaseSync(join(folder, 'decisions.db'));
      blocker.exec('BEGIN IMMEDIATE');
      await expect(store.journal.append([{ at: 1, content: 'a' }], { expectedSeq: 0 })).rejects.toMatchObject({ code: 'busy', message: `append to ${join(folder, 'decisions.db')}: another process holds it` });
      expect(await store.journal.lastSeq()).toBe(0);
      blocker.exec('ROLLBACK');
      blocker.close();
      expect((await store.journal.append([{ at: 1, content: 'a' }], { expectedSeq: 0 })).kind).toBe('appended');
      await store.close();
    });
  });

  it.each<[string, (folder: string) => void, string, RegExp]>([
    ['a file that is no database', (folder) => {
      writeFileSync(join(folder, 'decisions.db'), 'not a database, but long enough to be taken for one '.repeat(50));
    }, 'unreadable', /decisions\.db: it is damaged, or no database at all$/],
    ['a database of something else', (folder) => {
      withFile(folder, (database) => {
        database.exec('CREATE TABLE theirs (a)');
      });
    }, 'unreadable', /decisions\.db: it is a database of something else$/],
    ['a store of a newer release', (folder) => {
      void openSqliteStore({ folder }).close();
      withFile(folder, (database) => {
        database.exec('PRAGMA user_version = 99');
      });
    }, 'too-new', /decisions\.db: a newer release wrote it \(schema 99, this one knows 3\)$/],
    ['evidence of a newer release', (folder) => {
      void openSqliteStore({ folder }).close();
      withFile(folder, (database) => {
        database.exec('PRAGMA user_version = 99');
      }, 'evidence.db');
    }, 'too-new', /evidence\.db: a newer release wrote it \(schema 99, this one knows 2\)$/],
  ])('refuses %s and leaves it as it is', async (_what, prepare, code, message) => {
    await inFolder((folder) => {
      prepare(folder);
      expect(() => openSqliteStore({ folder })).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) as unknown }));
      expect(() => openSqliteStore({ folder })).toThrow(expect.objectContaining({ code }));
    });
  });
});
