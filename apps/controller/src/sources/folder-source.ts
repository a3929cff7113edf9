import { hash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';

import type { SourceUpdate } from '#model';
import { FollowedPaths, type PathsLook } from '#sources/files';

/** Many files change at once: they are looked at together. */
const GATHER_MS = 100;
/** What changed a moment ago is looked at again. */
const AGAIN_MS = 250;
/** A change that nobody told of, on a file system that tells of none, is found by looking. */
const LOOK_EVERY_MS = 10_000;

/** How files stand, without what they say. */
export type FolderLook = Pick<PathsLook, 'unread' | 'diagnostics' | 'found' | 'saying' | 'isSettled'>;

export interface FolderSourceOptions {
  readonly paths: readonly string[];
  readonly onUpdate: (update: SourceUpdate) => void;
  /** Everything there is has been told; of diagnostics, errors. */
  readonly onLook: (look: FolderLook) => void;
  /** Changes are found by looking now and then only. */
  readonly onTrouble: (why: string) => void;
}

/** What a source is called that reads files. */
export const FOLDER_SOURCE = 'files';

/** Manifests and Compose files, looked at whenever they change; what cannot be read says what it said last. */
export class FolderSource {
  readonly #options: FolderSourceOptions;
  readonly #followed: FollowedPaths;
  /** What was told last, by key. */
  #told = new Map<string, { readonly update: SourceUpdate; readonly digest: string }>();
  readonly #watchers = new Map<string, FSWatcher>();
  #looking: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #isStopped = false;

  constructor(options: FolderSourceOptions) {
    this.#options = options;
    this.#followed = new FollowedPaths(options.paths);
  }

  start(): void {
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#looking);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #look(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    // watched before it is read: what changes meanwhile is not missed
    for (const path of this.#options.paths) this.#watch(path);
    const { updates, unread, diagnostics, found, saying, isSettled } = this.#followed.look(Date.now());
    this.#tell(updates);
    this.#options.onLook({ unread, diagnostics: diagnostics.filter(({ severity }) => severity === 'error'), found, saying, isSettled });
    this.#lookIn(isSettled ? LOOK_EVERY_MS : AGAIN_MS);
  }

  /** Never later than what is due already: whatever goes on in a folder, it is looked at. */
  #lookIn(delayMs: number): void {
    const at = performance.now() + delayMs;
    if (this.#isStopped || at >= this.#dueAt) return;
    clearTimeout(this.#looking);
    this.#dueAt = at;
    this.#looking = setTimeout(() => {
      this.#look();
    }, delayMs);
  }

  #watch(path: string): void {
    if (this.#watchers.has(path)) return;
    try {
      const watcher = watch(path, { recursive: true }, () => {
        this.#lookIn(GATHER_MS);
      });
      this.#watchers.set(path, watcher);
      watcher.on('error', (error) => {
        watcher.close();
        this.#watchers.delete(path);
        this.#options.onTrouble(`watch ${path}: ${error.message}`);
      });
    } catch (error) {
      this.#options.onTrouble(`watch ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #tell(updates: readonly SourceUpdate[]): void {
    const now = new Map<string, { readonly update: SourceUpdate; readonly digest: string }>();
    for (const update of updates) {
      const key = `${update.source}\n${update.key}`;
      const before = this.#told.get(key);
      // what was not read again is the same object
      const digest = before !== undefined && before.update.value === update.value ? before.digest : hash('sha256', JSON.stringify(update.value, spelled), 'hex');
      now.set(key, { update, digest });
      if (before?.digest !== digest) this.#options.onUpdate(update);
    }
    for (const [key, { update }] of this.#told) if (!now.has(key)) this.#options.onUpdate({ source: update.source, key: update.key, value: undefined });
    this.#told = now;
  }
}

// Addresses, such as those a Compose file publishes ports on, hold their bits as a bigint, which JSON has not.
function spelled(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${String(value)}n` : value;
}
