import { placeExamplePods } from '#inventory';
import { type Diagnostic, workloadKey } from '#model';
import { formatPorts, type SimulatedFlow, simulate, type Simulation } from '#policy';
import { linesOfFile, readFlows } from '#sources/flows';

import { ExitCode } from '../exit-code.ts';
import { readInput, reportInput } from '../offline/input.ts';
import { type PolicySet, policySet, policySetLine, type TierChoice } from '../offline/segmentation.ts';
import { requireOption, requirePaths } from '../offline/usage.ts';
import { diagnosticOutput } from '../output/graph-output.ts';
import { printJson } from '../output/json.ts';
import { portName } from '../output/peer-name.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface SimulateOptions {
  readonly flows?: string;
  readonly tier: TierChoice;
  readonly defaultNamespace?: string;
  readonly output: 'table' | 'json';
}

/** `ringfence simulate`: flows that would die, most connections first, and paths that stay open although nothing asks for them. */
export function runSimulate(paths: readonly string[], options: SimulateOptions, terminal: Terminal): ExitCode {
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

function printSimulation({ flows, lost, unused }: Simulation, set: PolicySet, terminal: Terminal): void {
  const counts = (['allow', 'deny', 'unknown'] as const).map((decision) => `${String(flows.filter((one) => one.decision === decision).length)} ${decision}`);
  terminal.out(`${String(flows.length)} kinds of flow ${policySetLine(set)}: ${counts.join(', ')}\n`);
  if (lost.length > 0) terminal.out('\nWould die, most connections first:\n');
  terminal.out(formatTable(['SEEN', 'FROM', 'TO', 'PORT', 'NOW', 'BECAUSE'], lost.map(lossRow), terminal.columns));
  if (unused.length > 0) terminal.out('\nOpen by a rule, although no flow and no evidence asks for it:\n');
  const rows = unused.map(({ from, to, ports, rules }) => [workloadKey(from), workloadKey(to), formatPorts(ports), rules.join('; ')]);
  terminal.out(formatTable(['FROM', 'TO', 'PORTS', 'OPENED BY'], rows, terminal.columns));
}

function lossRow({ flow, from, to, decision, text }: SimulatedFlow): readonly string[] {
  return [String(flow.count), from, to, portName(flow.port, flow.protocol), decision, text];
}

function simulateOutput({ flows, lost, unused }: Simulation, set: PolicySet, diagnostics: readonly Diagnostic[]): unknown {
  return {
    policies: set.kind,
    flows: flows.map(flowOutput),
    lost: lost.map(flowOutput),
    unused: unused.map(({ from, to, ports, rules }) => ({ from, to, ports, rules })),
    diagnostics: diagnostics.map(diagnosticOutput),
  };
}

function flowOutput({ flow, from, to, decision, text }: SimulatedFlow): unknown {
  const { line, port, protocol, count, bytes, application, forwarded } = flow;
  return {
    line,
    from,
    to,
    port,
    protocol,
    ...(application === undefined ? {} : { application }),
    count,
    ...(bytes === undefined ? {} : { bytes }),
    forwarded,
    decision,
    text,
  };
}
