import type { Mismatch } from '../check/case-run.ts';
import { readCases } from '../check/case-files.ts';
import { CheckRun } from '../check/check-run.ts';
import { type Engine, evaluateEngine } from '../check/engine.ts';
import { ExitCode } from '../exit-code.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import type { Terminal } from '../terminal.ts';

export interface CheckOptions {
  readonly engine: 'evaluate' | 'trace' | 'kernel';
  /** Only the probes marked core. */
  readonly core: boolean;
  readonly output: 'table' | 'json';
}

const PROGRESS_EVERY_MS = 200;

/**
 * `ringfence check`: runs conformance cases against an engine.
 *
 * The last line of standard output is `N passed, N failed, N skipped`, counting probes: one that is
 * run in several placements, from scratch and incrementally, is one probe and passes if all agree.
 * Only disputed cases are skipped; what an engine does not support has failed. A line that is no
 * case is a message and the exit code 2, whatever the other lines give, for its probes are not known.
 */
export async function runCheck(paths: readonly string[], options: CheckOptions, terminal: Terminal): Promise<ExitCode> {
  if (paths.length === 0) {
    terminal.err('ringfence check: no input: name files of cases, one JSON object a line, or - for standard input\n');
    return ExitCode.badInput;
  }
  const engine = await engineCalled(options.engine, terminal);
  if (engine === undefined) return ExitCode.badInput;
  const mismatches: Mismatch[] = [];
  const isTable = options.output === 'table';
  const run = new CheckRun(engine, options.core, (mismatch) => {
    if (isTable) terminal.out(formatMismatch(mismatch));
    else mismatches.push(mismatch);
  });
  const isComplete = await runAll(paths, run, terminal).finally(() => engine.close?.());
  const { passed, failed, skipped } = run;
  if (isTable) terminal.out(`${String(passed)} passed, ${String(failed)} failed, ${String(skipped)} skipped\n`);
  else printJson({ engine: engine.name, passed, failed, skipped, mismatches: mismatches.map(mismatchOutput) }, terminal);
  if (!isComplete) return ExitCode.badInput;
  return failed > 0 ? ExitCode.findings : ExitCode.fine;
}

async function runAll(paths: readonly string[], run: CheckRun, terminal: Terminal): Promise<boolean> {
  let isComplete = true;
  let count = 0;
  let shownAt = 0;
  for await (const line of readCases(paths, terminal)) {
    if (line.kind === 'bad') {
      isComplete = false;
      terminal.err(`${cleanText(`${line.where}: error: ${line.why}`)}\n`);
      continue;
    }
    run.add(line.value);
    count += 1;
    const now = performance.now();
    if (now - shownAt < PROGRESS_EVERY_MS) continue;
    shownAt = now;
    terminal.progress(`${String(count)} cases, ${String(run.passed)} probes passed, ${String(run.failed)} failed`);
  }
  run.end();
  terminal.progress('');
  return isComplete;
}

// The compilers are only loaded where they are asked for.
async function engineCalled(name: CheckOptions['engine'], terminal: Terminal): Promise<Engine | undefined> {
  if (name === 'evaluate') return evaluateEngine;
  if (name === 'kernel') {
    const { openKernelEngine } = await import('../check/kernel-engine.ts');
    return openKernelEngine(terminal);
  }
  const { traceEngine } = await import('../check/trace-engine.ts');
  return traceEngine;
}

function formatMismatch({ case: name, probe, run, expected, got, decidedBy }: Mismatch): string {
  const family = probe.ipFamily === undefined ? '' : ` over IPv${String(probe.ipFamily)}`;
  const what = `${probe.from} -> ${probe.to} ${String(probe.port)}/${probe.protocol}${family}`;
  return `${cleanText(`${name}: ${what} (${run}): expected ${expected}, got ${got}`)}\n  ${cleanText(decidedBy)}\n`;
}

function mismatchOutput({ case: name, probe, run, expected, got, decidedBy }: Mismatch): unknown {
  const { from, to, port, protocol, ipFamily } = probe;
  return { case: name, probe: { from, to, port, protocol, ...(ipFamily === undefined ? {} : { ipFamily }) }, run, expected, got, decidedBy };
}
