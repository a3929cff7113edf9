import { compareDiagnostics, type Diagnostic, formatOrigin } from '#model';

import type { Terminal } from '../terminal.ts';
import { cleanText } from './clean-text.ts';

const SHOWN = 200;

/** Prints diagnostics to the message channel, worst first within a file; a flood is cut and counted. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], terminal: Terminal): void {
  const sorted = [...diagnostics].filter((one) => one.severity !== 'info').sort(compareDiagnostics);
  for (const one of sorted.slice(0, SHOWN)) terminal.err(`${formatDiagnostic(one)}\n`);
  if (sorted.length > SHOWN) terminal.err(`… and ${String(sorted.length - SHOWN)} more; all of them are in -o json\n`);
}

export function formatDiagnostic(one: Diagnostic): string {
  const where = one.origin === undefined ? '' : `${formatOrigin(one.origin)}: `;
  return cleanText(`${where}${one.severity}: ${one.subject}: ${one.message}`) + (one.hint === '' ? '' : `\n  ${cleanText(one.hint)}`);
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === 'error');
}
