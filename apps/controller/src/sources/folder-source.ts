import { hash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';

import type { Diagnostic, SourceUpdate } from '#model';
import { readPaths } from '#sources/files';

const SETTLE_MS = 300;
/** A change that nobody told of, on a file system that tells of none, is found by looking. */
const LOOK_EVERY_MS = 10_000;

export interface FolderSourceOptions {
  readonly paths: readonly string[];
  readonly onUpdate: (update: SourceUpdate) => void;
  /** Everything there is has been told. */
  readonly onRead: (diagnostics: readonly Diagnostic[]) => void;
  readonly onTrouble: (why: string) => void;
}

/** What a source is called that reads files. */
export const FOLDER_SOURCE = 'files';

/**
 * Manifests and Compose files, read again whenever they change.
 *
 * What a file says that cannot be read any more is gone, with a diagnostic, as it would be for
 * whoever reads the folder now; where the folder itself is away, what it said stands.
 */
export class FolderSource {
  readonly #options: FolderSourceOptions;
  /** Digests of what was told last, by key. */
  #told = new Map<string, string>();
  #watchers: readonly FSWatcher[] = [];
  #settling: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: FolderSourceOptions) {
    this.#options = options;
  }

  start(): void {
    // watched before it is read: what changes meanwhile is not missed
    this.#watchers = this.#options.paths.flatMap((path) => this.#watch(path));
    this.#read();
    this.#looking = setInterval(() => {
      this.#read();
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearTimeout(this.#settling);
    clearInterval(this.#looking);
    for (const watcher of this.#watchers) watcher.close();
  }

  #watch(path: string): readonly FSWatcher[] {
    try {
      const watcher = watch(path, { recursive: true }, () => {
        clearTimeout(this.#settling);
        this.#settling = setTimeout(() => {
          this.#read();
        }, SETTLE_MS);
      });
      watcher.on('error', (error) => {
        this.#options.onTrouble(`watch ${path}: ${error.message}`);
      });
      return [watcher];
    } catch (error) {
      this.#options.onTrouble(`watch ${path}: ${error instanceof Error ? error.message : String(error)}`);
      return [];
    }
  }

  #read(): void {
    const { updates, diagnostics } = readPaths(this.#options.paths, { readStdin: () => '' });
    const missing = diagnostics.find(({ code }) => code === 'path-missing' || code === 'not-found');
    if (missing !== undefined && updates.length === 0 && this.#told.size > 0) {
      this.#options.onTrouble(`read ${missing.subject}: ${missing.message}`);
      return;
    }
    const now = new Map<string, string>();
    for (const update of updates) {
      const key = `${update.source}\n${update.key}`;
      const text = hash('sha256', JSON.stringify(update.value, spelled), 'hex');
      now.set(key, text);
      if (this.#told.get(key) !== text) this.#options.onUpdate(update);
    }
    for (const key of this.#told.keys()) {
      const [source = '', ...rest] = key.split('\n');
      if (!now.has(key)) this.#options.onUpdate({ source, key: rest.join('\n'), value: undefined });
    }
    this.#told = now;
    this.#options.onRead(diagnostics);
  }
}

// Addresses, such as those a Compose file publishes ports on, hold their bits as a bigint, which JSON has not.
function spelled(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${String(value)}n` : value;
}
