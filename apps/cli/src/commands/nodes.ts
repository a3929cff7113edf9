import { type NodesShape, type ProjectsShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { type LiveOptions, withController } from '../live/live-command.ts';
import { agoText } from '../live/live-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

/** `ringfence admit` has all of them. */
const MOST_WAITING = 5;

type NodeShape = NodesShape['nodes'][number];

/** `ringfence nodes`: what each node is known to enforce; exit 1 where one failed, drifted, is silent or waits to be confirmed. */
export function runNodes(options: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  return withController('nodes', options, terminal, async (client) => {
    const { nodes } = await client.ask(routes.nodes, {});
    const isRecorded = nodes.every(hasNeverReported) && (await client.ask(routes.status, {})).traffic === 'recorded';
    if (options.output === 'json') printJson({ nodes }, terminal);
    else {
      printNodes(nodes, terminal);
      if (isRecorded) terminal.out('no enforcer runs: flows are played back, and no node enforces anything\n');
      printWaiting(await client.ask(routes.projects, {}), terminal);
    }
    const troubled = new Set(['failed', 'drifted', 'silent', 'trial']);
    return !isRecorded && nodes.some(({ realisation }) => troubled.has(realisation.kind)) ? ExitCode.findings : ExitCode.fine;
  });
}

function hasNeverReported({ lastReportAt, isConnected }: NodeShape): boolean {
  return lastReportAt === undefined && !isConnected;
}

function printNodes(nodes: readonly NodeShape[], terminal: Terminal): void {
  const now = Date.now();
  const rows = nodes.map((one) => [
    one.node,
    one.isConnected ? 'connected' : 'away',
    one.realisation.kind === 'trial' ? 'on trial' : one.realisation.kind,
    'revision' in one.realisation ? String(one.realisation.revision) : '',
    one.driver ?? '',
    one.elements === undefined ? '' : String(one.elements),
    one.lastReportAt === undefined ? 'never' : agoText(one.lastReportAt, now),
    whyText(one, now),
  ]);
  terminal.out(rows.length === 0 ? 'no node is known\n' : formatTable(['NODE', '', 'STATE', 'REVISION', 'DRIVER', 'ELEMENTS', 'REPORT', 'WHY'], rows, terminal.columns));
}

function printWaiting({ waiting }: ProjectsShape, terminal: Terminal): void {
  for (const { project, node, containers } of waiting.slice(0, MOST_WAITING)) terminal.out(cleanText(`node ${node} has ${String(containers)} container${containers === 1 ? '' : 's'} of project ${project}, left out until somebody says: ringfence admit`) + '\n');
  if (waiting.length > MOST_WAITING) terminal.out(`and ${String(waiting.length - MOST_WAITING)} more: ringfence admit\n`);
}

function whyText({ node, realisation, lastReportAt, lostEvents }: NodeShape, now: number): string {
  if (realisation.kind === 'silent' && lastReportAt === undefined) return `no enforcer has ever connected; waits since ${agoText(realisation.since, now)}`;
  const since = 'since' in realisation ? `since ${agoText(realisation.since, now)}` : '';
  if (realisation.kind === 'trial') return `goes back ${realisation.until === undefined ? 'soon' : agoText(realisation.until, now)} unless confirmed: ringfence nodes confirm ${node}`;
  const why = 'why' in realisation ? `: ${realisation.why}` : '';
  const lost = lostEvents === 0 ? '' : `${since === '' ? '' : '; '}${String(lostEvents)} events lost`;
  return `${since}${why}${lost}`;
}
