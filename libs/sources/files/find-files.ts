import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';

import { compareText } from '#model';

import { FILE_LIMITS } from './bounded-file.ts';

/** A file to read; `isNamed` where the user named it and not the folder it is in. */
export interface FoundFile {
  readonly path: string;
  readonly isNamed: boolean;
}

/** A folder as it was come across: file system and number say whether it is the one it was before. */
export interface FoundFolder {
  readonly path: string;
  readonly isNamed: boolean;
  readonly fileSystem: number;
  readonly number: number;
}

export interface FoundFiles {
  readonly files: readonly FoundFile[];
  readonly folders: readonly FoundFolder[];
  /** Paths behind which there may be files that could not be looked for. */
  readonly away: readonly string[];
  /** Whether some files were left out, as there were too many. */
  readonly isCut: boolean;
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
 * What vanishes while it is looked at is not there; nothing throws.
 */
export function findFiles(paths: readonly string[]): FoundFiles {
  const walk = new Walk();
  for (const path of paths) walk.take(path);
  const { files, folders, away, isCut, problems } = walk;
  return { files, folders, away, isCut, problems };
}

class Walk {
  readonly files: FoundFile[] = [];
  readonly folders: FoundFolder[] = [];
  readonly away: string[] = [];
  isCut = false;
  readonly problems: FoundFiles['problems'][number][] = [];
  readonly #seen = new Set<string>();

  take(path: string): void {
    if (path === STANDARD_INPUT) {
      if (this.#isNew(path)) this.files.push({ path, isNamed: true });
      return;
    }
    const stat = statOf(path);
    if (stat === 'absent') this.#isAway(path, 'no-such-path', 'does not exist', 'check the path');
    else if (typeof stat === 'string') this.#isAway(path, 'unreadable', `can not be looked at (${stat})`, 'check its permissions');
    else if (stat.isDirectory()) this.#folder(path, stat, 0);
    else if (this.#isNewFile(path)) this.files.push({ path, isNamed: true });
  }

  #folder(folder: string, { dev, ino }: Stats, depth: number): void {
    if (!this.#isNewFile(folder)) return;
    this.folders.push({ path: folder, isNamed: depth === 0, fileSystem: dev, number: ino });
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
      this.#isAway(folder, 'unreadable', `can not be read (${codeOf(error)})`, 'check its permissions');
      return [];
    }
  }

  #entry(path: string, name: string, depth: number): void {
    const stat = statOf(path);
    if (stat === 'absent') {
      // a link that leads nowhere: what it led to may come back
      this.away.push(path);
    } else if (typeof stat === 'string') {
      if (!NOT_THERE.has(stat)) this.#isAway(path, 'unreadable', `can not be looked at (${stat})`, 'check its permissions');
    } else if (stat.isDirectory()) this.#folder(path, stat, depth + 1);
    else if (stat.isFile() && MANIFEST.test(name) && this.#isNewFile(path)) {
      if (this.files.length < FILE_LIMITS.files) this.files.push({ path, isNamed: false });
      else this.#leaveOut(path);
    }
  }

  #leaveOut(path: string): void {
    if (!this.isCut) this.#problem(path, 'too-many-files', `comes after ${FILE_LIMITS.files} files; it and what follows is not read`, 'name the folders that matter');
    this.isCut = true;
  }

  #isNewFile(path: string): boolean {
    try {
      return this.#isNew(realpathSync(path));
    } catch {
      // gone, or behind a folder that is closed now, since it was looked at
      this.away.push(path);
      return false;
    }
  }

  #isNew(key: string): boolean {
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }

  #isAway(path: string, code: string, message: string, hint: string): void {
    this.away.push(path);
    this.#problem(path, code, message, hint);
  }

  #problem(path: string, code: string, message: string, hint: string): void {
    this.problems.push({ path, code, message, hint });
  }
}

/** Links in a circle, or through something that is no folder. */
const NOT_THERE: ReadonlySet<string> = new Set(['ELOOP', 'ENOTDIR']);

/** `absent`, or the system's word for why it can not be looked at. */
function statOf(path: string): Stats | string {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? 'absent';
  } catch (error) {
    return codeOf(error);
  }
}

/** The system's short word for what went wrong (`EACCES`). */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
