import { compareText, type Diagnostic, type Json } from '#model';

import { CallGate } from './call-gate.ts';
import { type JournalKey, jsonText } from './chain.ts';
import type { DocumentCondition, DocumentResult, DocumentStore, StoredDocument } from './document-store.ts';
import type { EvidenceChange, EvidenceRow, EvidenceStore, PutResult } from './evidence-store.ts';
import type { Journal } from './journal.ts';
import type { LeaseResult, LeaseStore } from './lease-store.ts';
import { checkFence, checkName, checkTtl, LARGEST_DOCUMENT_BYTES, LARGEST_ROW_BYTES } from './limits.ts';
import { RedisConnection, type RedisStoreOptions } from './redis-connection.ts';
import { RedisJournal } from './redis-journal.ts';
import { ACQUIRE_LEASE, KEEP_LEASE, OPEN, PUT_EVIDENCE, RAISE_FENCE, WRITE_DOCUMENT } from './redis-scripts.ts';
import { redisWeaknesses } from './redis-weaknesses.ts';
import { StoreError } from './store-error.ts';
import type { Store } from './store.ts';

/** 1: one controller. 2: several, one of which leads: there is a fence. 3: entries may be sealed with a key. */
const SCHEMA = 3;
const ROWS_AT_ONCE = 500;

/** Connects to Redis, and brings what is there to the current schema. */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const gate = new CallGate();
  const connection = new RedisConnection(options, gate);
  try {
    const [kind, found] = await connection.script(OPEN, ['schema', 'head'], [SCHEMA]);
    if (kind === 'too-new') throw new StoreError('too-new', `open ${connection.place}: a newer release wrote it (schema ${found ?? ''}, this one knows ${String(SCHEMA)})`);
    return new RedisStore(connection, gate, options.journalKey);
  } catch (error) {
    connection.close();
    throw error;
  }
}

class RedisStore implements Store {
  readonly kind = 'redis';
  readonly journal: Journal;
  readonly evidence: EvidenceStore;
  readonly documents: DocumentStore;
  readonly leases: LeaseStore;
  readonly #connection: RedisConnection;
  readonly #gate: CallGate;

  constructor(connection: RedisConnection, gate: CallGate, journalKey: JournalKey) {
    this.#connection = connection;
    this.#gate = gate;
    this.journal = new RedisJournal(connection, gate, journalKey);
    this.evidence = new RedisEvidence(connection);
    this.documents = new RedisDocuments(connection);
    this.leases = new RedisLeases(connection);
  }

  async raiseFence(fence: number): Promise<boolean> {
    checkFence(fence);
    const [kind] = await this.#connection.replicated(RAISE_FENCE, ['head'], [fence]);
    return kind === 'raised';
  }

