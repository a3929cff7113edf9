import { readFileSync } from 'node:fs';

import { LineCounter, parseDocument } from 'yaml';

import { placeExamplePods } from '#inventory';
import type { Diagnostic, Json } from '#model';
import { checkInvariants, type Invariant, type InvariantResult, readInvariants } from '#policy';

import { ExitCode } from '../exit-code.ts';
import { readInput, reportInput } from '../offline/input.ts';
import { type PolicySet, policySet, policySetLine, type TierChoice } from '../offline/segmentation.ts';
import { requireOption, requirePaths } from '../offline/usage.ts';
import { cleanText } from '../output/clean-text.ts';
import { endOutput, endText } from '../output/connection-end.ts';
import { printJson } from '../output/json.ts';
import { portName } from '../output/peer-name.ts';
import { say } from '../output/prose.ts';
import type { Terminal } from '../terminal.ts';

export interface VerifyOptions {
  readonly invariants?: string;
  readonly tier: TierChoice;
  readonly defaultNamespace?: string;
  readonly output: 'table' | 'json';
}

/** `ringfence verify`: invariants as tests, with a counter-example for each that does not hold. */
export function runVerify(paths: readonly string[], options: VerifyOptions, terminal: Terminal): ExitCode {
  if (!requirePaths(paths, terminal) || !requireOption('--invariants', options.invariants, terminal)) return ExitCode.badInput;
  const read = invariantsOf(options.invariants, terminal);
  if (read === undefined) return ExitCode.badInput;
  const { snapshot, diagnostics } = readInput(paths, options, terminal);
  const placed = placeExamplePods(snapshot, { nodes: 1 });
  const set = policySet(placed, options.tier);
  const isComplete = reportInput([...diagnostics, ...set.diagnostics, ...read.diagnostics], terminal);
  const results = checkInvariants(set.revision, placed, read.invariants);
  if (options.output === 'json') printJson(verifyOutput(results, set), terminal);
  else printResults(results, set, terminal);
  if (!isComplete) return ExitCode.badInput;
  return results.every(({ outcome }) => outcome === 'holds') ? ExitCode.fine : ExitCode.findings;
}

interface InvariantsRead {
  readonly invariants: readonly Invariant[];
  readonly diagnostics: readonly Diagnostic[];
}

function invariantsOf(file: string, terminal: Terminal): InvariantsRead | undefined {
  try {
    const text = file === '-' ? terminal.readStdin() : readFileSync(file, 'utf8');
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines });
    const [broken] = document.errors;
    if (broken !== undefined) throw new Error(`line ${String(lines.linePos(broken.pos[0]).line)}: ${broken.message.split('\n')[0] ?? ''}`);
    return readInvariants(document.toJS({ maxAliasCount: 100 }) as Json, { file, line: 1 });
  } catch (error) {
    terminal.err(`ringfence verify: read ${cleanText(file)}: ${cleanText(error instanceof Error ? error.message : String(error))}\n`);
    return undefined;
  }
}

const WORDS = { holds: 'holds', violated: 'VIOLATED', unknown: 'UNKNOWN' } as const;

function printResults(results: readonly InvariantResult[], set: PolicySet, terminal: Terminal): void {
  say(`${String(results.length)} invariants ${policySetLine(set)}\n`, terminal);
  for (const { invariant, outcome, text, counterExample } of results) {
    say(`\n${WORDS[outcome].padEnd(9)}${cleanText(invariant.name)}\n         ${cleanText(text)}\n`, terminal);
    if (counterExample === undefined) continue;
    const { from, to, port, protocol } = counterExample.connection;
    say(`         ${counterExample.verdict.decision}: ${endText(from)} -> ${endText(to)} ${portName(port, protocol)}\n`, terminal);
    for (const reason of counterExample.verdict.reasons) say(`           ${reason.direction}: ${cleanText(reason.text)}\n`, terminal);
  }
}

function verifyOutput(results: readonly InvariantResult[], set: PolicySet): unknown {
  return {
    policies: set.kind,
    invariants: results.map(({ invariant, outcome, text, counterExample }) => ({
      name: invariant.name,
      outcome,
      text,
      ...(counterExample === undefined ? {} : { counterExample: exampleOutput(counterExample) }),
    })),
  };
}

function exampleOutput({ connection: { from, to, port, protocol }, verdict }: NonNullable<InvariantResult['counterExample']>): unknown {
  return {
    from: endOutput(from),
    to: endOutput(to),
    port,
    protocol,
    decision: verdict.decision,
    reasons: verdict.reasons.map(({ direction, text }) => ({ direction, text })),
  };
}
