import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { openSqliteStore, type Store } from '#store';

// The files of version 1, written out as that release wrote them: never to be changed.
const DECISIONS_1 = `
  CREATE TABLE journal (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, content TEXT NOT NULL, digest TEXT NOT NULL) STRICT;
  CREATE TABLE documents (name TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT) STRICT, WITHOUT ROWID;
  INSERT INTO documents VALUES ('ca/root', 3, '{"pem":"-"}'), ('gone', 2, NULL);
  PRAGMA user_version = 1; PRAGMA application_id = 1380340529;`;
const EVIDENCE_1 = `
  CREATE TABLE evidence (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO evidence VALUES ('web > db', '{"n":4}');
  PRAGMA user_version = 1; PRAGMA application_id = 1380340529;`;
const ENTRIES_1 = ['{"format":1,"kind":"mode-set"}', '{"format":1,"kind":"edits-discarded"}'];

function writeVersion1(folder: string): void {
  const decisions = new DatabaseSync(join(folder, 'decisions.db'));
  decisions.exec(DECISIONS_1);
  let digest = '0'.repeat(64);
  ENTRIES_1.forEach((text, index) => {
    digest = createHash('sha256').update(`${digest}\n${String(index + 1)}\n1700000000000\n${text}`).digest('hex');
    decisions.prepare('INSERT INTO journal VALUES (?, ?, ?, ?)').run(index + 1, 1_700_000_000_000, text, digest);
  });
  decisions.close();
  const evidence = new DatabaseSync(join(folder, 'evidence.db'));
  evidence.exec(EVIDENCE_1);
  evidence.close();
}

function versionOf(folder: string): unknown {
  const database = new DatabaseSync(join(folder, 'decisions.db'));
  const row = database.prepare('PRAGMA user_version').get();
  database.close();
  return row?.['user_version'];
}

describe('a SQLite store of the first release', () => {
  it('is brought to the current schema with all that is in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-store-'));
    try {
      writeVersion1(folder);
      expect(versionOf(folder)).toBe(1);
      const store: Store = openSqliteStore({ folder });
      expect(versionOf(folder)).toBe(3);
      expect(await store.journal.verify()).toMatchObject({ kind: 'whole', entries: 2 });
      expect((await store.journal.read(0, 10)).map(({ content }) => JSON.stringify(content))).toEqual(ENTRIES_1);
      expect(await store.documents.list('')).toEqual([{ name: 'ca/root', version: 3, value: { pem: '-' } }]);
      expect(await store.documents.put('gone', 1)).toEqual({ kind: 'written', version: 3 });
      const found: unknown[] = [];
      for await (const row of store.evidence.all()) found.push(row);
      expect(found).toEqual([{ key: 'web > db', value: { n: 4 } }]);
      expect(await store.leases.acquire('leader', 'a', 1_000)).toEqual({ kind: 'held', fence: 1 });
      expect(await store.journal.append([{ at: 1, content: 'next' }], { expectedSeq: 2, fence: 1 })).toMatchObject({ kind: 'appended' });
      await store.close();
      const again = openSqliteStore({ folder });
      expect(await again.journal.verify()).toMatchObject({ kind: 'whole', entries: 3 });
      await again.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
