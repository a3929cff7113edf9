import type { GraphPeer } from '#model';
import type { EdgeShape, GraphShape } from '#operator-api';

import type { Terminal } from '../terminal.ts';
import { peerName, portName } from './peer-name.ts';
import { dotPicture, mermaidPicture } from './picture.ts';
import { printJson } from './json.ts';
import { formatGroups, type NotedRow, type RowGroup } from './table.ts';

/** A graph as a table, as JSON or as the source of a picture. */
export function printGraph(graph: GraphShape, output: 'table' | 'json' | 'dot' | 'mermaid', terminal: Terminal): void {
  switch (output) {
    case 'json':
      printJson(graph, terminal);
      break;
    case 'dot':
      terminal.out(dotPicture(graph.edges));
      break;
    case 'mermaid':
      terminal.out(mermaidPicture(graph.edges));
      break;
    case 'table':
      printTables(graph, terminal);
  }
}

function printTables({ edges, unresolved }: GraphShape, terminal: Terminal): void {
  terminal.out(formatGroups(['TO', 'PORT', 'SPEAKS', 'TIER', 'SURE'], byClient(edges, edgeRow), terminal.columns));
  if (unresolved.length > 0) {
    terminal.out('\nNamed but not in the input (opens nothing):\n');
    terminal.out(formatGroups(['NAMES', 'PORT'], byClient(unresolved, unresolvedRow), terminal.columns));
  }
  const strong = edges.filter((edge) => edge.tier === 'strong').length;
  const weak = edges.length - strong;
  terminal.out(`\n${String(strong)} strong edges, ${String(weak)} weak, ${String(unresolved.length)} unresolved names\n`);
}

function byClient<Item extends { readonly from: GraphPeer }>(items: readonly Item[], row: (item: Item) => NotedRow): readonly RowGroup[] {
  return [...Map.groupBy(items, ({ from }) => peerName(from))].map(([title, group]) => ({ title, rows: group.map(row) }));
}

function edgeRow(edge: EdgeShape): NotedRow {
  const [first, ...others] = edge.evidence;
  return {
    cells: [
      nameBeside(edge.from, edge.to, edge.host),
      portName(edge.port, edge.protocol),
      edge.application ?? '',
      edge.tier,
      `${String(Math.round(edge.confidence * 100))}%`,
    ],
    ...(first === undefined ? {} : { note: `${first.text}${others.length > 0 ? ` (+${String(others.length)} more)` : ''}` }),
  };
}

function unresolvedRow({ text, port, evidence }: GraphShape['unresolved'][number]): NotedRow {
  return { cells: [text, port === null ? '' : String(port)], note: evidence.where };
}

/** A neighbour in the same namespace goes without it. */
function nameBeside(from: GraphPeer, to: GraphPeer, host: string | undefined): string {
  return typeof from !== 'string' && typeof to !== 'string' && from.namespace === to.namespace ? `${to.kind}/${to.name}` : peerName(to, host);
}
