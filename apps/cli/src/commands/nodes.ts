import { type NodesShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { type LiveOptions, withController } from '../live/live-command.ts';
import { agoText } from '../live/live-text.ts';
import { printJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

type NodeShape = NodesShape['nodes'][number];

/** `ringfence nodes`: what each node is known to enforce; exit 1 where one failed, drifted or is silent. */
export function runNodes(options: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  return withController('nodes', options, terminal, async (client) => {
    const { nodes } = await client.ask(routes.nodes, {});
    if (options.output === 'json') printJson({ nodes }, terminal);
    else printNodes(nodes, terminal);
    const troubled = new Set(['failed', 'drifted', 'silent']);
    return nodes.some(({ realisation }) => troubled.has(realisation.kind)) ? ExitCode.findings : ExitCode.fine;
  });
}

function printNodes(nodes: readonly NodeShape[], terminal: Terminal): void {
  const now = Date.now();
  const rows = nodes.map((one) => [
    one.node,
    one.isConnected ? 'connected' : 'away',
    one.realisation.kind,
    'revision' in one.realisation ? String(one.realisation.revision) : '',
    one.driver ?? '',
    one.elements === undefined ? '' : String(one.elements),
    one.lastReportAt === undefined ? 'never' : agoText(one.lastReportAt, now),
    whyText(one, now),
  ]);
  terminal.out(rows.length === 0 ? 'no node is known\n' : formatTable(['NODE', '', 'STATE', 'REVISION', 'DRIVER', 'ELEMENTS', 'REPORT', 'WHY'], rows, terminal.columns));
}

function whyText({ realisation, lostEvents }: NodeShape, now: number): string {
  const since = 'since' in realisation ? `since ${agoText(realisation.since, now)}` : '';
  const why = 'why' in realisation ? `: ${realisation.why}` : '';
  const lost = lostEvents === 0 ? '' : `${since === '' ? '' : '; '}${String(lostEvents)} events lost`;
  return `${since}${why}${lost}`;
}
