import { basename, dirname } from 'node:path';

import type { ComposeProject, Diagnostic } from '#model';
import { type ComposeFolder, readComposeFolder } from '#sources/compose';

import type { FoundFile } from './find-files.ts';

export interface ComposeReading {
  readonly projects: readonly ComposeProject[];
  /** Files a project took in, by `include` and `extends` too. */
  readonly files: ReadonlySet<string>;
  readonly diagnostics: readonly Diagnostic[];
}

/** What the Compose files of one folder say. */
export interface FolderReading {
  readonly folder: string;
  readonly files: readonly FoundFile[];
  readonly result: ComposeFolder;
}

/**
 * Reads the Compose files found: each folder makes a project. Files of one folder that the user
 * named one by one are laid over each other, as `docker compose -f a -f b` does.
 */
export function readComposeProjects(found: readonly FoundFile[], defaultNamespace: string | undefined): ComposeReading {
  const read = withoutParts([...Map.groupBy(found, ({ path }) => dirname(path))].map(([folder, files]) => readComposeFiles(folder, files)));
  const count = read.reduce((sum, { result }) => sum + result.projects.length, 0);
  return joinFolders(read.map((each) => (defaultNamespace !== undefined && count === 1 && each.result.projects.length === 1 ? readComposeFiles(each.folder, each.files, defaultNamespace) : each)));
}

/** A folder another project takes in whole (`include`, `extends`) is a part of that one. */
export function joinFolders(read: readonly FolderReading[]): ComposeReading {
  const results = withoutParts(read).map(({ result }) => result);
  return {
    projects: results.flatMap(({ projects }) => projects),
    files: new Set(results.flatMap(({ files }) => files)),
    diagnostics: results.flatMap(({ diagnostics }) => diagnostics),
  };
}

function withoutParts(read: readonly FolderReading[]): readonly FolderReading[] {
  const parts = new Set<FolderReading>();
  for (const part of read) if (read.some((whole) => whole !== part && !parts.has(whole) && isPartOf(part, whole))) parts.add(part);
  return read.filter((each) => !parts.has(each));
}

// who extends one service of a file leaves the others to the project they are in
function isPartOf({ files, result }: FolderReading, whole: FolderReading): boolean {
  if (result.projects.length === 0 || !files.every(({ path }) => whole.result.files.includes(path))) return false;
  const known = new Set(whole.result.projects.flatMap(({ workloads }) => workloads.map(({ ref }) => ref.name)));
  return result.projects.every(({ workloads }) => workloads.every(({ ref }) => known.has(ref.name)));
}

export function readComposeFiles(folder: string, files: readonly FoundFile[], projectName?: string): FolderReading {
  const mergeAll = files.length > 1 && files.every(({ isNamed }) => isNamed);
  const names = files.map(({ path }) => basename(path));
  return { folder, files, result: readComposeFolder(folder, names, { mergeAll, ...(projectName === undefined ? {} : { projectName }) }) };
}
