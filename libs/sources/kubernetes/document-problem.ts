import { shown } from './shown-text.ts';

/** What is wrong with a document, and on which line of the file. */
export interface DocumentProblem {
  readonly code: string;
  readonly line: number;
  readonly message: string;
  readonly hint: string;
}

/** What to do about a document that may be the source of a Helm template. */
export function templateHint(text: string): string | undefined {
  if (!text.includes('{{')) return undefined;
  return 'this is the source of a Helm template; run `helm template` and read its output';
}

/** A key that comes twice in one mapping, or object: the later one is taken. */
export function duplicateKey(key: string, firstLine: number, line: number): DocumentProblem {
  return {
    code: 'duplicate-key',
    line,
    message: `the key "${shown(key)}" comes twice in one mapping, on lines ${String(firstLine)} and ${String(line)}; the later one is taken`,
    hint: 'keep one of them: a strict API server refuses both',
  };
}
