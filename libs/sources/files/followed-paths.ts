import { dirname } from 'node:path';

import type { ComposeProject, Diagnostic } from '#model';

import { joinFolders } from './compose-projects.ts';
import type { FileSaying } from './file-reading.ts';
import { problemOf, fileDiagnostic } from './file-problem.ts';
import { findFiles, type FoundFiles } from './find-files.ts';
import { FollowedFile } from './followed-file.ts';
import { FollowedFolders, isBelow } from './followed-folders.ts';
import { FollowedProject } from './followed-project.ts';
import { joinSayings, type ReadPaths } from './joined-sayings.ts';

/** A file that vanishes for a moment is being saved, or moved. */
export const GONE_MS = 2_000;

/** A file or folder that can not be read now. */
export interface UnreadPath {
  readonly path: string;
  /** Why, and on which line. */
  readonly why: Diagnostic;
  /** Whether what it said last is known, and counts; otherwise what it would say is not known. */
  readonly isKept: boolean;
}

/** What the paths say now, with what those said last that can not be read. */
export interface PathsLook extends ReadPaths {
  readonly projects: readonly ComposeProject[];
  /** Sorted as found. */
  readonly unread: readonly UnreadPath[];
  /** Files that are there, whatever they say. */
  readonly found: readonly string[];
  /** Files that say something, or said it last. */
  readonly saying: readonly string[];
  /** False where something changed so lately that it is looked at again before it counts. */
  readonly isSettled: boolean;
}

/**
 * Files and folders over time, for whoever acts on what they say and must take nothing for gone
 * that merely can not be read.
 *
 * ```
 *   findFiles ─┬─► FollowedFile  ─► manifests ─────────────────────┬─► updates
 *              │        └ Compose ─► FollowedProject, one a folder ┘
 *              └─► FollowedFolders: is a file gone, or only out of sight?
 * ```
 *
 * - What is there but can not be read says what it said last. A file that is not there for two
 *   seconds, in a folder that can be read, is gone; one with another name is the same file.
 * - A folder that can not be looked into, a path that was named and is missing, a folder that is
 *   empty and another one than it was: nothing in it is gone.
 * - Of a file that could never be read what could be read of it counts.
 *
 * The caller looks when something may have changed, and now and then. Nothing throws.
 */
export class FollowedPaths {
  readonly #paths: readonly string[];
  readonly #files = new Map<string, FollowedFile>();
  readonly #projects = new Map<string, FollowedProject>();
  readonly #folders = new FollowedFolders();

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** `now`: milliseconds since 1970. */
  look(now: number): PathsLook {
    const found = findFiles(this.#paths);
    this.#folders.look(found);
    this.#see(found, now);
    const files = this.#inOrder(found);
    this.#lookAtProjects(files, now);
    const present = files.filter(({ goneSince }) => goneSince === undefined);
    const absent = files.filter(({ goneSince }) => goneSince !== undefined).flatMap(({ reading }) => (reading?.kind === 'manifests' ? reading.manifests : []));
    const folders = [...this.#projects.values()].flatMap(({ saying }) => saying ?? []);
    return {
      ...joinSayings(found.problems.map(problemOf), present.flatMap(sayingOf), joinFolders(folders), absent),
      unread: [...this.#unreadFiles(present), ...this.#unreadFolders(found, files)],
      found: found.files.map(({ path }) => path),
      saying: files.filter(({ saysSomething }) => saysSomething).map(({ file }) => file.path),
      isSettled: files.every(({ isSettled, goneSince }) => isSettled && (goneSince === undefined || goneSince === Number.POSITIVE_INFINITY)) && [...this.#projects.values()].every(({ isSettled }) => isSettled),
    };
  }

  #see(found: FoundFiles, now: number): void {
    const there = new Set(found.files.map(({ path }) => path));
    const missing = [...this.#files.values()].filter(({ file }) => !there.has(file.path));
    const byInode = new Map(missing.map((file) => [file.inode, file]));
    for (const file of found.files) {
      const known = this.#files.get(file.path);
      const followed = known ?? new FollowedFile(file);
      if (known === undefined) this.#files.set(file.path, followed);
      followed.look(now);
      if (known !== undefined) continue;
      const earlier = byInode.get(followed.inode);
      // the same file by another name: it says what it said, until it is read
      if (earlier !== undefined) followed.continue(earlier);
    }
    for (const file of missing) this.#miss(file, now);
  }

  #miss(missing: FollowedFile, now: number): void {
    if (this.#folders.hides(missing.file.path)) {
      missing.goneSince = Number.POSITIVE_INFINITY;
      return;
    }
    if (missing.goneSince === undefined || missing.goneSince === Number.POSITIVE_INFINITY) missing.goneSince = now;
    if (!missing.saysSomething || now - missing.goneSince >= GONE_MS) this.#files.delete(missing.file.path);
  }

  /** As found, and then those that are not there. */
  #inOrder({ files }: FoundFiles): readonly FollowedFile[] {
    const there = files.flatMap(({ path }) => this.#files.get(path) ?? []);
    return [...there, ...[...this.#files.values()].filter(({ goneSince }) => goneSince !== undefined)];
  }

  #lookAtProjects(files: readonly FollowedFile[], now: number): void {
    const byFolder = Map.groupBy(files.filter(({ reading }) => reading?.kind === 'compose'), ({ file }) => dirname(file.path));
    for (const folder of this.#projects.keys()) if (!byFolder.has(folder)) this.#projects.delete(folder);
    for (const [folder, own] of byFolder) {
      const [first] = own;
      if (first === undefined) continue;
      const project = this.#projects.get(folder) ?? new FollowedProject(first);
      this.#projects.set(folder, project);
      project.look(own, now);
    }
  }

  #unreadFiles(present: readonly FollowedFile[]): readonly UnreadPath[] {
    const files = present.flatMap(({ file, fault, wasReadInFull }) => (fault === undefined ? [] : [{ path: file.path, why: fault, isKept: wasReadInFull }]));
    const projects = [...this.#projects.values()].flatMap(({ fault, wasReadInFull }) => (fault === undefined ? [] : [{ path: fault.origin?.file ?? fault.subject, why: fault, isKept: wasReadInFull }]));
    return [...files, ...projects];
  }

  #unreadFolders({ problems, away }: FoundFiles, files: readonly FollowedFile[]): readonly UnreadPath[] {
    const hidden = files.filter(({ goneSince }) => goneSince === Number.POSITIVE_INFINITY);
    const said = problems.filter(({ path }) => away.includes(path)).map(problemOf);
    const hides = (path: string): boolean => hidden.some(({ file }) => isBelow(file.path, path));
    const links = away.filter((path) => hides(path) && !said.some(({ subject }) => subject === path)).map((path) => fileDiagnostic(path, { code: 'link-leads-nowhere', message: 'is a link that leads nowhere', hint: 'bring back what it leads to, or take the link away' }));
    const replaced = this.#folders.replaced.filter(hides).map((folder) => fileDiagnostic(folder, { code: 'folder-replaced', message: 'is empty and another folder than it was, as when its file system is unmounted', hint: 'mount it again; files taken out one by one are gone' }));
    return [...said, ...links, ...replaced].map((why) => ({ path: why.subject, why, isKept: hides(why.subject) }));
  }
}

function sayingOf({ file, reading, diagnostics }: FollowedFile): readonly FileSaying[] {
  if (reading?.kind === 'manifests') return [{ file, reading: { ...reading, diagnostics } }];
  const [first] = diagnostics;
  return first === undefined ? [] : [{ file, reading: { kind: 'unread', diagnostics: [first], mayPass: true } }];
}
