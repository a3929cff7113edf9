import type { DocumentStore } from '#store';

/** Where what is no decision is kept beyond the process, by the leader alone. */
export interface SharedMemory {
  readonly documents: DocumentStore;
  /** What writes have to carry; undefined where another replica leads, which remembers then. */
  readonly fence: () => number | undefined;
}
