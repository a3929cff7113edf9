import type { Diagnostic } from '#model';

import type { FoundFiles } from './find-files.ts';

export interface FileProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What is wrong with a file or folder as a whole. */
export function fileDiagnostic(path: string, problem: FileProblem): Diagnostic {
  return { ...problem, severity: 'error', subject: path, origin: { file: path, line: 1 } };
}

export function problemOf({ path, ...problem }: FoundFiles['problems'][number]): Diagnostic {
  return fileDiagnostic(path, problem);
}