  async knownFence(): Promise<number> {
    return Number(await this.#connection.ask((redis) => redis.hget(this.#connection.key('head'), 'fence')));
  }

  weaknesses(): Promise<readonly Diagnostic[]> {
    return redisWeaknesses(this.#connection);
  }

  close(): Promise<void> {
    if (this.#gate.close()) this.#connection.close();
    return Promise.resolve();
  }
}

class RedisEvidence implements EvidenceStore {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async put(changes: readonly EvidenceChange[], { fence }: { readonly fence?: number } = {}): Promise<PutResult> {
    checkFence(fence);
    const rows = changes.flatMap(({ key, value }) => {
      checkName(key, 'put evidence');
      return [key, value === undefined ? '' : jsonText(value, `put evidence ${key}`, LARGEST_ROW_BYTES)];
    });
    const [kind, said] = await this.#connection.script(PUT_EVIDENCE, ['head', 'evidence'], [fence ?? '', ...rows]);
    return kind === 'fenced' ? { kind, fence: Number(said) } : { kind: 'written' };
  }

  async *all(): AsyncIterable<EvidenceRow> {
    for await (const [key, text] of fieldsOf(this.#connection, 'evidence')) yield { key, value: JSON.parse(text) as Json };
  }
}

class RedisDocuments implements DocumentStore {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async get(name: string): Promise<StoredDocument | undefined> {
    const stored = await this.#connection.ask((redis) => redis.hget(this.#connection.key('documents'), name));
    return stored === null ? undefined : documentOf(name, stored);
  }

  async put(name: string, value: Json, condition: DocumentCondition = {}): Promise<DocumentResult> {
    checkName(name, 'put a document');
    return this.#write(name, jsonText(value, `put document ${name}`, LARGEST_DOCUMENT_BYTES), condition);
  }

  async remove(name: string, condition: DocumentCondition = {}): Promise<DocumentResult> {
    checkName(name, 'remove a document');
    return this.#write(name, '', condition);
  }

  async list(prefix: string): Promise<readonly StoredDocument[]> {
    const found: StoredDocument[] = [];
    for await (const [name, stored] of fieldsOf(this.#connection, 'documents')) {
      const document = name.startsWith(prefix) ? documentOf(name, stored) : undefined;
      if (document !== undefined) found.push(document);
    }
    return found.sort((a, b) => compareText(a.name, b.name));
  }

  async #write(name: string, text: string, { expectedVersion, fence }: DocumentCondition): Promise<DocumentResult> {
    checkFence(fence);
    const [kind, said] = await this.#connection.replicated(WRITE_DOCUMENT, ['head', 'documents'], [fence ?? '', name, expectedVersion ?? '', text]);
    if (kind === 'fenced') return { kind, fence: Number(said) };
    return kind === 'written' ? { kind, version: Number(said) } : { kind: 'conflict', version: Number(said) };
  }
}

class RedisLeases implements LeaseStore {
  readonly #connection: RedisConnection;

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<LeaseResult> {
    checkName(name, 'acquire a lease');
    checkName(holder, 'acquire a lease');
    checkTtl(ttlMs);
    const [kind, said = '', forMs] = await this.#connection.replicated(ACQUIRE_LEASE, ['head', `lease:${name}`, 'lease-fences'], [name, holder, ttlMs]);
    return kind === 'held' ? { kind, fence: Number(said) } : { kind: 'taken', by: said, forMs: Number(forMs) };
  }

  async renew(name: string, holder: string, fence: number, ttlMs: number): Promise<boolean> {
    checkTtl(ttlMs);
    // a server that was cut off from its replicas goes on saying yes while another leads with one of them
    const [kind] = await this.#connection.replicated(KEEP_LEASE, [`lease:${name}`, 'lease-fences'], [name, holder, fence, ttlMs]);
    return kind === 'kept';
  }

  async release(name: string, holder: string, fence: number): Promise<void> {
    await this.#connection.script(KEEP_LEASE, [`lease:${name}`, 'lease-fences'], [name, holder, fence, 0]);
  }
}

function documentOf(name: string, stored: string): StoredDocument | undefined {
  const at = stored.indexOf('\n');
  const text = stored.slice(at + 1);
  return text === '' ? undefined : { name, version: Number(stored.slice(0, at)), value: JSON.parse(text) as Json };
}

/** Every field of a hash with its value, once. */
async function* fieldsOf(connection: RedisConnection, hash: string): AsyncIterable<readonly [string, string]> {
  // a scan may come by a field twice
  const seen = new Set<string>();
  for (let cursor = '0'; ; ) {
    const from = cursor;
    const [next, found] = await connection.ask((redis) => redis.hscan(connection.key(hash), from, 'COUNT', ROWS_AT_ONCE));
    for (const [field, value] of pairsOf(found)) {
      if (seen.has(field)) continue;
      seen.add(field);
      yield [field, value];
    }
    if (next === '0') return;
    cursor = next;
  }
}

function pairsOf(flat: readonly string[]): readonly (readonly [string, string])[] {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? '']);
  return pairs;
}
