import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { CommanderError } from 'commander';

import { commandLine } from './command-line.ts';
import { ExitCode } from './exit-code.ts';
import { packageFolder } from './package-folder.ts';
import { processTerminal } from './terminal.ts';

async function main(): Promise<number> {
  const terminal = processTerminal();
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  let code: number = ExitCode.fine;
  const program = commandLine(version, terminal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    // commander has said what was wrong; --help and --version end here with 0
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.fine : ExitCode.badInput;
    terminal.progress('');
    process.stderr.write(`ringfence: ${describe(error)}\n`);
    return ExitCode.badInput;
  }
  return code;
}

/** One line for what the system refuses; anything else is a mistake of ours, whose trace is worth reporting. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'syscall' in error ? error.message : (error.stack ?? error.message);
}

process.exitCode = await main();
