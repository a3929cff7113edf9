import type { Json } from '#model';

/** A small piece of JSON under a name. Versions count from 1 and never come again, also after a removal. */
export interface StoredDocument {
  readonly name: string;
  readonly version: number;
  readonly value: Json;
}

/** `conflict`: the document has another version than was expected (0: it is not there). */
export type DocumentResult =
  | { readonly kind: 'written'; readonly version: number }
  | { readonly kind: 'conflict'; readonly version: number }
  | { readonly kind: 'fenced'; readonly fence: number };

export interface DocumentCondition {
  /** The version it has now, 0 where it must not be there; absent: whatever it is. */
  readonly expectedVersion?: number;
  readonly fence?: number;
}

/** Named documents, as durable as the journal. */
export interface DocumentStore {
  get(name: string): Promise<StoredDocument | undefined>;
  put(name: string, value: Json, condition?: DocumentCondition): Promise<DocumentResult>;
  remove(name: string, condition?: DocumentCondition): Promise<DocumentResult>;
  /** Sorted by name. */
  list(prefix: string): Promise<readonly StoredDocument[]>;
}
