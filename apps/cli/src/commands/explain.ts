import { placeExamplePods } from '#inventory';
import { type Connection, type Decision, type Proposal, type Snapshot, workloadKey } from '#model';
import { connectionsBetween, type EndReading, explain, type ExplainedSide, type Explanation, readEnd, readPort } from '#policy';

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

export interface ExplainOptions {
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly application?: string;
  readonly tier: TierChoice;
  readonly defaultNamespace?: string;
  readonly output: 'table' | 'json';
}

/** A connection's explanation, with how many connections between the same ends have the very same one. */
interface Answer {
  readonly explanation: Explanation;
  count: number;
}

/** `ringfence explain`: the verdict on a connection, and at each end the rules that allowed it or the absence that denied it. */
export function runExplain(paths: readonly string[], options: ExplainOptions, terminal: Terminal): ExitCode {
  if (!requirePaths(paths, terminal)) return ExitCode.badInput;
  if (!requireOption('--from', options.from, terminal) || !requireOption('--to', options.to, terminal)) return ExitCode.badInput;
  if (!requireOption('--port', options.port, terminal)) return ExitCode.badInput;
  const port = readPort(options.port);
  if (port === undefined) return refuse(`--port ${options.port}: give a port and protocol, such as 5432/TCP, 53/UDP or ICMP`, terminal);
  const { snapshot, diagnostics } = readInput(paths, options, terminal);
  const placed = placeExamplePods(snapshot, { nodes: 1 });
  const set = policySet(placed, options.tier);
  const isComplete = reportInput([...diagnostics, ...set.diagnostics], terminal);
  const ends: readonly EndReading[] = [readEnd(options.from, placed), readEnd(options.to, placed)];
  for (const end of ends) if (end.kind === 'problem') return refuse(end.text, terminal);
  const [from = [], to = []] = ends.map((end) => (end.kind === 'ends' ? end.ends : []));
  const about = { ...port, ...(options.application === undefined ? {} : { application: options.application }) };
  const connections = connectionsBetween(from, to, about);
  if (connections.length === 0) return refuse(`${options.from} and ${options.to} have no addresses of one family`, terminal);
  const answers = answersFor(connections, set, placed);
  if (options.output === 'json') printJson(explainOutput(answers, set), terminal);
  else printAnswers(answers, set, terminal);
  return isComplete ? ExitCode.fine : ExitCode.badInput;
}

function refuse(text: string, terminal: Terminal): ExitCode {
  terminal.err(`ringfence explain: ${cleanText(text)}\n`);
  return ExitCode.badInput;
}

function answersFor(connections: readonly Connection[], set: PolicySet, snapshot: Snapshot): readonly Answer[] {
  const answers = new Map<string, Answer>();
  for (const connection of connections) {
    const explanation = explain(set.revision, snapshot, connection);
    const key = JSON.stringify([connection.from.address.family, explanation.verdict.decision, explanation.verdict.reasons.map(({ policy, rule, effect }) => [policy, rule, effect])]);
    const same = answers.get(key);
    if (same === undefined) answers.set(key, { explanation, count: 1 });
    else same.count += 1;
  }
  return [...answers.values()];
}

function overall(answers: readonly Answer[]): Decision | 'mixed' {
  const decisions = new Set(answers.map(({ explanation }) => explanation.verdict.decision));
  const [first = 'unknown'] = decisions;
  return decisions.size === 1 ? first : 'mixed';
}

function printAnswers(answers: readonly Answer[], set: PolicySet, terminal: Terminal): void {
  say(`${overall(answers).toUpperCase()} ${policySetLine(set)}\n`, terminal);
  for (const { explanation, count } of answers) {
    const { connection, verdict, sides } = explanation;
    const others = count === 1 ? '' : ` (and ${String(count - 1)} more alike)`;
    const spoken = connection.application === undefined ? '' : ` speaking ${connection.application}`;
    say(`\n${verdict.decision}: ${endText(connection.from)} -> ${endText(connection.to)} ${portName(connection.port, connection.protocol)}${cleanText(spoken)}${others}\n`, terminal);
    for (const side of sides) printSide(side, openReason(side, connection, set), terminal);
  }
}

function printSide(side: ExplainedSide, openBecause: string | undefined, terminal: Terminal): void {
  say(`  ${side.direction} of ${cleanText(side.subject)}: ${side.isAllowed ? 'allowed' : 'denied'}\n`, terminal);
  for (const { text } of side.reasons) say(`    ${cleanText(text)}\n`, terminal);
  if (openBecause !== undefined) say(`    left open because ${cleanText(openBecause)}\n`, terminal);
  for (const { text } of side.missing) say(`    ${cleanText(text)}\n`, terminal);
}

// Generated policies leave directions open on purpose; the proposal says why.
function openReason(side: ExplainedSide, connection: Connection, set: PolicySet): string | undefined {
  const end = side.direction === 'egress' ? connection.from : connection.to;
  if (end.kind !== 'pod' || set.segmentation === undefined || side.policies.length > 0) return undefined;
  const key = workloadKey(end.pod.workload);
  const proposal: Proposal | undefined = set.segmentation.proposals.find(({ workload }) => workloadKey(workload) === key);
  const direction = proposal?.[side.direction];
  return direction?.kind === 'open' ? direction.why : undefined;
}

function explainOutput(answers: readonly Answer[], set: PolicySet): unknown {
  return {
    verdict: overall(answers),
    policies: set.kind,
    connections: answers.map(({ explanation: { connection, verdict, sides }, count }) => ({
      from: endOutput(connection.from),
      to: endOutput(connection.to),
      port: connection.port,
      protocol: connection.protocol,
      ...(connection.application === undefined ? {} : { application: connection.application }),
      decision: verdict.decision,
      alike: count,
      sides: sides.map((side) => {
        const openBecause = openReason(side, connection, set);
        return {
          direction: side.direction,
          subject: side.subject,
          isAllowed: side.isAllowed,
          policies: side.policies,
          reasons: side.reasons.map(({ effect, policy, rule, text }) => ({ effect, ...(policy === undefined ? {} : { policy }), ...(rule === undefined ? {} : { rule }), text })),
          ...(openBecause === undefined ? {} : { openBecause }),
          ...(side.missing.length === 0 ? {} : { missing: side.missing.map(({ text }) => text).join('; ') }),
        };
      }),
    })),
  };
}
