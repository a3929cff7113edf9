import type { DiagnosticShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { cleanText } from '../output/clean-text.ts';
import type { Terminal } from '../terminal.ts';
import { ControllerClient, ControllerProblem, DEFAULT_SERVER, ownName } from './controller-client.ts';
import { NoController } from './no-controller.ts';

/** What every command that asks a controller takes. */
export interface LiveOptions {
  readonly server?: string;
  /** The name decisions are recorded under. */
  readonly as?: string;
  readonly output: string;
}

/** Statuses that are about what was looked at, and not about how it was asked. */
const FINDINGS = new Set([409, 422]);

/**
 * Runs a command against a controller. A problem it answers with is printed with what to do:
 * exit 1 where something has changed or may not be, 2 where nobody answers or the question is wrong.
 */
export async function withController(command: string, options: LiveOptions, terminal: Terminal, run: (client: ControllerClient) => Promise<ExitCode>): Promise<ExitCode> {
  const server = options.server ?? process.env['RINGFENCE_SERVER'] ?? DEFAULT_SERVER;
  if (!/^https?:\/\/[^/?#@]+\/?$/.test(server)) return complain(command, [`--server ${server}: give a URL such as ${DEFAULT_SERVER}`], terminal);
  try {
    return await run(new ControllerClient(server, options.as ?? ownName()));
  } catch (error) {
    terminal.progress('');
    if (error instanceof NoController) return complain(command, [error.message, error.hint], terminal);
    if (!(error instanceof ControllerProblem)) throw error;
    const { problem } = error;
    const [first = problem, ...others] = problem.diagnostics ?? [];
    complain(command, [`${first.subject}: ${first.message}`, first.hint], terminal);
    printNotes(others, terminal);
    return FINDINGS.has(problem.status) ? ExitCode.findings : ExitCode.badInput;
  }
}

/** Says what is wrong with how a command was called. */
export function complain(command: string, [what = '', ...hints]: readonly string[], terminal: Terminal): ExitCode {
  terminal.err(`ringfence ${command}: ${cleanText(what)}\n${hints.map((hint) => `  ${cleanText(hint)}\n`).join('')}`);
  return ExitCode.badInput;
}

/** What the controller says beside its answer. */
export function printNotes(notes: readonly DiagnosticShape[], terminal: Terminal): void {
  for (const { severity, subject, message, hint } of notes) {
    terminal.err(`${cleanText(`${severity}: ${subject}: ${message}`)}\n${hint === '' ? '' : `  ${cleanText(hint)}\n`}`);
  }
}

/** The notes that were not said before. */
export function newNotes(notes: readonly DiagnosticShape[], before: readonly DiagnosticShape[]): readonly DiagnosticShape[] {
  const said = new Set(before.map(({ code, subject, message }) => JSON.stringify([code, subject, message])));
  return notes.filter(({ code, subject, message }) => !said.has(JSON.stringify([code, subject, message])));
}
