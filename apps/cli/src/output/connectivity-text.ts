import { workloadKey } from '#model';
import type { ChangeShape, ConnectivityShape } from '#operator-api';
import { formatPorts } from '#policy';

import type { Terminal } from '../terminal.ts';
import { formatTable } from './table.ts';

const BLOCKS_SHOWN = 4;

/** What opens and closes, at most so many of each, and what was not compared. */
export function printConnectivity({ opened, closed, added, removed }: ConnectivityShape, terminal: Terminal, most = Number.POSITIVE_INFINITY): void {
  const rows = [...opened.slice(0, most).map((change) => ['opened', ...changeRow(change)]), ...closed.slice(0, most).map((change) => ['closed', ...changeRow(change)])];
  terminal.out(formatTable(['', 'FROM', 'TO', 'PORTS', 'SPEAKS'], rows, terminal.columns));
  if (opened.length + closed.length > rows.length) terminal.out(`… and ${String(opened.length + closed.length - rows.length)} more: -o json has all\n`);
  terminal.out(rows.length === 0 ? 'no connectivity opens or closes\n' : `\n${String(opened.length)} opened, ${String(closed.length)} closed\n`);
  for (const [word, list] of [['only before', removed], ['only after', added]] as const) {
    if (list.length > 0) terminal.err(`not compared, ${word}: ${list.map(workloadKey).join(', ')}\n`);
  }
}

export function changeRow({ from, to, ports, application }: ChangeShape): readonly string[] {
  return [endText(from), endText(to), formatPorts(ports), application === undefined ? '' : applicationText(application)];
}

function endText(end: ChangeShape['from']): string {
  if (!('outside' in end)) return workloadKey(end);
  const more = end.outside.length > BLOCKS_SHOWN ? ` and ${String(end.outside.length - BLOCKS_SHOWN)} more blocks` : '';
  return `outside: ${end.outside.slice(0, BLOCKS_SHOWN).join(' ')}${more}`;
}

function applicationText(application: NonNullable<ChangeShape['application']>): string {
  return application.kind === 'only' ? application.application : `all but ${application.applications.join(', ')}`;
}
