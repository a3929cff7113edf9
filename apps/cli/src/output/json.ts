import type { Terminal } from '../terminal.ts';

/** One JSON document, indented, ending in a newline. */
export function printJson(value: unknown, terminal: Terminal): void {
  terminal.out(`${JSON.stringify(value, undefined, 2)}\n`);
}
