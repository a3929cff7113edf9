import { placeExamplePods } from '#inventory';
import type { Diagnostic } from '#model';
import { diagnosticShape, simulatedFlowShape, unusedPathsShape } from '#operator-api';
import { simulate, type Simulation } from '#policy';
import { linesOfFile, readFlows } from '#sources/flows';

import { ExitCode } from '../exit-code.ts';
import { readInput, reportInput } from '../offline/input.ts';
import { type PolicySet, policySet, policySetLine, type TierChoice } from '../offline/segmentation.ts';
import { requireOption, requirePaths } from '../offline/usage.ts';
import { printJson } from '../output/json.ts';
import { printLossesAndUnused } from '../output/simulation-text.ts';
import type { Terminal } from '../terminal.ts';
import { liveRevision, type LiveSimulateOptions, runLiveSimulate } from './simulate-live.ts';

export interface SimulateOptions extends LiveSimulateOptions {
  readonly flows?: string;
  readonly tier: TierChoice;
  readonly defaultNamespace?: string;
  readonly output: 'table' | 'json';
}

/**
 * `ringfence simulate`: flows that would die, most connections first, and paths that stay open
 * although nothing asks for them. Without paths, or with a revision number, a controller is asked.
 */
export async function runSimulate(paths: readonly string[], options: SimulateOptions, terminal: Terminal): Promise<ExitCode> {
  const revision = liveRevision(paths);
  if (options.flows === undefined && (paths.length === 0 || revision !== undefined)) return runLiveSimulate(revision, options, terminal);
  if (!requirePaths(paths, terminal) || !requireOption('--flows', options.flows, terminal)) return ExitCode.badInput;
  if (options.flows === '-' && paths.includes('-')) {
    terminal.err('ringfence simulate: standard input can hold the manifests or the flows, not both\n');
    return ExitCode.badInput;
  }
  const { snapshot, diagnostics } = readInput(paths, options, terminal);
  const read = flowsOf(options.flows, terminal);
  if (read === undefined) return ExitCode.badInput;
  const placed = placeExamplePods(snapshot, { nodes: 1 });
  const set = policySet(placed, options.tier);
  const everything = [...diagnostics, ...set.diagnostics, ...read.diagnostics];
  const isComplete = reportInput(everything, terminal);
  terminal.progress(`replaying ${String(read.flows.length)} flows`);
  const simulation = simulate(set.revision, placed, read.flows);
  terminal.progress('');
  if (options.output === 'json') printJson(simulateOutput(simulation, set, everything), terminal);
  else printSimulation(simulation, set, terminal);
  if (!isComplete) return ExitCode.badInput;
  return simulation.lost.length > 0 ? ExitCode.findings : ExitCode.fine;
}

function flowsOf(file: string, terminal: Terminal): ReturnType<typeof readFlows> | undefined {
  if (file === '-') return readFlows(terminal.readStdin(), '-');
  try {
    return readFlows(linesOfFile(file), file);
  } catch (error) {
    terminal.err(`ringfence simulate: read flows: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  }
}

function printSimulation(simulation: Simulation, set: PolicySet, terminal: Terminal): void {
  const { flows } = simulation;
  const counts = (['allow', 'deny', 'unknown'] as const).map((decision) => `${String(flows.filter((one) => one.decision === decision).length)} ${decision}`);
  terminal.out(`${String(flows.length)} kinds of flow ${policySetLine(set)}: ${counts.join(', ')}\n`);
  printLossesAndUnused({ lost: simulation.lost.map(simulatedFlowShape), unused: unusedPathsShape(simulation.unused) }, terminal);
}

function simulateOutput({ flows, lost, unused }: Simulation, set: PolicySet, diagnostics: readonly Diagnostic[]): unknown {
  return {
    policies: set.kind,
    flows: flows.map(simulatedFlowShape),
    lost: lost.map(simulatedFlowShape),
    unused: unusedPathsShape(unused),
    diagnostics: diagnostics.map(diagnosticShape),
  };
}
