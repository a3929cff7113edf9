import { compareDiagnostics, type Diagnostic, formatOrigin } from '#model';

import type { Terminal } from '../terminal.ts';
import { cleanText } from './clean-text.ts';

const SHOWN = 200;
const SHOWN_ALIKE = 3;

/** Prints diagnostics to the message channel in the order of the files; ones that say the same of many objects, and floods, are cut and counted. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], terminal: Terminal): void {
  const sorted = [...diagnostics].filter((one) => one.severity !== 'info').sort(compareDiagnostics);
  const alike = [...Map.groupBy(sorted, ({ code, message, hint }) => JSON.stringify([code, message, hint])).values()];
  for (const same of alike.slice(0, SHOWN)) {
    for (const one of same.slice(0, SHOWN_ALIKE)) terminal.err(`${formatDiagnostic(one)}\n`);
    if (same.length > SHOWN_ALIKE) terminal.err(`  … and ${String(same.length - SHOWN_ALIKE)} more like it\n`);
  }
  if (alike.length > SHOWN) terminal.err(`… and ${String(alike.length - SHOWN)} kinds more\n`);
}

export function formatDiagnostic(one: Diagnostic): string {
  const where = one.origin === undefined ? '' : `${formatOrigin(one.origin)}: `;
  return cleanText(`${where}${one.severity}: ${one.subject}: ${one.message}`) + (one.hint === '' ? '' : `\n  ${cleanText(one.hint)}`);
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((one) => one.severity === 'error');
}
