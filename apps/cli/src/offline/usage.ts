import type { Terminal } from '../terminal.ts';

/** Says on the message channel what is missing where no path was given. */
export function requirePaths(paths: readonly string[], terminal: Terminal): boolean {
  if (paths.length > 0) return true;
  terminal.err('ringfence: no input: name manifest or Compose files, folders, or - for standard input\n');
  return false;
}

/** Says which option is missing. */
export function requireOption(name: string, value: string | undefined, terminal: Terminal): value is string {
  if (value !== undefined) return true;
  terminal.err(`ringfence: option ${name} is required (see --help)\n`);
  return false;
}
