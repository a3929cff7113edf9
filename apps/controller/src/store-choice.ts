import { MemoryStore, openRedisStore, openSqliteStore, type Store } from '#store';

/** Where the controller keeps what it may not forget. */
export type StoreChoice =
  | { readonly kind: 'sqlite'; readonly folder: string }
  | { readonly kind: 'memory' }
  | { readonly kind: 'redis'; readonly url: string };

/** Reads `sqlite`, `memory`, `redis://…` or `rediss://…`; undefined for anything else. */
export function readStoreChoice(text: string, folder: string): StoreChoice | undefined {
  if (text === 'sqlite') return { kind: 'sqlite', folder };
  if (text === 'memory') return { kind: 'memory' };
  return /^rediss?:\/\//.test(text) && URL.canParse(text) ? { kind: 'redis', url: text } : undefined;
}

export interface OpenOptions {
  readonly journalKey: Uint8Array;
  /** How many replicas of Redis have to have a decision. */
  readonly replicas: number;
  readonly onTrouble: (error: Error) => void;
}

export async function openStore(choice: StoreChoice, { journalKey, replicas, onTrouble }: OpenOptions): Promise<Store> {
  switch (choice.kind) {
    case 'sqlite':
      return openSqliteStore({ folder: choice.folder, isAlone: true, journalKey });
    case 'memory':
      return new MemoryStore({ journalKey });
    case 'redis':
      return openRedisStore({ url: choice.url, journalKey, replicas, onTrouble });
  }
}

/** Where a store is, for people: a URL may hold a password. */
export function placeOfStore(choice: StoreChoice): string {
  switch (choice.kind) {
    case 'sqlite':
      return choice.folder;
    case 'memory':
      return 'this process';
    case 'redis': {
      const url = new URL(choice.url);
      return `${url.protocol}//${url.host}${url.pathname}`;
    }
  }
}
