import { type OutputsShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { type LiveOptions, withController } from '../live/live-command.ts';
import { agoText } from '../live/live-text.ts';
import { OUTPUT_NAMES, standingText, whyText } from '../live/output-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import { say } from '../output/prose.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

type OutputShape = OutputsShape['outputs'][number];
type NamespaceShape = OutputShape['namespaces'][number];

/** `ringfence outputs`: what is realised on the API server and in the folder; exit 1 where something keeps a policy from it. */
export function runOutputs(options: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  return withController('outputs', options, terminal, async (client) => {
    const { outputs } = await client.ask(routes.outputs, {});
    if (options.output === 'json') printJson({ outputs }, terminal);
    else printOutputs(outputs, terminal);
    return outputs.some(({ policies: { drifted, conflict, refused, failed } }) => drifted + conflict + refused + failed > 0) ? ExitCode.findings : ExitCode.fine;
  });
}

function printOutputs(outputs: readonly OutputShape[], terminal: Terminal): void {
  const used = outputs.filter(({ namespaces }) => namespaces.length > 0);
  if (used.length === 0) say('no policy goes to the API server or to a folder: ringfence mode NAMESPACE --target networkpolicy\n', terminal);
  for (const [at, output] of used.entries()) printOutput(output, at > 0, terminal);
}

function printOutput({ output, place, lookedAt, healed, namespaces }: OutputShape, hasOthers: boolean, terminal: Terminal): void {
  const now = Date.now();
  const looked = lookedAt === undefined ? 'never looked at' : `looked at ${agoText(lookedAt, now)}`;
  const undone = healed === 0 ? '' : `, ${String(healed)} ${healed === 1 ? 'change' : 'changes'} of others undone`;
  say(`${hasOthers ? '\n' : ''}${cleanText(`${OUTPUT_NAMES[output]}${place === undefined ? '' : ` (${place})`}: ${looked}${undone}`)}\n`, terminal);
  const rows = namespaces.flatMap((one) => rowsOf(one, now));
  terminal.out(formatTable(['NAMESPACE OR POLICY', 'POLICIES', 'STATE', 'REVISION', 'SINCE', 'WHY'], rows, terminal.columns));
}

function rowsOf({ namespace, realisation, policies, troubled, moreTroubled, drift }: NamespaceShape, now: number): readonly (readonly string[])[] {
  const head = [namespace, String(policies), standingText(realisation), String(realisation.revision), agoText(realisation.since, now), driftText(drift, now)];
  const lines = troubled.map(({ name, realisation: one }) => [`${namespace}/${name}`, '', standingText(one), String(one.revision), agoText(one.since, now), whyText(one)]);
  return [head, ...lines, ...(moreTroubled === 0 ? [] : [[`and ${String(moreTroubled)} more`, '', '', '', '', '']])];
}

function driftText(drift: NamespaceShape['drift'], now: number): string {
  if (drift === undefined) return '';
  return `${drift.policy}: ${drift.what} ${agoText(drift.at, now)}${drift.healedAt === undefined ? '' : `, healed ${agoText(drift.healedAt, now)}`}`;
}
