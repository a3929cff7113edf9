import type { Diagnostic } from '#model';

/**
 * Problems by which it is not known what a file says. An object that is wrong in a file that can be
 * read is another thing: what the file says is known then, and that object is left out.
 */
const FAULTS: ReadonlySet<string> = new Set([
  'unreadable',
  'empty-file',
  'too-large',
  'not-text',
  'too-many-objects',
  'broken-yaml',
  'too-deep',
  'unknown-alias',
  'alias-bomb',
  'bad-merge',
  'bad-key',
  'yaml-invalid',
  'yaml-too-large',
  'yaml-duplicate-key',
  'compose-invalid',
  'compose-file-not-read',
]);

/** The first problem by which it is not known what was said. */
export function faultOf(diagnostics: readonly Diagnostic[]): Diagnostic | undefined {
  return diagnostics.find(({ code, severity }) => severity === 'error' && FAULTS.has(code));
}
