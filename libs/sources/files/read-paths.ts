import { readComposeProjects } from './compose-projects.ts';
import { type FileSaying, readFile } from './file-reading.ts';
import { problemOf } from './file-problem.ts';
import { type FoundFile, findFiles } from './find-files.ts';
import { joinSayings, type ReadPaths } from './joined-sayings.ts';

export interface ReadPathsOptions {
  /** Gives the whole of standard input, for the path `-`. */
  readonly readStdin: () => string;
  /** The namespace of Kubernetes objects that name none, and the name of the only Compose project. */
  readonly defaultNamespace?: string;
  /** Called before each file with one line for people. */
  readonly onProgress?: (text: string) => void;
}

/**
 * Reads everything the user pointed at: Kubernetes manifests and Compose projects, from files,
 * folders and standard input.
 *
 * What can not be read is a diagnostic, and the rest is read. A path that does not exist is an error.
 */
export function readPaths(paths: readonly string[], options: ReadPathsOptions): ReadPaths {
  const { files, problems } = findFiles(paths);
  const readings: FileSaying[] = [];
  const compose: FoundFile[] = [];
  for (const [index, file] of files.entries()) {
    options.onProgress?.(`reading ${file.path} (${index + 1} of ${files.length})`);
    const reading = readFile(file, options);
    if (reading.kind === 'compose') compose.push(file);
    else readings.push({ file, reading });
  }
  return joinSayings(problems.map(problemOf), readings, readComposeProjects(compose, options.defaultNamespace));
}
