import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import type { NodeBundle } from '#compilers/nftables';
import type { Diagnostic } from '#model';

import { LARGEST_BUNDLE_BYTES, readBundle, writeBundle } from './bundle-file.ts';

export type StoredBundle = { readonly kind: 'bundle'; readonly bundle: NodeBundle } | { readonly kind: 'none' } | { readonly kind: 'refused'; readonly diagnostic: Diagnostic };

/**
 * The bundle a kernel confirmed last, in a file: what a node enforces after a boot before anybody
 * has told it anything.
 *
 * A file is there in full or not at all, power loss included. A damaged one is refused, never read
 * in part: half a bundle would be somebody else's policy.
 */
export class BundleStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  save(bundle: NodeBundle): void {
    const folder = dirname(this.#path);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const beside = `${this.#path}.new`;
    rmSync(beside, { force: true });
    writeDurably(beside, writeBundle(bundle));
    renameSync(beside, this.#path);
    syncPath(folder);
  }

  /** When the bundle in the file was confirmed, in milliseconds since 1970. */
  savedAt(): number | undefined {
    return statSync(this.#path, { throwIfNoEntry: false })?.mtimeMs;
  }

  load(): StoredBundle {
    try {
      const { size } = statSync(this.#path);
      if (size > LARGEST_BUNDLE_BYTES) return this.#refused(`it has ${String(size)} bytes, more than any bundle`);
      const reading = readBundle(readFileSync(this.#path, 'utf8'));
      return reading.kind === 'bundle' ? reading : this.#refused(reading.why);
    } catch (error) {
      if (isMissing(error)) return { kind: 'none' };
      return this.#refused(error instanceof Error ? error.message : String(error));
    }
  }

  #refused(why: string): StoredBundle {
    return {
      kind: 'refused',
      diagnostic: {
        code: 'bundle-file-refused',
        severity: 'error',
        subject: this.#path,
        message: `is not used: ${why}`,
        hint: 'what the kernel holds stays; the next bundle from the controller writes the file anew',
      },
    };
  }
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

// a new name is only safe once its folder is
function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
