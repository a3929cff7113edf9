import type { Json } from '#model';

/** A row as it is to be from now on; undefined: gone. */
export interface EvidenceChange {
  readonly key: string;
  readonly value: Json | undefined;
}

export interface EvidenceRow {
  readonly key: string;
  readonly value: Json;
}

/** `fenced`: somebody else leads, nothing was written. */
export type PutResult = { readonly kind: 'written' } | { readonly kind: 'fenced'; readonly fence: number };

/**
 * What was observed, row by row. Weaker than the journal on purpose: a batch is there in full or
 * not at all, but a machine that loses its power may lose the last ones.
 */
export interface EvidenceStore {
  put(changes: readonly EvidenceChange[], condition?: { readonly fence?: number }): Promise<PutResult>;
  /** Every row, in no particular order; rows put meanwhile may be among them or not. */
  all(): AsyncIterable<EvidenceRow>;
}
