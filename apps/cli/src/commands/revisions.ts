import { workloadKey } from '#model';
import { type RevisionShape, type RevisionSummaryShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { allPages } from '../live/all-pages.ts';
import { complain, type LiveOptions, withController } from '../live/live-command.ts';
import { actorText, dateText, peersText, portsText, timeText } from '../live/live-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import { foldProse } from '../output/prose.ts';
import { formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

const MOST = 10_000;

/** `ringfence revisions [N]`: every revision, newest first; or one with its policies. */
export async function runRevisions(number: string | undefined, options: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  if (number !== undefined && !/^\d{1,9}$/.test(number)) return complain('revisions', [`${number} is no revision number`], terminal);
  return withController('revisions', options, terminal, async (client) => {
    if (number !== undefined) {
      const revision = await client.ask(routes.revision, { params: { number } });
      if (options.output === 'json') printJson({ revisions: [revision] }, terminal);
      else printRevision(revision, terminal);
      return ExitCode.fine;
    }
    const { items } = await allPages(MOST, terminal, (page) => client.ask(routes.revisions, { query: page }));
    if (options.output === 'json') printJson({ revisions: items }, terminal);
    else printRevisions(items, terminal);
    return ExitCode.fine;
  });
}

function printRevisions(revisions: readonly RevisionSummaryShape[], terminal: Terminal): void {
  const rows = revisions.map((one) => [String(one.number), one.status, dateText(one.at), actorText(one.by), changedText(one), `${one.reason ?? ''}${one.ticket === undefined ? '' : ` (${one.ticket})`}`]);
  terminal.out(rows.length === 0 ? 'nothing was approved yet\n' : formatTable(['REVISION', 'STATUS', 'AT', 'BY', 'CHANGED', 'REASON'], rows, terminal.columns));
}

function changedText({ changed, restored }: RevisionSummaryShape): string {
  if (restored !== undefined) return `back to ${restored === 0 ? 'nothing' : `revision ${String(restored)}`}`;
  const [first] = changed;
  return first === undefined ? 'nothing' : `${workloadKey(first)}${changed.length > 1 ? ` and ${String(changed.length - 1)} more` : ''}`;
}

function printRevision(revision: RevisionShape, terminal: Terminal): void {
  const now = Date.now();
  const heading = `revision ${String(revision.number)} (${revision.status}), ${timeText(revision.at, now)}, by ${actorText(revision.by)}: ${revision.reason ?? ''}`;
  terminal.out(`${foldProse(cleanText(heading), terminal.proseColumns)}\n`);
  for (const policy of revision.policies) {
    terminal.out(`\n${cleanText(`${policy.name}, from ${policy.file}`)}\n`);
    const rows = (['ingress', 'egress'] as const).flatMap((direction) => {
      const rules = policy[direction];
      if (rules === undefined) return [[direction, '', '', 'left open']];
      return rules.length === 0 ? [[direction, '', '', 'closed']] : rules.map((rule) => [direction, peersText(rule.peers), portsText(rule.ports), rule.why ?? rule.id]);
    });
    terminal.out(formatTable(['', 'PEERS', 'PORTS', 'WHY'], rows, terminal.columns));
  }
}
