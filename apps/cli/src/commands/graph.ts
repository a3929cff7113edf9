import { inferGraph } from '#graph';
import type { Relationship, ServiceGraph } from '#model';

import { ExitCode } from '../exit-code.ts';
import { readInput, reportInput } from '../offline/input.ts';
import { requirePaths } from '../offline/usage.ts';
import { graphOutput } from '../output/graph-output.ts';
import { printJson } from '../output/json.ts';
import { peerName, portName } from '../output/peer-name.ts';
import { dotPicture, mermaidPicture } from '../output/picture.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface GraphOptions {
  readonly defaultNamespace?: string;
  readonly output: 'table' | 'json' | 'dot' | 'mermaid';
}

/** `ringfence graph`: who talks to whom, with the evidence for every edge. Edges come strongest first within a client. */
export function runGraph(paths: readonly string[], options: GraphOptions, terminal: Terminal): ExitCode {
  if (!requirePaths(paths, terminal)) return ExitCode.badInput;
  const { snapshot, diagnostics } = readInput(paths, options, terminal);
  const graph = inferGraph(snapshot);
  const isComplete = reportInput([...diagnostics, ...graph.diagnostics], terminal);
  switch (options.output) {
    case 'json':
      printJson(graphOutput(graph, diagnostics), terminal);
      break;
    case 'dot':
      terminal.out(dotPicture(graph.relationships));
      break;
    case 'mermaid':
      terminal.out(mermaidPicture(graph.relationships));
      break;
    case 'table':
      printTables(graph, terminal);
  }
  return isComplete ? ExitCode.fine : ExitCode.badInput;
}

function printTables(graph: ServiceGraph, terminal: Terminal): void {
  const head = ['FROM', 'TO', 'PORT', 'SPEAKS', 'TIER', 'SURE', 'BECAUSE'];
  terminal.out(formatTable(head, graph.relationships.map(edgeRow), terminal.columns));
  if (graph.unresolved.length > 0) {
    terminal.out('\nNamed but not in the input (opens nothing):\n');
    const rows = graph.unresolved.map((one) => [peerName(one.from), one.text, one.port === null ? '' : String(one.port), one.evidence.where]);
    terminal.out(formatTable(['FROM', 'NAMES', 'PORT', 'WHERE'], rows, terminal.columns));
  }
  const strong = graph.relationships.filter((edge) => edge.tier === 'strong').length;
  const weak = graph.relationships.length - strong;
  terminal.out(`\n${String(strong)} strong edges, ${String(weak)} weak, ${String(graph.unresolved.length)} unresolved names\n`);
}

function edgeRow(edge: Relationship): readonly string[] {
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
