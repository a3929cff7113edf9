import type { Diagnostic } from '#model';

import type { DocumentStore } from './document-store.ts';
import type { EvidenceStore } from './evidence-store.ts';
import type { Journal } from './journal.ts';
import type { LeaseStore } from './lease-store.ts';

/**
 * Everything the controller remembers.
 *
 * All calls may fail with a `StoreError`: nothing is half-written then, but where `isOutcomeUnknown`
 * the write may have arrived all the same, so read before you decide again.
 */
export interface Store {
  readonly kind: 'memory' | 'sqlite' | 'redis';
  readonly journal: Journal;
  readonly evidence: EvidenceStore;
  readonly documents: DocumentStore;
  readonly leases: LeaseStore;
  /**
   * Makes a new leader's fence known, before it reads what is there: from now on whatever carries an
   * older one is refused. False where a higher one is known already.
   */
  raiseFence(fence: number): Promise<boolean>;
  /** The highest fence that was made known, 0 for none. */
  knownFence(): Promise<number>;
  /** What of its set-up makes it weaker than it says it is. */
  weaknesses(): Promise<readonly Diagnostic[]>;
  close(): Promise<void>;
}
