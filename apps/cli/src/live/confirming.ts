import type { Terminal } from '../terminal.ts';
import { complain } from './live-command.ts';

/** Asks y/N; where nobody sits there only `--yes` is an answer. */
export function confirmed(command: string, question: string, yes: boolean, terminal: Terminal): boolean {
  if (yes) return true;
  const answer = terminal.ask(`${question} [y/N] `);
  if (answer === undefined) {
    complain(command, ['nobody is there to be asked', 'say --yes to go on without'], terminal);
    return false;
  }
  if (/^y(?:es)?$/i.test(answer)) return true;
  terminal.err('nothing was changed\n');
  return false;
}

/** The reason that was given, or the one a person gives now; undefined where there is none. */
export function reasonGiven(command: string, given: string | undefined, terminal: Terminal): string | undefined {
  const reason = given ?? terminal.ask('reason (it stays in the journal): ');
  if (reason !== undefined && reason.trim() !== '') return reason.trim();
  complain(command, ['say why: it stays in the journal', 'give --reason'], terminal);
  return undefined;
}
