import type { Origin } from './origin.ts';

export type Severity = 'error' | 'warning' | 'info';

/**
 * Something a person should know about their own data: what is wrong, where, and what to do.
 *
 * Bad user data is a value of this type, collected and never thrown. `code` is stable and
 * kebab-case; `subject` names the object (`NetworkPolicy shop/web`) or the file; `message`
 * starts in lower case with what was found; `hint` says what to do next.
 */
export interface Diagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly subject: string;
  readonly message: string;
  readonly hint: string;
  readonly origin?: Origin;
}

/** Orders diagnostics by file, line, subject and code, so that output never depends on reading order. */
export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.origin?.file ?? '', b.origin?.file ?? '') ||
    (a.origin?.line ?? 0) - (b.origin?.line ?? 0) ||
    compareText(a.subject, b.subject) ||
    compareText(a.code, b.code) ||
    compareText(a.message, b.message)
  );
}

/** Compares by UTF-16 code unit: the same everywhere, unlike a locale's order. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
