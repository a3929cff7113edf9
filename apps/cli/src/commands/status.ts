import { routes, type StatusShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { type LiveOptions, printNotes, withController } from '../live/live-command.ts';
import { agoText, timeText } from '../live/live-text.ts';
import { OUTPUT_NAMES } from '../live/output-text.ts';
import { wouldDropsText } from '../live/would-drops-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import { foldProse } from '../output/prose.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

/** `ringfence status`: how the controller stands; exit 1 where something keeps it from doing its work. */
export function runStatus(options: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  return withController('status', options, terminal, async (client) => {
    const status = await client.ask(routes.status, {});
    if (options.output === 'json') printJson(status, terminal);
    else printStatus(status, client.server, terminal);
    return isTroubled(status) ? ExitCode.findings : ExitCode.fine;
  });
}

function isTroubled({ sources, store, nodes, outputs }: StatusShape): boolean {
  const kept = outputs.some(({ drifted, conflict, refused, failed }) => drifted + conflict + refused + failed > 0);
  return store.problem !== undefined || nodes.failed + nodes.drifted > 0 || kept || sources.some(({ state, isRequired }) => state === 'failed' || (isRequired && state !== 'in sync'));
}

const TRAFFIC: Readonly<Record<StatusShape['traffic'], string>> = {
  real: 'watching real traffic',
  lab: 'watching the lab: real packets between example workloads',
  recorded: 'playing recorded flows: no packet is real',
  none: 'no traffic is reported yet',
};

// Real traffic is seen by enforcers, or read from what Hubble exports: without either, none is.
function trafficOf({ traffic, nodes, flows }: StatusShape): StatusShape['traffic'] {
  const { realised, pending, trial, drifted, failed } = nodes;
  return traffic === 'real' && flows.records === 0 && realised + pending + trial + drifted + failed === 0 ? 'none' : traffic;
}

function printStatus(status: StatusShape, server: string, terminal: Terminal): void {
  const now = Date.now();
  const { reviews, flows, store, leadership } = status;
  const say = (text: string): void => {
    terminal.out(`${foldProse(cleanText(text), terminal.proseColumns)}\n`);
  };
  say(`Ringfence ${status.version} at ${server}, started ${agoText(status.startedAt, now)}; ${TRAFFIC[trafficOf(status)]}`);
  say(leadership.kind === 'leader' ? 'This replica decides and distributes.' : `This replica answers questions only; ${leadership.leader ?? 'nobody known'} decides.`);
  if (leadership.kind === 'follower' && leadership.takesOverAt !== undefined) say(`It takes over in ${String(Math.max(0, Math.ceil((leadership.takesOverAt - now) / 1_000)))} s unless that one renews its lease.`);
  say(`Store ${store.kind} at ${store.place}, ${store.lastSeq === 1 ? '1 entry' : `${String(store.lastSeq)} entries`} in the journal${store.problem === undefined ? '' : `: ${store.problem}`}`);
  if (store.lastSeq > 0) say(`  ${store.lastDigest}`);
  terminal.out('\n');
  terminal.out(formatTable(['SOURCE', 'STATE', 'OBJECTS', 'SINCE', 'WHY'], status.sources.map(({ name, state, objects, since, why = '' }) => [name, state, String(objects), agoText(since, now), why]), terminal.columns));
  terminal.out('\n');
  say(status.revision === 0 ? 'Nothing is approved yet.' : `Revision ${String(status.revision)} is in force${status.revisionAt === undefined ? '' : ` since ${timeText(status.revisionAt, now)}`}.`);
  for (const line of enforcementLines(status)) say(line);
  say(`Reviews: ${String(reviews.proposed)} proposed, ${String(reviews.edited)} edited, ${String(reviews.approved)} approved, ${String(reviews.rejected)} rejected; ${String(status.ready)} ready to approve${status.ready > 0 ? ' (ringfence proposals --ready)' : ''}`);
  say(nodesLine(status));
  for (const line of outputLines(status.outputs)) say(line);
  say(`Flows: ${count(flows.records, 'record')}, ${count(flows.connections, 'connection')}`);
  for (const line of losses(flows)) say(`  ${line}`);
  printNotes(status.diagnostics, terminal);
}

// A mode alone closes nothing, so what is in a mode and what is really closed are told apart.
function enforcementLines({ workloads, enforcement, wouldDrops }: StatusShape): readonly string[] {
  const { realised, pending, unapproved, audited, unaudited, observed } = enforcement;
  const enforced = realised + pending;
  const line = (number: number, text: string): readonly string[] => (number === 0 ? [] : [`  ${String(number)} ${text}`]);
  return [
    count(workloads, 'workload'),
    ...line(enforced, `enforced${pending === 0 ? ', in force wherever they run' : `, of which ${String(realised)} ${realised === 1 ? 'is' : 'are'} known to be in force wherever they run`}`),
    ...line(unapproved, 'set to enforce with nothing approved: open'),
    ...line(audited, 'audited: what would be denied is counted'),
    ...line(unaudited, 'set to audit with nothing approved: nothing is counted'),
    ...line(observed, 'observed'),
    ...(wouldDrops.kinds === 0 ? [] : [`  ${wouldDropsText(wouldDrops, Date.now())} (ringfence flows --verdict would-be-denied)`]),
  ];
}

function nodesLine({ traffic, nodes: { realised, pending, trial, drifted, failed, silent } }: StatusShape): string {
  if (traffic === 'recorded' && realised + pending + trial + drifted + failed === 0) return `Nodes: ${String(silent)}, and no enforcer on any: what is approved decides what of the recording gets through`;
  const onTrial = trial === 0 ? '' : `${String(trial)} on trial (ringfence nodes), `;
  return `Nodes: ${String(realised)} realised, ${String(pending)} pending, ${onTrial}${String(drifted)} drifted, ${String(failed)} failed, ${String(silent)} silent`;
}

// Only where a namespace has its policies written there.
function outputLines(outputs: StatusShape['outputs']): readonly string[] {
  return outputs.flatMap(({ output, realised, pending, waiting, drifted, conflict, refused, failed }) => {
    if (realised + pending + waiting + drifted + conflict + refused + failed === 0) return [];
    const others = Object.entries({ pending, waiting, drifted, 'in conflict': conflict, refused, failed }).flatMap(([word, number]) => (number === 0 ? [] : [`${String(number)} ${word}`]));
    return [`${OUTPUT_NAMES[output]}: ${[`${String(realised)} realised`, ...others].join(', ')}${others.length === 0 ? '' : ' (ringfence outputs)'}`];
  });
}

// What was not seen or not understood is said, also where it is little.
function losses({ unattributed, onNodes, lost, overflowedConnections }: StatusShape['flows']): readonly string[] {
  const line = (number: number, text: string): readonly string[] => (number === 0 ? [] : [`${String(number)} ${text}`]);
  return [
    ...line(unattributed.nobody, 'connections with an end nobody held at that time'),
    ...line(unattributed.several, 'connections with an end that several held at that time'),
    ...line(onNodes, 'connections with an end that shares the address of its node'),
    ...line(lost.connectionEvents, 'connection events lost by the kernel'),
    ...line(lost.logRecords, 'log records lost by the kernel'),
    ...line(lost.unreadable, 'messages of the kernel nothing could be made of'),
    ...line(overflowedConnections, 'connections a reporter had no room for'),
  ];
}

function count(number: number, what: string): string {
  return `${String(number)} ${what}${number === 1 ? '' : 's'}`;
}
