import { hash } from 'node:crypto';
import { resolve } from 'node:path';

import { isJsonObject, type Json } from '#model';

import type { SharedMemory } from '../decisions/shared-memory.ts';

/** The document of the store. */
const DOCUMENT = 'watched-files';
const SCHEMA = 1;
/** Of each path so much of its digest is kept: the document stays small however long paths are. */
const DIGEST_LENGTH = 12;
const EVERY_MS = 2_000;

export interface FolderMemoryOptions extends SharedMemory {
  readonly onTrouble: (error: unknown) => void;
}

/** Which files have said something, beyond the end of the process: by them it is known whether one that cannot be read may have mattered. */
export class FolderMemory {
  readonly #options: FolderMemoryOptions;
  #known: ReadonlySet<string> | undefined;
  #kept = '';
  #wanted: readonly string[] = [];
  #writing: NodeJS.Timeout | undefined;

  private constructor(options: FolderMemoryOptions, known: ReadonlySet<string> | undefined) {
    this.#options = options;
    this.#known = known;
    this.#kept = textOf(known ?? []);
  }

  static async open(options: FolderMemoryOptions): Promise<FolderMemory> {
    const document = await options.documents.get(DOCUMENT);
    return new FolderMemory(options, knownIn(document?.value));
  }

  /** Undefined: nothing was remembered, by an earlier release or because nothing was ever read. */
  get count(): number | undefined {
    return this.#known?.size;
  }

  has(path: string): boolean {
    return this.#known?.has(digestOf(path)) === true;
  }

  /** Whether everything that is remembered is among these paths. */
  isAllAmong(paths: readonly string[]): boolean {
    const found = new Set(paths.map(digestOf));
    return [...(this.#known ?? [])].every((each) => found.has(each));
  }

  /** Remembers these, in place of those before. */
  remember(paths: readonly string[]): void {
    this.#wanted = paths;
    this.#writing ??= setTimeout(() => {
      void this.#write();
    }, this.#known === undefined ? 0 : EVERY_MS);
  }

  /** What is not written yet is handed to the store at once. */
  close(): void {
    if (this.#writing === undefined) return;
    clearTimeout(this.#writing);
    void this.#write();
  }

  async #write(): Promise<void> {
    const known = new Set(this.#wanted.map(digestOf));
    const text = textOf(known);
    const { documents, fence, onTrouble } = this.#options;
    const own = fence();
    this.#writing = undefined;
    if (own === undefined || (text === this.#kept && this.#known !== undefined)) return;
    try {
      const result = await documents.put(DOCUMENT, { schema: SCHEMA, files: [...known].sort() }, { fence: own });
      if (result.kind !== 'written') return;
      this.#known = known;
      this.#kept = text;
    } catch (error) {
      onTrouble(error);
    }
  }
}

function knownIn(value: Json | undefined): ReadonlySet<string> | undefined {
  if (value === undefined || !isJsonObject(value) || value['schema'] !== SCHEMA) return undefined;
  const { files } = value;
  return Array.isArray(files) ? new Set((files as readonly Json[]).filter((each) => typeof each === 'string')) : undefined;
}

function digestOf(path: string): string {
  return hash('sha256', resolve(path), 'base64url').slice(0, DIGEST_LENGTH);
}

function textOf(known: Iterable<string>): string {
  return [...known].sort().join();
}
