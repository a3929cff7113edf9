import { workloadKey } from '#model';
import { type FateShape, type ModesShape, routes, type ScopeShape, type WorkloadModeShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { allPages } from '../live/all-pages.ts';
import type { ControllerClient } from '../live/controller-client.ts';
import type { LiveOptions } from '../live/live-command.ts';
import { actorText, dateText } from '../live/live-text.ts';
import { wouldDropsText } from '../live/would-drops-text.ts';
import { printJson } from '../output/json.ts';
import { say } from '../output/prose.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const MOST_WORKLOADS = 20_000;

/** What each scope is in and from where, what that comes to, and what people set. */
export async function listModes(client: ControllerClient, { output }: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  const modes = await client.ask(routes.modes, {});
  if (output === 'json') printJson(modes, terminal);
  else printModes(modes, terminal);
  return ExitCode.fine;
}

/** The mode of every workload in a scope, from where it is, and what it comes to. */
export async function listWorkloads(client: ControllerClient, scope: ScopeShape, { output }: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  const filter = scope.kind === 'cluster' ? {} : scope.kind === 'namespace' ? { namespace: scope.namespace } : { workload: workloadKey(scope.workload) };
  const { items } = await allPages(MOST_WORKLOADS, terminal, (page) => client.ask(routes.workloadModes, { query: { ...page, ...filter } }));
  if (output === 'json') {
    printJson({ workloads: items }, terminal);
    return ExitCode.fine;
  }
  const now = Date.now();
  const rows = items.map((one) => [workloadKey(one.workload), one.mode, fromText(one.from), closedText(one), wouldDropsText(one.wouldDrops, now)]);
  terminal.out(rows.length === 0 ? 'no workload is there\n' : formatTable(['WORKLOAD', 'MODE', 'SET FOR', 'CLOSED BY', 'AUDIT'], rows, terminal.columns));
  return ExitCode.fine;
}

function printModes({ defaultMode, modes, fates, targets, scopes }: ModesShape, terminal: Terminal): void {
  const now = Date.now();
  const standings = scopes.map(({ scope, mode, from, workloads, open, wouldDrops }) => [
    scopeName(scope),
    mode,
    fromText(from),
    ...[workloads.observe, workloads.audit, workloads.enforce, open].map(countText),
    wouldDropsText(wouldDrops, now),
  ]);
  terminal.out(formatTable(['SCOPE', 'MODE', 'SET FOR', 'OBSERVE', 'AUDIT', 'ENFORCE', 'OPEN', 'COUNTED IN AUDIT'], standings, terminal.columns));
  say('\nMODE is what a new workload starts in; OPEN: in audit or enforce with nothing approved\n', terminal);
  const rows = [
    ...modes.map((one) => [scopeName(one.scope), `mode ${one.mode}`, actorText(one.by), dateText(one.at), one.reason ?? '']),
    ...fates.map((one) => [scopeName(one.scope), `forbidden connections: ${fateName(one.fate)}`, actorText(one.by), dateText(one.at), one.reason ?? '']),
    ...targets.map((one) => [`namespace ${one.namespace}`, `policies go to ${one.target}`, actorText(one.by), dateText(one.at), one.reason ?? '']),
  ];
  terminal.out('\n');
  terminal.out(formatTable(['SCOPE', 'IS SET TO', 'BY', 'AT', 'REASON'], rows, terminal.columns));
  // where the cluster is set, nothing is left to the default
  if (!modes.some(({ scope }) => scope.kind === 'cluster')) say(`${rows.length === 0 ? 'nothing is set: ' : '\n'}what is not set, and not said by its namespace, is in mode ${defaultMode}\n`, terminal);
}

const FROM: Readonly<Record<WorkloadModeShape['from'], string>> = { workload: 'it alone', namespace: 'its namespace', annotation: 'its namespace, by annotation', cluster: 'the cluster', default: 'nobody: default' };

function fromText(from: WorkloadModeShape['from']): string {
  return FROM[from];
}

function closedText({ approved, target }: WorkloadModeShape): string {
  if (approved === undefined) return 'nothing: open';
  return target === 'nftables' ? `revision ${String(approved)}` : `revision ${String(approved)}, ${target === 'none' ? 'which goes nowhere' : target}`;
}

function countText(count: number): string {
  return count === 0 ? '' : String(count);
}

function scopeName(scope: ScopeShape): string {
  if (scope.kind === 'cluster') return 'cluster';
  return scope.kind === 'namespace' ? `namespace ${scope.namespace}` : workloadKey(scope.workload);
}

function fateName(fate: FateShape): string {
  return fate.kind === 'drain' ? `drained within ${String(fate.seconds)} s` : fate.kind;
}
