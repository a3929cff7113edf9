import { existsSync } from 'node:fs';

import { placeExamplePods } from '#inventory';
import type { Snapshot } from '#model';
import { connectivityShape, routes } from '#operator-api';
import { adoptPolicies, diff, type PolicyWorld } from '#policy';

import { ExitCode } from '../exit-code.ts';
import { complain, type LiveOptions, withController } from '../live/live-command.ts';
import { type Input, readInput, reportInput } from '../offline/input.ts';
import { withPlaceholders } from '../offline/placeholder-workloads.ts';
import { segment, type TierChoice } from '../offline/segmentation.ts';
import { printConnectivity } from '../output/connectivity-text.ts';
import { printJson } from '../output/json.ts';
import type { DiffShape } from '../schemas/diff-schema.ts';
import type { Terminal } from '../terminal.ts';

export interface DiffOptions extends LiveOptions {
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
 *
 * Revision numbers, or `proposals`, ask a controller instead: what opens and closes between two of
 * them, seen in the cluster as it is now. Without any: by approving everything that is proposed.
 */
export async function runDiff(before: string | undefined, after: string | undefined, options: DiffOptions, terminal: Terminal): Promise<ExitCode> {
  if ([before, after].every((side) => side === undefined || isLiveSide(side))) return runLiveDiff(before, after, options, terminal);
  if (before === undefined || after === undefined || [before, after].some(isLiveSide)) {
    return complain('diff', ['name the two files or folders to compare, two revision numbers, or nothing (see --help)'], terminal);
  }
  const inputs = [readInput([before], options, terminal), readInput([after], options, terminal)] as const;
  const isComplete = reportInput(inputs.flatMap(({ diagnostics }) => diagnostics), terminal);
  if (inputs.some(({ diagnostics }) => diagnostics.some(({ code }) => code === 'no-such-path'))) return ExitCode.badInput;
  const [old, now] = worldsOf(inputs, options.tier);
  const result = diff(old, now);
  const code = printResult(connectivityShape(result), options, terminal);
  return isComplete ? code : ExitCode.badInput;
}

// What is there by that name is a path, as it always was.
function isLiveSide(side: string): boolean {
  return /^(?:\d{1,9}|proposals)$/.test(side) && !existsSync(side);
}

/** Of a whole cluster more opens or closes than anybody reads. */
const CHANGES_SHOWN = 40;

function runLiveDiff(before: string | undefined, after: string | undefined, options: DiffOptions, terminal: Terminal): Promise<ExitCode> {
  return withController('diff', options, terminal, async (client) => {
    const current = async (): Promise<string> => String((await client.ask(routes.status, {})).revision);
    const sides = before === undefined ? { before: await current(), after: 'proposals' } : { before, after: after ?? (await current()) };
    terminal.progress('comparing');
    const result = await client.ask(routes.diff, { query: sides });
    terminal.progress('');
    const compared = { before: sideText(sides.before), after: sideText(sides.after) };
    if (options.output !== 'json') terminal.out(`from ${compared.before}\n  to ${compared.after}\n\n`);
    return printResult({ ...result, compared }, options, terminal, CHANGES_SHOWN);
  });
}

function sideText(side: string): string {
  if (side === 'proposals') return 'what would be in force if everything proposed now were approved';
  return side === '0' ? 'revision 0, where nothing is approved' : `revision ${side}`;
}

function printResult(result: DiffShape, options: DiffOptions, terminal: Terminal, most?: number): ExitCode {
  if (options.output === 'json') printJson(result, terminal);
  else printConnectivity(result, terminal, most);
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
