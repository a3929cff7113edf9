import { compareText, type Diagnostic, type Json } from '#model';

import { CallGate } from './call-gate.ts';
import { ChainCheck, checkEnd, type JournalKey, jsonText, openSealed, seal } from './chain.ts';
import type { DocumentCondition, DocumentResult, DocumentStore, StoredDocument } from './document-store.ts';
import type { EvidenceChange, EvidenceRow, EvidenceStore, PutResult } from './evidence-store.ts';
import type { AppendCondition, AppendResult, ChainEnd, ChainReading, Journal, JournalEntry, JournalRecord, JournalVerification } from './journal.ts';
import type { LeaseStore } from './lease-store.ts';
import { checkName, LARGEST_DOCUMENT_BYTES, LARGEST_ROW_BYTES } from './limits.ts';
import { LocalLeases } from './local-leases.ts';
import { MemoryMedium } from './memory-medium.ts';
import type { Store } from './store.ts';

export interface MemoryStoreOptions {
  /** Absent: one of its own. */
  readonly medium?: MemoryMedium;
  /** Milliseconds since 1970, for leases. */
  readonly now?: () => number;
  readonly journalKey?: Uint8Array;
}

/** A store that keeps nothing beyond the process. Values go in and come out as text, as they do in the others. */
export class MemoryStore implements Store {
  readonly kind = 'memory';
  readonly journal: Journal;
  readonly evidence: EvidenceStore;
  readonly documents: DocumentStore;
  readonly leases: LeaseStore;
  readonly #gate = new CallGate();
  readonly #medium: MemoryMedium;
  readonly #own = new Set<() => void>();

