import { routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { confirmed, reasonGiven } from '../live/confirming.ts';
import { complain, type LiveOptions, newNotes, printNotes, withController } from '../live/live-command.ts';
import { printJson } from '../output/json.ts';
import { say } from '../output/prose.ts';
import type { Terminal } from '../terminal.ts';
import { printSimulation, readDays, simulated } from './simulate-live.ts';

export interface RollbackOptions extends LiveOptions {
  readonly yes: boolean;
  readonly reason?: string;
  readonly ticket?: string;
  readonly days: string;
}

/** `ringfence rollback N`: a new revision with the policies of an older one; shows first what that opens and kills. */
export async function runRollback(number: string | undefined, options: RollbackOptions, terminal: Terminal): Promise<ExitCode> {
  if (number === undefined || !/^\d{1,9}$/.test(number)) return complain('rollback', ['name the revision to go back to; 0 leaves nothing approved', 'ringfence revisions lists them'], terminal);
  const days = readDays(options.days);
  if (days === undefined) return complain('rollback', [`--days ${options.days}: give a number from 1 to 90`], terminal);
  return withController('rollback', options, terminal, async (client) => {
    const to = Number(number);
    const simulation = await simulated(client, to, days, terminal);
    if (options.output !== 'json') printSimulation(simulation, terminal);
    if (!confirmed('rollback', `go back to ${to === 0 ? 'nothing approved' : `revision ${number}`}?`, options.yes, terminal)) return ExitCode.badInput;
    const reason = reasonGiven('rollback', options.reason, terminal);
    if (reason === undefined) return ExitCode.badInput;
    const { ticket } = options;
    const done = await client.ask(routes.rollback, { body: { to, reason, ...(ticket === undefined ? {} : { ticket }), base: simulation.base } });
    if (options.output === 'json') printJson({ ...done, simulation }, terminal);
    else {
      printNotes(newNotes(done.notes, simulation.notes), terminal);
      say(`revision ${String(done.revision ?? '')} holds what ${to === 0 ? 'held before anything was approved' : `revision ${number} held`}\n`, terminal);
    }
    return ExitCode.fine;
  });
}
