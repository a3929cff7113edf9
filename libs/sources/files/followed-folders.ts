import { dirname, sep } from 'node:path';

import type { FoundFiles, FoundFolder } from './find-files.ts';

/**
 * Tells files that are gone from files that are out of sight: behind a folder that can not be looked
 * into, or one that is empty and not the folder it was (its file system was unmounted).
 */
export class FollowedFolders {
  /** What each folder was when files lay in it or below it last. */
  readonly #marks = new Map<string, string>();
  #now = new Map<string, string>();
  #away: readonly string[] = [];
  #isCut = false;
  /** Folders with files in them or below, at the last look. */
  #inUse = new Set<string>();

  look({ files, folders, away, isCut }: FoundFiles): void {
    this.#away = away;
    this.#isCut = isCut;
    this.#now = new Map(folders.map((folder) => [folder.path, markOf(folder)]));
    this.#inUse = new Set();
    for (const { path } of files) {
      for (let folder = dirname(path); this.#now.has(folder) && !this.#inUse.has(folder); folder = dirname(folder)) this.#inUse.add(folder);
    }
    for (const folder of this.#inUse) this.#marks.set(folder, this.#now.get(folder) ?? '');
  }

  /** Whether a file that is not found may be there all the same. */
  hides(path: string): boolean {
    if (this.#isCut || this.#away.some((away) => isBelow(path, away))) return true;
    const folder = this.#nearest(path);
    return folder !== undefined && this.#isAnother(folder);
  }

  /** Folders that are empty and not what they were. */
  get replaced(): readonly string[] {
    return [...this.#marks.keys()].filter((folder) => this.#now.has(folder) && this.#isAnother(folder));
  }

  #isAnother(folder: string): boolean {
    const before = this.#marks.get(folder);
    return before !== undefined && !this.#inUse.has(folder) && before !== this.#now.get(folder);
  }

  #nearest(path: string): string | undefined {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if (this.#now.has(folder)) return folder;
      if (folder === dirname(folder)) return undefined;
    }
  }
}

/** Whether a path is the other, or leads through it. */
export function isBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(above.endsWith(sep) ? above : above + sep);
}

/** A folder that was named and made anew is another one; below it only another file system is. */
function markOf({ isNamed, fileSystem, number }: FoundFolder): string {
  return isNamed ? `${String(fileSystem)} ${String(number)}` : String(fileSystem);
}