  constructor({ medium = new MemoryMedium(), now = Date.now, journalKey }: MemoryStoreOptions = {}) {
    this.#medium = medium;
    this.journal = new MemoryJournal(medium, this.#gate, this.#own, journalKey);
    this.evidence = new MemoryEvidence(medium, this.#gate);
    this.documents = new MemoryDocuments(medium, this.#gate);
    this.leases = new LocalLeases(medium, this.#gate, now);
  }

  raiseFence(fence: number): Promise<boolean> {
    return this.#gate.run(() => this.#medium.refusal(fence) === undefined);
  }

  knownFence(): Promise<number> {
    return this.#gate.run(() => this.#medium.knownFence());
  }

  weaknesses(): Promise<readonly Diagnostic[]> {
    return this.#gate.run(() => [
      { code: 'store-in-memory', severity: 'warning', subject: 'store', message: 'keeps everything in memory: it ends with the process', hint: 'use SQLite or Redis where decisions have to last' },
    ]);
  }

  close(): Promise<void> {
    this.#gate.close();
    for (const listener of this.#own) this.#medium.listeners.delete(listener);
    return Promise.resolve();
  }
}

class MemoryJournal implements Journal {
  readonly #medium: MemoryMedium;
  readonly #gate: CallGate;
  readonly #own: Set<() => void>;
  readonly #key: JournalKey;

  constructor(medium: MemoryMedium, gate: CallGate, own: Set<() => void>, key: JournalKey) {
    this.#medium = medium;
    this.#gate = gate;
    this.#own = own;
    this.#key = key;
  }

  append(records: readonly JournalRecord[], { expectedSeq, expectedDigest, fence }: AppendCondition): Promise<AppendResult> {
    return this.#gate.run(() => {
      const { end } = this.#medium;
      const sealed = seal(end, records, this.#key);
      const refusal = this.#medium.refusal(fence);
      if (refusal !== undefined) return refusal;
      if (end.seq !== expectedSeq) return { kind: 'conflict', lastSeq: end.seq };
      checkEnd(end, expectedDigest, 'append to the journal');
      this.#medium.entries.push(...sealed);
      // never inside the call of whoever appends
      if (sealed.length > 0) for (const listener of this.#medium.listeners) queueMicrotask(listener);
      return { kind: 'appended', entries: sealed.map(openSealed) };
    });
  }

  read(afterSeq: number, limit: number): Promise<readonly JournalEntry[]> {
    return this.#gate.run(() => this.#medium.entries.slice(afterSeq, afterSeq + limit).map(openSealed));
  }

  readOn(after: ChainEnd, limit: number): Promise<ChainReading> {
    return this.#gate.run(() => new ChainCheck(this.#key, after).reading(this.#medium.entries.slice(after.seq, after.seq + limit)));
  }

  lastSeq(): Promise<number> {
    return this.#gate.run(() => this.#medium.end.seq);
  }

  verify(): Promise<JournalVerification> {
    return this.#gate.run(() => {
      const check = new ChainCheck(this.#key);
      for (const entry of this.#medium.entries) check.accept(entry);
      return check.finish(this.#medium.end);
    });
  }

  subscribe(onAppended: () => void): () => void {
    this.#gate.check();
    const listener = (): void => {
      if (this.#own.has(listener)) onAppended();
    };
    this.#own.add(listener);
    this.#medium.listeners.add(listener);
    return () => {
      this.#own.delete(listener);
      this.#medium.listeners.delete(listener);
    };
  }
}

class MemoryEvidence implements EvidenceStore {
  readonly #medium: MemoryMedium;
  readonly #gate: CallGate;

  constructor(medium: MemoryMedium, gate: CallGate) {
    this.#medium = medium;
    this.#gate = gate;
  }

  put(changes: readonly EvidenceChange[], { fence }: { readonly fence?: number } = {}): Promise<PutResult> {
    return this.#gate.run(() => {
      const written = changes.map(({ key, value }) => {
        checkName(key, 'put evidence');
        return [key, value === undefined ? undefined : jsonText(value, `put evidence ${key}`, LARGEST_ROW_BYTES)] as const;
      });
      const refusal = this.#medium.refusal(fence);
      if (refusal !== undefined) return refusal;
      for (const [key, text] of written) {
        if (text === undefined) this.#medium.rows.delete(key);
        else this.#medium.rows.set(key, text);
      }
      return { kind: 'written' };
    });
  }

  async *all(): AsyncIterable<EvidenceRow> {
    await this.#gate.run(() => undefined);
    for (const [key, text] of this.#medium.rows) yield { key, value: JSON.parse(text) as Json };
  }
}

class MemoryDocuments implements DocumentStore {
  readonly #medium: MemoryMedium;
  readonly #gate: CallGate;

  constructor(medium: MemoryMedium, gate: CallGate) {
    this.#medium = medium;
    this.#gate = gate;
  }

  get(name: string): Promise<StoredDocument | undefined> {
    return this.#gate.run(() => this.#get(name));
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
      return this.#write(name, undefined, condition);
    });
  }

  list(prefix: string): Promise<readonly StoredDocument[]> {
    return this.#gate.run(() => [...this.#medium.documents.keys()].filter((name) => name.startsWith(prefix)).sort(compareText).map((name) => this.#get(name)).filter((document) => document !== undefined));
  }

  #get(name: string): StoredDocument | undefined {
    const { version = 0, text } = this.#medium.documents.get(name) ?? {};
    return text === undefined ? undefined : { name, version, value: JSON.parse(text) as Json };
  }

  #write(name: string, text: string | undefined, { expectedVersion, fence }: DocumentCondition): DocumentResult {
    const refusal = this.#medium.refusal(fence);
    if (refusal !== undefined) return refusal;
    const before = this.#medium.documents.get(name);
    const current = before?.text === undefined ? 0 : before.version;
    if (expectedVersion !== undefined && expectedVersion !== current) return { kind: 'conflict', version: current };
    const version = (before?.version ?? 0) + 1;
    this.#medium.documents.set(name, { version, text });
    return { kind: 'written', version };
  }
}
