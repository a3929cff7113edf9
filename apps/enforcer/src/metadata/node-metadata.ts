import type { Diagnostic, SourceUpdate } from '#model';

import type { MetadataSource } from './metadata-source.ts';

/** Who is told of everything this node's sources know, from the beginning on. */
export interface MetadataReader {
  readonly updates: (updates: readonly SourceUpdate[]) => void;
  /** Every source has told everything there is; once for each reader. */
  readonly inSync: () => void;
}

/**
 * What the sources of this node know, held so that whoever connects later, or again, is told all
 * of it first and then what changes.
 *
 * The sources begin with the first reader: without one nobody looks.
 */
export class NodeMetadata {
  readonly #sources: readonly MetadataSource[];
  readonly #onProblem: (diagnostic: Diagnostic) => void;
  /** By source and key, the last word. */
  readonly #known = new Map<string, SourceUpdate>();
  readonly #inSync = new Set<MetadataSource>();
  readonly #readers = new Set<MetadataReader>();
  #isStarted = false;

  constructor(sources: readonly MetadataSource[], onProblem: (diagnostic: Diagnostic) => void) {
    this.#sources = sources;
    this.#onProblem = onProblem;
  }

  get names(): readonly string[] {
    return this.#sources.map(({ name }) => name);
  }

  /** Begins to tell a reader; the answer ends it. */
  read(reader: MetadataReader): () => void {
    this.#readers.add(reader);
    if (this.#known.size > 0) reader.updates([...this.#known.values()]);
    if (this.#isInSync()) reader.inSync();
    this.#start();
    return () => {
      this.#readers.delete(reader);
    };
  }

  async stop(): Promise<void> {
    this.#readers.clear();
    if (this.#isStarted) await Promise.all(this.#sources.map((source) => source.stop()));
  }

  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (const source of this.#sources) {
      source.start({
        updates: (updates) => {
          for (const update of updates) this.#note(update);
          for (const reader of this.#readers) reader.updates(updates);
        },
        inSync: () => {
          const wasInSync = this.#isInSync();
          this.#inSync.add(source);
          if (!wasInSync && this.#isInSync()) for (const reader of this.#readers) reader.inSync();
        },
        problem: this.#onProblem,
      });
    }
  }

  #isInSync(): boolean {
    return this.#inSync.size === this.#sources.length;
  }

  #note(update: SourceUpdate): void {
    const key = `${update.source}\n${update.key}`;
    if (update.value === undefined) this.#known.delete(key);
    else this.#known.set(key, update);
  }
}
