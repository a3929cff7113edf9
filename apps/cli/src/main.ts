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
    if (!(error instanceof CommanderError)) throw error;
    // commander has said what was wrong; --help and --version end here with 0
    return error.exitCode === 0 ? ExitCode.fine : ExitCode.badInput;
  }
  return code;
}

process.exitCode = await main();
