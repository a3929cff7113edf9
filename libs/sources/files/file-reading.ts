import type { Diagnostic, Manifest } from '#model';
import { readManifests } from '#sources/kubernetes';

import { type FileText, readBounded } from './bounded-file.ts';
import { isComposeFile } from './compose-detection.ts';
import { type FileProblem, fileDiagnostic } from './file-problem.ts';
import { type FoundFile, STANDARD_INPUT, codeOf } from './find-files.ts';

/** What one file is, and what it says where that needs no other file. */
export type FileReading =
  | { readonly kind: 'manifests'; readonly manifests: readonly Manifest[]; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'compose' }
  /** `mayPass`: the same file may be read another time. */
  | { readonly kind: 'unread'; readonly diagnostics: readonly [Diagnostic]; readonly mayPass: boolean };

/** What a file says for itself. */
export interface FileSaying {
  readonly file: FoundFile;
  readonly reading: Exclude<FileReading, { readonly kind: 'compose' }>;
}

export interface FileReadingOptions {
  /** Gives the whole of standard input, for the path `-`. */
  readonly readStdin: () => string;
  /** The namespace of Kubernetes objects that name none. */
  readonly defaultNamespace?: string;
}

/** Reads one file; what can not be read is said, and nothing throws. */
export function readFile({ path }: FoundFile, { readStdin, defaultNamespace }: FileReadingOptions): FileReading {
  const read = textOf(path, readStdin);
  if (read.kind !== 'text') return unread(path, { code: 'unreadable', message: read.why, hint: read.hint }, read.mayPass);
  const { text } = read;
  if (isComposeFile(path, text)) {
    if (path !== STANDARD_INPUT) return { kind: 'compose' };
    return unread(path, { code: 'compose-on-stdin', message: 'is a Compose file, which names others by paths beside it, and is not read', hint: 'name the file itself' });
  }
  return { kind: 'manifests', ...readManifests(text, path, defaultNamespace === undefined ? {} : { defaultNamespace }) };
}

export function unread(path: string, problem: FileProblem, mayPass = false): FileReading {
  return { kind: 'unread', diagnostics: [fileDiagnostic(path, problem)], mayPass };
}

type Text = Extract<FileText, { readonly kind: 'text' }> | { readonly kind: 'refused'; readonly why: string; readonly hint: string; readonly mayPass: boolean };

function textOf(path: string, readStdin: () => string): Text {
  if (path === STANDARD_INPUT) return { kind: 'text', text: readStdin() };
  try {
    const read = readBounded(path);
    return read.kind === 'text' ? read : { ...read, hint: 'give YAML or JSON in UTF-8, split into smaller files', mayPass: false };
  } catch (error) {
    return { kind: 'refused', why: `can not be read (${codeOf(error)})`, hint: 'check the file and its permissions', mayPass: true };
  }
}
