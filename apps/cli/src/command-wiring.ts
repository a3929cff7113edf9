import { type Command, Option } from 'commander';

import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

export type Report = (code: ExitCode) => void;
/** Runs one command on its arguments and options. */
type Run<Arguments extends readonly unknown[]> = (...given: [...Arguments, never]) => Promise<ExitCode>;

/** Wires one command: `--schema` prints its published schema instead of running it. */
export function act<Arguments extends readonly unknown[]>(command: Command, terminal: Terminal, report: Report, run: Run<Arguments>): void {
  command.action(async (...given: unknown[]) => {
    if (command.opts<{ schema?: boolean }>().schema === true) {
      const { publishedSchema } = await import('./schemas/published.ts');
      terminal.out(publishedSchema(fullName(command)));
      report(0);
      return;
    }
    // commander passes the arguments, the options and the command itself
    report(await run(...(given.slice(0, -1) as [...Arguments, never])));
  });
}

export function withSchema(command: Command): Command {
  return command.option('--schema', 'print the JSON schema of this command\'s -o json output and stop');
}

// `lab up`, and not `up`
function fullName(command: Command): string {
  const group = command.parent?.parent === null || command.parent === null ? undefined : command.parent.name();
  return group === undefined ? command.name() : `${group} ${command.name()}`;
}

export function output(...choices: readonly string[]): Option {
  return new Option('-o, --output <format>', 'output format').choices(choices).default('table');
}
