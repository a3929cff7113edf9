import { setTimeout as pause } from 'node:timers/promises';

import { isOwnerAlive, labObstacle, owners, sweepLeftovers } from '#lab';

import { ExitCode } from '../exit-code.ts';
import { askLab } from '../lab/lab-control.ts';
import type { LabStatus, TrafficReport } from '../lab/lab-holder.ts';
import { runKeeper, startKeeper } from '../lab/lab-keeper.ts';
import { isAsExpected, statusText, trafficText } from '../lab/lab-tables.ts';
import { readInput, reportInput } from '../offline/input.ts';
import { requirePaths } from '../offline/usage.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import type { Terminal } from '../terminal.ts';

export interface LabUpOptions {
  readonly nodes: string;
  readonly enforce: boolean;
  readonly defaultNamespace?: string;
  readonly output: 'table' | 'json';
}

export interface LabShowOptions {
  readonly output: 'table' | 'json';
}

const MOST_NODES = 100;
const PATIENCE_MS = 15_000;

/**
 * `ringfence lab up`: a cluster of network namespaces out of manifests, with a server on every port
 * that pods declare; it stays until `lab down`. With `--enforce` its nodes enforce the policies of
 * the input, or the ones learned from it.
 */
export async function runLabUp(paths: readonly string[], options: LabUpOptions, terminal: Terminal): Promise<ExitCode> {
  if (!requirePaths(paths, terminal) || !mayHold(terminal)) return ExitCode.badInput;
  const nodes = Number(options.nodes);
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MOST_NODES) return refuse(`--nodes ${options.nodes}: give a whole number from 1 to ${String(MOST_NODES)}`, terminal);
  sweepLeftovers();
  const [held] = owners();
  if (held !== undefined) return refuse(`process ${String(held)} holds a lab already; take it down first with: ringfence lab down`, terminal);
  const stdin = paths.includes('-') ? terminal.readStdin() : undefined;
  const { snapshot, diagnostics } = readInput(paths, options, { ...terminal, readStdin: () => stdin ?? '' });
  const isComplete = reportInput(diagnostics, terminal);
  if (snapshot.workloads.size === 0 && snapshot.pods.size === 0) return refuse('there is nothing in the input that runs', terminal);
  try {
    terminal.progress('bringing the lab up');
    const { defaultNamespace, enforce } = options;
    const pid = await startKeeper(paths, { nodes, enforce, ...(defaultNamespace === undefined ? {} : { defaultNamespace }) }, stdin);
    terminal.progress('');
    showStatus((await askLab(pid, 'status')) as LabStatus, options, terminal);
  } catch (error) {
    terminal.progress('');
    return refuse(messageOf(error), terminal);
  }
  return isComplete ? ExitCode.fine : ExitCode.badInput;
}

/** `ringfence lab status`: the namespaces of the lab, with addresses and ports; no lab is a finding. */
export async function runLabStatus(options: LabShowOptions, terminal: Terminal): Promise<ExitCode> {
  return withLab('status', terminal, (answer) => {
    showStatus(answer as LabStatus, options, terminal);
    return ExitCode.fine;
  });
}

/**
 * `ringfence lab traffic`: the clients of the lab talk along the strong relationships, and some try
 * what is forbidden. Findings: what is allowed died, or, where the lab enforces, what is forbidden
 * got through.
 */
export async function runLabTraffic(options: LabShowOptions, terminal: Terminal): Promise<ExitCode> {
  return withLab('traffic', terminal, (answer) => {
    const report = answer as TrafficReport;
    if (options.output === 'json') printJson(report, terminal);
    else terminal.out(trafficText(report, terminal.columns));
    return isAsExpected(report) ? ExitCode.fine : ExitCode.findings;
  });
}

/** `ringfence lab down`: takes every lab away, and what labs whose process died left behind. */
export async function runLabDown({ output }: LabShowOptions, terminal: Terminal): Promise<ExitCode> {
  if (!mayHold(terminal)) return ExitCode.badInput;
  const pids = owners();
  for (const pid of pids) await takeDown(pid);
  const swept = sweepLeftovers();
  if (output === 'json') printJson({ processes: pids, swept }, terminal);
  else terminal.out(downText(pids, swept));
  return ExitCode.fine;
}

function downText(pids: readonly number[], swept: readonly string[]): string {
  if (pids.length === 0 && swept.length === 0) return 'no lab is up\n';
  const taken = pids.map((pid) => `took down the lab of process ${String(pid)}\n`).join('');
  return swept.length === 0 ? taken : `${taken}took away ${String(swept.length)} namespaces of labs whose process had died\n`;
}

/** `ringfence lab keep`: the process behind `lab up`. */
export async function runLabKeep(paths: readonly string[], options: LabUpOptions, terminal: Terminal): Promise<ExitCode> {
  const { nodes, ...rest } = options;
  return runKeeper(paths, { ...rest, nodes: Number(nodes) }, terminal);
}

async function withLab(request: 'status' | 'traffic', terminal: Terminal, show: (answer: unknown) => ExitCode): Promise<ExitCode> {
  if (!mayHold(terminal)) return ExitCode.badInput;
  const [pid] = owners();
  if (pid === undefined) {
    terminal.err('ringfence lab: no lab is up; bring one up with: ringfence lab up PATH...\n');
    return ExitCode.findings;
  }
  try {
    return show(await askLab(pid, request));
  } catch (error) {
    return refuse(messageOf(error), terminal);
  }
}

async function takeDown(pid: number): Promise<void> {
  try {
    await askLab(pid, 'down');
  } catch {
    end(pid, 'SIGTERM');
  }
  const deadline = performance.now() + PATIENCE_MS;
  while (isOwnerAlive(pid)) {
    if (performance.now() > deadline) end(pid, 'SIGKILL');
    await pause(20);
  }
}

// Its number is certain, for the time it started is noted.
function end(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended by itself
  }
}

function showStatus(status: LabStatus, { output }: LabShowOptions, terminal: Terminal): void {
  if (output === 'json') printJson(status, terminal);
  else terminal.out(statusText(status, terminal.columns));
}

function mayHold(terminal: Terminal): boolean {
  const obstacle = labObstacle();
  if (obstacle !== undefined) terminal.err(`ringfence lab: a lab is made of network namespaces: ${obstacle}\n`);
  return obstacle === undefined;
}

function refuse(why: string, terminal: Terminal): ExitCode {
  terminal.err(`${cleanText(`ringfence lab: ${why}`)}\n`);
  return ExitCode.badInput;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
