import { existsSync } from 'node:fs';

import { workloadKey, type WorkloadRef } from '#model';
import { type ProposalSummaryShape, routes, type SimulationShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { allPages } from '../live/all-pages.ts';
import type { ControllerClient } from '../live/controller-client.ts';
import { complain, type LiveOptions, printNotes, withController } from '../live/live-command.ts';
import { readWorkload } from '../live/live-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { changeRow } from '../output/connectivity-text.ts';
import { printJson } from '../output/json.ts';
import { say } from '../output/prose.ts';
import { printLossesAndUnused, printStayingDenied } from '../output/simulation-text.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';
import { isApprovable } from './proposals.ts';

export interface LiveSimulateOptions extends LiveOptions {
  readonly workload?: readonly string[];
  readonly days: string;
}

/** Rules of the proposals that are named by their ids. */
export interface NamedRules {
  readonly leaveOut?: readonly string[];
  /** In quarantine, and approved all the same; others in quarantine are left out. */
  readonly admit?: readonly string[];
}

/** The revision a lone argument names, unless something by that name is there to be read. */
export function liveRevision(paths: readonly string[]): number | undefined {
  const [only = '', ...others] = paths;
  return others.length === 0 && /^\d{1,9}$/.test(only) && !existsSync(only) ? Number(only) : undefined;
}

/** What would happen if these proposals (all that are ready, where none is named) were approved, or that revision came back. */
export async function runLiveSimulate(revision: number | undefined, options: LiveSimulateOptions, terminal: Terminal): Promise<ExitCode> {
  const days = readDays(options.days);
  if (days === undefined) return complain('simulate', [`--days ${options.days}: give a number from 1 to 90`], terminal);
  const named = (options.workload ?? []).map((text) => ({ text, workload: readWorkload(text) }));
  const wrong = named.find(({ workload }) => workload === undefined);
  if (wrong !== undefined) return complain('simulate', [`--workload ${wrong.text}: name it as namespace/kind/name`], terminal);
  return withController('simulate', options, terminal, async (client) => {
    const workloads = named.flatMap(({ workload }) => workload ?? []);
    const chosen = revision !== undefined || workloads.length > 0 ? workloads : (await readyProposals(client, terminal)).map(({ workload }) => workload);
    if (revision === undefined && chosen.length === 0) return complain('simulate', ['nothing is ready to approve, so there is nothing to simulate', 'name workloads with --workload, or a revision number'], terminal);
    const simulation = await simulated(client, revision ?? chosen, days, terminal);
    if (options.output === 'json') printJson(simulation, terminal);
    else printSimulation(simulation, terminal);
    return simulation.lost.some(({ deniedBefore }) => deniedBefore !== true) || simulation.brokenInvariants.length > 0 ? ExitCode.findings : ExitCode.fine;
  });
}

export function readDays(text: string): number | undefined {
  const days = Number(text);
  return Number.isInteger(days) && days >= 1 && days <= 90 ? days : undefined;
}

/** Everything a person could approve now and that is held to be ready. */
export async function readyProposals(client: ControllerClient, terminal: Terminal): Promise<readonly ProposalSummaryShape[]> {
  const { items } = await allPages(5_000, terminal, (page) => client.ask(routes.proposals, { query: { ...page, ready: true } }));
  return items.filter(isApprovable);
}

export async function simulated(client: ControllerClient, what: number | readonly WorkloadRef[], days: number, terminal: Terminal, rules: NamedRules = {}): Promise<SimulationShape> {
  terminal.progress('replaying what was observed');
  const simulation = await client.ask(routes.simulate, { body: { what: typeof what === 'number' ? { kind: 'revision', number: what } : { kind: 'proposals', workloads: what, ...rules }, days } });
  terminal.progress('');
  return simulation;
}

const CHANGES_SHOWN = 50;

/** What would die, what would open, what stays open unused. */
export function printSimulation(simulation: SimulationShape, terminal: Terminal): void {
  const { proposals, base, flows, connections, lost, change, brokenInvariants, notes, from, to } = simulation;
  const days = Math.round((to - from) / 86_400_000);
  const names = proposals.map(({ workload }) => workloadKey(workload));
  const what = names.length === 0 ? 'going back' : names.length === 1 ? `approving ${names.join('')}` : `approving ${String(names.length)} workloads`;
  const named = lost.map((flow) => ({ ...flow, from: bareName(flow.from), to: bareName(flow.to) }));
  const dying = named.filter(({ deniedBefore }) => deniedBefore !== true);
  const denied = named.filter(({ deniedBefore }) => deniedBefore === true);
  say(cleanText(`${what}, against revision ${String(base)}: ${count(flows, 'kind', 's of flow', ' of flow')} of the last ${count(days, 'day')} replayed, ${count(connections, 'connection')}`) + '\n', terminal);
  terminal.out(dying.length === 0 ? 'no flow would die\n' : `${count(dying.length, 'kind', 's of flow', ' of flow')} would die: ${connectionsOf(dying)}\n`);
  if (denied.length > 0) say(`${count(denied.length, 'kind', 's of flow', ' of flow')} would stay denied, by what is in force already: ${connectionsOf(denied)}\n`, terminal);
  printLossesAndUnused({ lost: dying, unused: simulation.unused }, terminal);
  printStayingDenied(denied, terminal);
  terminal.out(change.opened.length === 0 ? '\nNo path would open.\n' : '\nWould open:\n');
  terminal.out(formatTable(['FROM', 'TO', 'PORTS', 'SPEAKS'], change.opened.slice(0, CHANGES_SHOWN).map(changeRow), terminal.columns));
  if (change.opened.length > CHANGES_SHOWN) terminal.out(`… and ${String(change.opened.length - CHANGES_SHOWN)} more (-o json has all)\n`);
  terminal.out(`${count(change.closed.length, 'path')} would close.\n`);
  for (const text of brokenInvariants) say(`${cleanText(`CANNOT BE APPROVED: ${text}`)}\n`, terminal);
  printNotes(notes, terminal);
}

function connectionsOf(flows: SimulationShape['lost']): string {
  return count(flows.reduce((sum, flow) => sum + flow.count, 0), 'connection');
}

// Nearly every end is a workload: saying so in each row says nothing.
function bareName(end: string): string {
  return end.replace(/^workload /, '');
}

function count(number: number, word: string, plural = 's', singular = ''): string {
  return `${String(number)} ${word}${number === 1 ? singular : plural}`;
}
