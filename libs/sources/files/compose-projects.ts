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

/**
 * Reads the Compose files found: each folder makes a project. Files of one folder that the user
 * named one by one are laid over each other, as `docker compose -f a -f b` does.
 */
export function readComposeProjects(found: readonly FoundFile[], defaultNamespace: string | undefined): ComposeReading {
  const byFolder = Map.groupBy(found, ({ path }) => dirname(path));
  const read = [...byFolder].map(([folder, files]) => ({ folder, files, result: readFolder(folder, files) }));
  const count = read.reduce((sum, { result }) => sum + result.projects.length, 0);
  const results = read.map(({ folder, files, result }) =>
    defaultNamespace !== undefined && count === 1 && result.projects.length === 1 ? readFolder(folder, files, defaultNamespace) : result,
  );
  return {
    projects: results.flatMap(({ projects }) => projects),
    files: new Set(results.flatMap(({ files }) => files)),
    diagnostics: results.flatMap(({ diagnostics }) => diagnostics),
  };
}

function readFolder(folder: string, files: readonly FoundFile[], projectName?: string): ComposeFolder {
  const mergeAll = files.length > 1 && files.every(({ isNamed }) => isNamed);
  return readComposeFolder(
    folder,
    files.map(({ path }) => basename(path)),
    { mergeAll, ...(projectName === undefined ? {} : { projectName }) },
  );
}
