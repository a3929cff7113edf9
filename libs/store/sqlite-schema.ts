import type { Migration } from './sqlite-migration.ts';

/** Of the file that survives everything: what was decided, documents, who leads. */
export const DECISIONS_SCHEMA: readonly Migration[] = [
  // 1: one controller
  `CREATE TABLE journal (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, content TEXT NOT NULL, digest TEXT NOT NULL) STRICT;
   CREATE TABLE documents (name TEXT PRIMARY KEY, version INTEGER NOT NULL, value TEXT) STRICT, WITHOUT ROWID;`,
  // 2: several, one of which leads. Triggers: an entry that was written stays as it is, whatever else goes wrong.
  `CREATE TABLE fences (one INTEGER PRIMARY KEY CHECK (one = 1), fence INTEGER NOT NULL) STRICT;
   INSERT INTO fences VALUES (1, 0);
   CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, fence INTEGER NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TRIGGER journal_stays BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
   CREATE TRIGGER journal_keeps BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;`,
  // 3: entries may be sealed with a key, which releases before could not read
  `SELECT 1;`,
];

/** Of the file whose last rows a loss of power may cost. */
export const EVIDENCE_SCHEMA: readonly Migration[] = [
  `CREATE TABLE evidence (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;`,
  `CREATE TABLE fences (one INTEGER PRIMARY KEY CHECK (one = 1), fence INTEGER NOT NULL) STRICT;
   INSERT INTO fences VALUES (1, 0);`,
];
