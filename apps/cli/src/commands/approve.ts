import { workloadKey, type WorkloadRef } from '#model';
import { type DoneShape, routes, type SimulationShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { confirmed, reasonGiven } from '../live/confirming.ts';
import type { ControllerClient } from '../live/controller-client.ts';
import { complain, type LiveOptions, newNotes, printNotes, withController } from '../live/live-command.ts';
import { readSpan, readWorkload } from '../live/live-text.ts';
import { whereRealised } from '../live/where-realised.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import { say } from '../output/prose.ts';
import type { Terminal } from '../terminal.ts';
import { type NamedRules, printSimulation, readDays, readyProposals, simulated } from './simulate-live.ts';

export interface ApproveOptions extends LiveOptions, NamedRules {
  readonly allReady: boolean;
  readonly yes: boolean;
  readonly reason?: string;
  readonly ticket?: string;
  /** A span after which every rule approved here ends. */
  readonly expiresIn?: string;
  /** What was looked at before; anything else is refused. */
  readonly hash?: string;
  readonly days: string;
}

interface Chosen {
  readonly workload: WorkloadRef;
  readonly hash: string;
}

/**
 * `ringfence approve`: shows first which flows would die and which paths would open, then asks.
 *
 * What is approved is what was simulated: where a proposal or the revision in force changes in
 * between, the controller refuses.
 */
export async function runApprove(names: readonly string[], options: ApproveOptions, terminal: Terminal): Promise<ExitCode> {
  const workloads = names.map((text) => ({ text, workload: readWorkload(text) }));
  const wrong = workloads.find(({ workload }) => workload === undefined);
  if (wrong !== undefined) return complain('approve', [`${wrong.text}: name the workload as namespace/kind/name`], terminal);
  if ((names.length === 0) === !options.allReady) return complain('approve', ['name workloads, or say --all-ready', 'ringfence proposals lists what is proposed'], terminal);
  if (options.hash !== undefined && names.length !== 1) return complain('approve', ['--hash is about one workload'], terminal);
  if ((options.leaveOut !== undefined || options.admit !== undefined) && names.length !== 1) return complain('approve', ['--leave-out and --admit are about the rules of one workload'], terminal);
  const days = readDays(options.days);
  if (days === undefined) return complain('approve', [`--days ${options.days}: give a number from 1 to 90`], terminal);
  const span = options.expiresIn === undefined ? undefined : readSpan(options.expiresIn);
  if (options.expiresIn !== undefined && span === undefined) return complain('approve', [`--expires-in ${options.expiresIn}: give a span such as 12h or 30d`], terminal);
  return withController('approve', options, terminal, async (client) => {
    const chosen = options.allReady ? (await readyProposals(client, terminal)).map(({ workload }) => workload) : workloads.flatMap(({ workload }) => workload ?? []);
    if (chosen.length === 0) {
      terminal.err('nothing is ready to approve; ringfence proposals says what each waits for\n');
      return ExitCode.findings;
    }
    return approveShown(client, chosen, days, span, options, terminal);
  });
}

async function approveShown(client: ControllerClient, workloads: readonly WorkloadRef[], days: number, span: number | undefined, options: ApproveOptions, terminal: Terminal): Promise<ExitCode> {
  const { ticket, leaveOut, admit } = options;
  const rules: NamedRules = { ...(leaveOut === undefined ? {} : { leaveOut }), ...(admit === undefined ? {} : { admit }) };
  const simulation = await simulated(client, workloads, days, terminal, rules);
  const shown: readonly Chosen[] = simulation.proposals;
  const [first] = shown;
  if (options.hash !== undefined && first?.hash !== options.hash) {
    complain('approve', [`${names(shown)} is not proposed any more as it was when you looked: its hash is ${first?.hash ?? ''} now`, 'look again: ringfence show WORKLOAD'], terminal);
    return ExitCode.findings;
  }
  if (options.output !== 'json') printSimulation(simulation, terminal);
  if (simulation.brokenInvariants.length > 0) {
    complain('approve', ['it would break an invariant, so it cannot be approved', 'leave out or narrow the rule (ringfence edit), or change the invariant'], terminal);
    return ExitCode.findings;
  }
  if (!confirmed('approve', `approve ${names(shown)}?`, options.yes, terminal)) return ExitCode.badInput;
  const reason = reasonGiven('approve', options.reason, terminal);
  if (reason === undefined) return ExitCode.badInput;
  const where = await whereRealised(client, shown.map(({ workload }) => workload));
  const done = await client.ask(routes.approve, {
    body: {
      proposals: shown.map(({ workload, hash }) => ({ workload, hash, ...rules })),
      reason,
      ...(ticket === undefined ? {} : { ticket }),
      ...(span === undefined ? {} : { expiresAt: Date.now() + span }),
      base: simulation.base,
    },
  });
  report(done, simulation, where, options, terminal);
  return ExitCode.fine;
}

function report(done: DoneShape, simulation: SimulationShape, where: string, { output }: ApproveOptions, terminal: Terminal): void {
  if (output === 'json') {
    printJson({ ...done, simulation }, terminal);
    return;
  }
  printNotes(newNotes(done.notes, simulation.notes), terminal);
  say(`approved as revision ${String(done.revision ?? '')}; ${where}\n`, terminal);
}

function names(shown: readonly Chosen[]): string {
  const [first] = shown;
  if (first === undefined) return 'nothing';
  return cleanText(shown.length === 1 ? workloadKey(first.workload) : `${String(shown.length)} workloads`);
}
