import { type FlowShape, routes, type UnattributedShape } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { allPages } from '../live/all-pages.ts';
import { complain, type LiveOptions, withController } from '../live/live-command.ts';
import { agoText, readSpan } from '../live/live-text.ts';
import { observedPeerText } from '../live/observed-peer-text.ts';
import { printJson } from '../output/json.ts';
import { portOrProtocol } from '../output/peer-name.ts';
import { formatGroups, formatTable, type RowGroup } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface FlowsOptions extends LiveOptions {
  readonly namespace?: string;
  readonly workload?: string;
  readonly verdict?: 'allowed' | 'denied' | 'would-be-denied';
  /** A span, such as 24h. */
  readonly since?: string;
  readonly limit: string;
  readonly unattributed: boolean;
}

const WIDE = 110;

/** `ringfence flows`: who was seen talking to whom, and what was or would be denied for want of a rule. */
export async function runFlows(options: FlowsOptions, terminal: Terminal): Promise<ExitCode> {
  const { namespace, workload, verdict } = options;
  const span = options.since === undefined ? undefined : readSpan(options.since);
  if (options.since !== undefined && span === undefined) return complain('flows', [`--since ${options.since}: give a span such as 30m, 24h or 7d`], terminal);
  if (options.unattributed && (namespace ?? workload ?? verdict) !== undefined) return complain('flows', ['--unattributed goes with --since and --limit alone: nobody knows whose they are'], terminal);
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) return complain('flows', [`--limit ${options.limit}: give a number from 1`], terminal);
  return withController('flows', options, terminal, async (client) => {
    const since = span === undefined ? undefined : Date.now() - span;
    if (options.unattributed) {
      const { items: unattributed, hasMore } = await allPages(limit, terminal, (page) => client.ask(routes.unattributed, { query: { ...page, since } }));
      if (options.output === 'json') printJson({ flows: [], unattributed, hasMore }, terminal);
      else printUnattributed(unattributed, hasMore, terminal);
      return ExitCode.fine;
    }
    const { items, hasMore } = await allPages(limit, terminal, (page) => client.ask(routes.flows, { query: { ...page, namespace, workload, verdict, since } }));
    if (options.output === 'json') printJson({ flows: items, hasMore }, terminal);
    else printFlows(items, hasMore, terminal);
    return ExitCode.fine;
  });
}

function printFlows(flows: readonly FlowShape[], hasMore: boolean, terminal: Terminal): void {
  if (flows.length === 0) {
    terminal.out('nothing of that kind was seen\n');
    return;
  }
  const now = Date.now();
  const rows = flows.map((flow) => [observedPeerText(flow.from), observedPeerText(flow.to), portOrProtocol(flow.port, flow.protocol), flow.applications.join(' '), fateText(flow), agoText(flow.lastSeen, now), flow.missing ?? '']);
  const isAnyMissing = flows.some(({ missing }) => missing !== undefined);
  const head = ['FROM', 'TO', 'PORT', 'SPEAKS', 'CONNECTIONS', 'LAST SEEN', ...(isAnyMissing ? ['LACKS'] : [])];
  terminal.out(terminal.columns < WIDE ? formatGroups(head.slice(1, 6), byFirst(rows), terminal.columns) : formatTable(head, isAnyMissing ? rows : rows.map((row) => row.slice(0, -1)), terminal.columns));
  terminal.out(hasMore ? `\nthe first ${String(flows.length)}; see more with --limit\n` : `\n${String(flows.length)} ${flows.length === 1 ? 'kind' : 'kinds'} of flow\n`);
}

// Two names of three parts each leave no room for the rest in a narrow terminal.
function byFirst(rows: readonly (readonly string[])[]): readonly RowGroup[] {
  return [...Map.groupBy(rows, ([from = '']) => from)].map(([title, own]) => ({
    title,
    rows: own.map((row) => ({ cells: row.slice(1, -1), ...(row.at(-1) === '' ? {} : { note: `lacks ${row.at(-1) ?? ''}` }) })),
  }));
}

function printUnattributed(unattributed: readonly UnattributedShape[], hasMore: boolean, terminal: Terminal): void {
  if (unattributed.length === 0) {
    terminal.out('every end was somebody’s\n');
    return;
  }
  const now = Date.now();
  const mostFirst = [...unattributed].sort((a, b) => b.connections - a.connections);
  const rows = mostFirst.map((one) => [endName(one), one.why, one.mayBe.join(', '), String(one.connections), agoText(one.firstSeen, now), agoText(one.lastSeen, now), one.reporters.join(', '), one.others.join(', ')]);
  terminal.out(formatTable(['WHO', 'WHY NOT ONE WORKLOAD', 'MAY BE', 'SEEN', 'FIRST', 'LAST', 'TOLD BY', 'OTHER END'], rows, terminal.columns));
  terminal.out(hasMore ? `\n${String(unattributed.length)} of more; see them with --limit\n` : `\n${String(unattributed.length)} ${unattributed.length === 1 ? 'end' : 'ends'} of flows\n`);
}

function endName({ kind, name }: UnattributedShape): string {
  return kind === 'address' ? name : kind === 'node' ? `node ${name}` : `Service ${name}`;
}

function fateText({ connections, denied, wouldBeDenied, replied }: FlowShape): string {
  const parts = [
    ...(connections > 0 ? [`${String(connections)}${replied === 0 ? ', none answered' : ''}`] : []),
    ...(denied > 0 ? [`${String(denied)} denied`] : []),
    ...(wouldBeDenied > 0 ? [`${String(wouldBeDenied)} would be denied`] : []),
  ];
  return parts.join(', ');
}
