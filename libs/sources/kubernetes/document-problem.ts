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
