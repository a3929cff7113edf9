import { compareText, type Json } from '#model';

import type { CallGate } from './call-gate.ts';
import { jsonText } from './chain.ts';
import type { DocumentCondition, DocumentResult, DocumentStore, StoredDocument } from './document-store.ts';
import { checkName, LARGEST_DOCUMENT_BYTES } from './limits.ts';
import { numberAt, type Row, type SqliteDatabase, textAt } from './sqlite-database.ts';
import { fenceRefusal } from './sqlite-fence.ts';

/** Documents; a removed one leaves its version behind, so that it never comes again. */
export class SqliteDocuments implements DocumentStore {
  readonly #database: SqliteDatabase;
  readonly #gate: CallGate;

  constructor(database: SqliteDatabase, gate: CallGate) {
    this.#database = database;
    this.#gate = gate;
  }

  get(name: string): Promise<StoredDocument | undefined> {
    return this.#gate.run(() => {
      const row = this.#database.row('SELECT name, version, value FROM documents WHERE name = ? AND value IS NOT NULL', name);
      return row === undefined ? undefined : documentOf(row);
    });
  }

  put(name: string, value: Json, condition: DocumentCondition = {}): Promise<DocumentResult> {
    return this.#gate.run(() => {
      checkName(name, 'put a document');
      return this.#write(name, jsonText(value, `put document ${name}`, LARGEST_DOCUMENT_BYTES), condition);
    });
  }

  remove(name: string, condition: DocumentCondition = {}): Promise<DocumentResult> {
    return this.#gate.run(() => {
      checkName(name, 'remove a document');
      return this.#write(name, null, condition);
    });
  }

  list(prefix: string): Promise<readonly StoredDocument[]> {
    return this.#gate.run(() => this.#database.rows('SELECT name, version, value FROM documents WHERE substr(name, 1, length(?1)) = ?1 AND value IS NOT NULL', prefix).map(documentOf).sort((a, b) => compareText(a.name, b.name)));
  }

  #write(name: string, text: string | null, { expectedVersion, fence }: DocumentCondition): DocumentResult {
    return this.#database.transaction('write a document to', (): DocumentResult => {
      const refusal = fenceRefusal(this.#database, fence);
      if (refusal !== undefined) return refusal;
      const row = this.#database.row('SELECT version, value FROM documents WHERE name = ?', name);
      const last = row === undefined ? 0 : numberAt(row, 'version');
      const current = typeof row?.['value'] === 'string' ? last : 0;
      if (expectedVersion !== undefined && expectedVersion !== current) return { kind: 'conflict', version: current };
      this.#database.run('INSERT INTO documents (name, version, value) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version, value = excluded.value', name, last + 1, text);
      return { kind: 'written', version: last + 1 };
    });
  }
}

function documentOf(row: Row): StoredDocument {
  return { name: textAt(row, 'name'), version: numberAt(row, 'version'), value: JSON.parse(textAt(row, 'value')) as Json };
}
