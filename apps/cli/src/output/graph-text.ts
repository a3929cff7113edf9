import type { EdgeShape, GraphShape } from '#operator-api';

import type { Terminal } from '../terminal.ts';
import { peerName, portName } from './peer-name.ts';
import { dotPicture, mermaidPicture } from './picture.ts';
import { printJson } from './json.ts';
import { formatTable } from './table.ts';

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
  const head = ['FROM', 'TO', 'PORT', 'SPEAKS', 'TIER', 'SURE', 'BECAUSE'];
  terminal.out(formatTable(head, edges.map(edgeRow), terminal.columns));
  if (unresolved.length > 0) {
    terminal.out('\nNamed but not in the input (opens nothing):\n');
    const rows = unresolved.map((one) => [peerName(one.from), one.text, one.port === null ? '' : String(one.port), one.evidence.where]);
    terminal.out(formatTable(['FROM', 'NAMES', 'PORT', 'WHERE'], rows, terminal.columns));
  }
  const strong = edges.filter((edge) => edge.tier === 'strong').length;
  const weak = edges.length - strong;
  terminal.out(`\n${String(strong)} strong edges, ${String(weak)} weak, ${String(unresolved.length)} unresolved names\n`);
}

function edgeRow(edge: EdgeShape): readonly string[] {
  const [first, ...others] = edge.evidence;
  const because = first === undefined ? '' : `${first.text}${others.length > 0 ? ` (+${String(others.length)} more)` : ''}`;
  return [
    peerName(edge.from),
    peerName(edge.to, edge.host),
    portName(edge.port, edge.protocol),
    edge.application ?? '',
    edge.tier,
    `${String(Math.round(edge.confidence * 100))}%`,
    because,
  ];
}
