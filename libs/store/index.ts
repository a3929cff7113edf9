export type { DocumentCondition, DocumentResult, DocumentStore, StoredDocument } from './document-store.ts';
export type { EvidenceChange, EvidenceRow, EvidenceStore, PutResult } from './evidence-store.ts';
export type { AppendResult, Journal, JournalEntry, JournalRecord, JournalVerification } from './journal.ts';
export type { LeaseResult, LeaseStore } from './lease-store.ts';
export { MemoryMedium } from './memory-medium.ts';
export { MemoryStore, type MemoryStoreOptions } from './memory-store.ts';
export { openSqliteStore, type SqliteStoreOptions } from './sqlite-store.ts';
export { isStoreError, StoreError, type StoreErrorCode } from './store-error.ts';
export type { Store } from './store.ts';
