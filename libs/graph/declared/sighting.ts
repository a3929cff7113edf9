import type { BookEntry } from './environment.ts';
import type { KeyedMention } from './mention.ts';

/** The way a text reaches the workload; the `source` of the evidence. */
export type Channel =
  | 'env'
  | 'env-expansion'
  | 'configmap-env'
  | 'secret-env'
  | 'args'
  | 'init-container'
  | 'configmap-file'
  | 'secret-file'
  | 'file'
  | 'custom-resource'
  | 'unmounted-configmap';

/** A mention as one workload sees it: in which channel, and where to look it up. */
export interface Sighting {
  readonly mention: KeyedMention;
  readonly channel: Channel;
  /** `file:line object container field`. */
  readonly where: string;
  /** `env DATABASE_URL`, `file nginx.conf line 12 of ConfigMap shop/edge`; never a value. */
  readonly place: string;
  /** Whether any part of the text was a secret's. */
  readonly isSecret: boolean;
  /** True for a file beside the one the command line names. */
  readonly isPassedOver?: boolean;
  /** Set where the text came with a whole book of settings others may read too. */
  readonly entry?: BookEntry;
}
