import { placeExamplePods } from '#inventory';
import { comparePrefixes, type Snapshot, workloadKey } from '#model';
import { adoptPolicies, type ChangedApplication, type ChangedEnd, type ConnectivityChange, type ConnectivityDiff, diff, formatPorts, type PolicyWorld } from '#policy';

import { ExitCode } from '../exit-code.ts';
import { type Input, readInput, reportInput } from '../offline/input.ts';
import { withPlaceholders } from '../offline/placeholder-workloads.ts';
import { segment, type TierChoice } from '../offline/segmentation.ts';
import { printJson } from '../output/json.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface DiffOptions {
  readonly exitCode: boolean;
  readonly tier: TierChoice;
  readonly defaultNamespace?: string;
  readonly output: 'table' | 'json';
}

/**
 * `ringfence diff`: what opens and closes between two policy sets, by workload pair and port.
 *
 * Where one side holds policies, both sides are compared by the policies they hold; where neither
 * does, by the ones that would be generated. A side without workloads borrows the other's; where
 * neither has any, placeholders stand for the pods the policies select.
 */
export function runDiff(before: string | undefined, after: string | undefined, options: DiffOptions, terminal: Terminal): ExitCode {
  if (before === undefined || after === undefined) {
    terminal.err('ringfence diff: name the two files or folders to compare (see --help)\n');
    return ExitCode.badInput;
  }
  const inputs = [readInput([before], options, terminal), readInput([after], options, terminal)] as const;
  const isComplete = reportInput(inputs.flatMap(({ diagnostics }) => diagnostics), terminal);
  if (inputs.some(({ diagnostics }) => diagnostics.some(({ code }) => code === 'no-such-path'))) return ExitCode.badInput;
  const [old, now] = worldsOf(inputs, options.tier);
  const result = diff(old, now);
  if (options.output === 'json') printJson(diffOutput(result), terminal);
  else printDiff(result, terminal);
  if (!isComplete) return ExitCode.badInput;
  return options.exitCode && result.opened.length + result.closed.length > 0 ? ExitCode.findings : ExitCode.fine;
}

function worldsOf([before, after]: readonly [Input, Input], tier: TierChoice): readonly [PolicyWorld, PolicyWorld] {
  const policies = [...before.snapshot.policies, ...after.snapshot.policies];
  const sides = [before.snapshot, after.snapshot];
  const isPopulated = (snapshot: Snapshot): boolean => snapshot.workloads.size > 0 || snapshot.pods.size > 0;
  const populated = sides.find(isPopulated);
  const [old, now] = sides.map((own): PolicyWorld => {
    const people = isPopulated(own) ? own : (populated ?? withPlaceholders(mergedNamespaces(own, sides), policies));
    const snapshot = placeExamplePods({ ...people, policies: own.policies }, { nodes: 1 });
    const revision = policies.length > 0 ? adoptPolicies(own.policies) : segment(snapshot, tier).revision;
    return { revision, snapshot };
  });
  if (old === undefined || now === undefined) throw new Error('compare two policy sets: there are not two');
  return [old, now];
}

function mergedNamespaces(own: Snapshot, sides: readonly Snapshot[]): Snapshot {
  return { ...own, namespaces: new Map([...sides.flatMap(({ namespaces }) => [...namespaces]), ...own.namespaces]) };
}

function printDiff(result: ConnectivityDiff, terminal: Terminal): void {
  const rows = [
    ...result.opened.map((change) => ['opened', ...changeRow(change)]),
    ...result.closed.map((change) => ['closed', ...changeRow(change)]),
  ];
  terminal.out(formatTable(['', 'FROM', 'TO', 'PORTS', 'SPEAKS'], rows, terminal.columns));
  const counts = `${String(result.opened.length)} opened, ${String(result.closed.length)} closed`;
  terminal.out(rows.length === 0 ? 'no connectivity opens or closes\n' : `\n${counts}\n`);
  for (const [word, list] of [['only before', result.removed], ['only after', result.added]] as const) {
    if (list.length > 0) terminal.err(`not compared, ${word}: ${list.map(workloadKey).join(', ')}\n`);
  }
}

function changeRow({ from, to, ports, application }: ConnectivityChange): readonly string[] {
  return [endText(from), endText(to), formatPorts(ports), application === undefined ? '' : applicationText(application)];
}

const PREFIXES_SHOWN = 4;

function endText(end: ChangedEnd): string {
  if (end.kind === 'workload') return workloadKey(end.workload);
  const texts = [...end.prefixes].sort(comparePrefixes).map(({ text }) => text);
  const more = texts.length > PREFIXES_SHOWN ? ` and ${String(texts.length - PREFIXES_SHOWN)} more blocks` : '';
  return `outside: ${texts.slice(0, PREFIXES_SHOWN).join(' ')}${more}`;
}

function applicationText(application: ChangedApplication): string {
  return application.kind === 'only' ? application.application : `all but ${application.applications.join(', ')}`;
}

function diffOutput({ opened, closed, added, removed }: ConnectivityDiff): unknown {
  return { opened: opened.map(changeOutput), closed: closed.map(changeOutput), added, removed };
}

function changeOutput({ from, to, ports, application }: ConnectivityChange): unknown {
  return { from: endOutput(from), to: endOutput(to), ports, ...(application === undefined ? {} : { application }) };
}

function endOutput(end: ChangedEnd): unknown {
  return end.kind === 'workload' ? end.workload : { outside: [...end.prefixes].sort(comparePrefixes).map(({ text }) => text) };
}
