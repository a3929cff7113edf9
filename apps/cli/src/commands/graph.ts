import { inferGraph } from '#graph';
import { graphShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { type LiveOptions, printNotes, withController } from '../live/live-command.ts';
import { readInput, reportInput } from '../offline/input.ts';
import { printGraph } from '../output/graph-text.ts';
import type { Terminal } from '../terminal.ts';

export interface GraphOptions extends LiveOptions {
  readonly defaultNamespace?: string;
  readonly namespace?: string;
  readonly workload?: string;
  readonly output: 'table' | 'json' | 'dot' | 'mermaid';
}

/**
 * `ringfence graph`: who talks to whom, with the evidence for every edge. Edges come strongest
 * first within a client. With paths from what is written there, without from a controller.
 */
export async function runGraph(paths: readonly string[], options: GraphOptions, terminal: Terminal): Promise<ExitCode> {
  if (paths.length === 0) return runLiveGraph(options, terminal);
  const { snapshot, diagnostics } = readInput(paths, options, terminal);
  const graph = inferGraph(snapshot);
  const isComplete = reportInput([...diagnostics, ...graph.diagnostics], terminal);
  printGraph(graphShape(graph, diagnostics), options.output, terminal);
  return isComplete ? ExitCode.fine : ExitCode.badInput;
}

function runLiveGraph(options: GraphOptions, terminal: Terminal): Promise<ExitCode> {
  const { namespace, workload } = options;
  return withController('graph', options, terminal, async (client) => {
    terminal.progress('asking for the graph');
    const graph = await client.ask(routes.graph, { query: { namespace, workload } });
    terminal.progress('');
    printNotes(graph.diagnostics.filter(({ severity }) => severity !== 'info'), terminal);
    printGraph(graph, options.output, terminal);
    return ExitCode.fine;
  });
}
