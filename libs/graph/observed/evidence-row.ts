import type { Json } from '#model';

/** A row as it is to be from now on; undefined: gone. */
export interface EvidenceRow {
  readonly key: string;
  readonly value: Json | undefined;
}
