import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { compareText } from '#model';

import { FILE_LIMITS } from './bounded-file.ts';

/** A file to read; `isNamed` where the user named it and not the folder it is in. */
export interface FoundFile {
  readonly path: string;
  readonly isNamed: boolean;
}

export interface FoundFiles {
  readonly files: readonly FoundFile[];
  readonly problems: readonly { readonly path: string; readonly code: string; readonly message: string; readonly hint: string }[];
}

export const STANDARD_INPUT = '-';

const MANIFEST = /\.(?:ya?ml|json)$/i;
const SKIPPED: ReadonlySet<string> = new Set(['node_modules']);

/**
 * The files behind what the user named: files as they are, folders with everything below that
 * ends in .yaml, .yml or .json, in sorted order, each file once.
 *
 * Hidden files and folders and `node_modules` are skipped. Links are followed, each folder once,
 * so a link to a folder above ends the walk. The templates of a Helm chart are no manifests yet.
 */
export function findFiles(paths: readonly string[]): FoundFiles {
  const walk = new Walk();
  for (const path of paths) walk.take(path);
  return { files: walk.files, problems: walk.problems };
}

class Walk {
  readonly files: FoundFile[] = [];
  readonly problems: FoundFiles['problems'][number][] = [];
  readonly #seen = new Set<string>();

  take(path: string): void {
    if (path === STANDARD_INPUT) {
      if (this.#isNew(path)) this.files.push({ path, isNamed: true });
      return;
    }
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) this.#problem(path, 'no-such-path', 'does not exist', 'check the path');
    else if (stat.isDirectory()) this.#folder(path, 0);
    else if (this.#isNew(realpathSync(path))) this.files.push({ path, isNamed: true });
  }

  #folder(folder: string, depth: number): void {
    if (!this.#isNew(realpathSync(folder))) return;
    if (depth > FILE_LIMITS.depth) {
      this.#problem(folder, 'too-deep', `lies more than ${FILE_LIMITS.depth} folders deep and is not read`, 'name it itself');
      return;
    }
    const entries = this.#entriesOf(folder);
    const isChart = entries.some(({ name }) => name === 'Chart.yaml');
    for (const { name } of entries) {
      if (isChart && name === 'templates') {
        this.#problem(join(folder, name), 'helm-chart', 'holds the templates of a Helm chart, which are no manifests yet, and is not read', 'run `helm template` and read its output');
        continue;
      }
      this.#entry(join(folder, name), name, depth);
    }
  }

  #entriesOf(folder: string): readonly Dirent[] {
    try {
      return readdirSync(folder, { withFileTypes: true })
        .filter(({ name }) => !name.startsWith('.') && !SKIPPED.has(name))
        .sort((a, b) => compareText(a.name, b.name));
    } catch (error) {
      this.#problem(folder, 'unreadable', `can not be read (${codeOf(error)})`, 'check its permissions');
      return [];
    }
  }

  #entry(path: string, name: string, depth: number): void {
    const stat = statOf(path);
    if (stat?.isDirectory() === true) this.#folder(path, depth + 1);
    else if (stat?.isFile() === true && MANIFEST.test(name) && this.#isNew(realpathSync(path))) {
      if (this.files.length < FILE_LIMITS.files) this.files.push({ path, isNamed: false });
      else if (this.#isNew('too many files')) this.#problem(path, 'too-many-files', `comes after ${FILE_LIMITS.files} files; it and what follows is not read`, 'name the folders that matter');
    }
  }

  #isNew(key: string): boolean {
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  #problem(path: string, code: string, message: string, hint: string): void {
    this.problems.push({ path, code, message, hint });
  }
}

/** Undefined for a link that leads nowhere (or in a circle). */
function statOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The system's short word for what went wrong (`EACCES`). */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
