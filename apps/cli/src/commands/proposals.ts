import { workloadKey } from '#model';
import { type ProposalSummaryShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { allPages } from '../live/all-pages.ts';
import { sinceApprovalText } from '../live/comparison-text.ts';
import { type LiveOptions, withController } from '../live/live-command.ts';
import { shareText } from '../live/live-text.ts';
import { printJson } from '../output/json.ts';
import { say } from '../output/prose.ts';
import { formatGroups, formatTable } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

export interface ProposalsOptions extends LiveOptions {
  readonly namespace?: string;
  readonly standing?: ProposalSummaryShape['standing'];
  readonly ready: boolean;
}

const MOST = 20_000;

const WIDE = 110;

/** `ringfence proposals`: what is proposed, one line a workload. */
export function runProposals(options: ProposalsOptions, terminal: Terminal): Promise<ExitCode> {
  const { namespace, standing, ready } = options;
  return withController('proposals', options, terminal, async (client) => {
    const { items } = await allPages(MOST, terminal, (page) => client.ask(routes.proposals, { query: { ...page, namespace, standing, ready: ready ? true : undefined } }));
    if (options.output === 'json') printJson({ proposals: items }, terminal);
    else printProposals(items, terminal);
    return ExitCode.fine;
  });
}

function printProposals(proposals: readonly ProposalSummaryShape[], terminal: Terminal): void {
  if (proposals.length === 0) {
    terminal.out('nothing of that kind is proposed\n');
    return;
  }
  const rows = proposals.map((one) => [workloadKey(one.workload), one.standing, one.mode, `${one.ingress}/${one.egress}`, rulesText(one), shareText(one.coverage), nextText(one)]);
  const head = ['WORKLOAD', 'STANDS', 'MODE', 'IN/OUT', 'RULES', 'LEARNED', 'NEXT'];
  // seven columns leave a name no room in a narrow terminal
  const groups = rows.map(([title = '', ...cells]) => ({ title, rows: [{ cells: cells.slice(0, -1), note: cells.at(-1) ?? '' }] }));
  terminal.out(terminal.columns < WIDE ? formatGroups(head.slice(1, -1), groups, terminal.columns) : formatTable(head, rows, terminal.columns));
  const ready = proposals.filter(isApprovable).length;
  say(`\n${String(proposals.length)} workloads, ${String(ready)} ready to approve; ringfence show WORKLOAD has the rules\n`, terminal);
}

/** Something new that a person could approve now. */
export function isApprovable({ isReady, standing, brokenInvariants }: ProposalSummaryShape): boolean {
  return isReady && (standing === 'proposed' || standing === 'edited') && brokenInvariants.length === 0;
}


function rulesText({ rules, undeclared, notExercised, quarantined }: ProposalSummaryShape): string {
  const parts = [
    ...(undeclared > 0 ? [`${String(undeclared)} undeclared`] : []),
    ...(notExercised > 0 ? [`${String(notExercised)} unseen`] : []),
    ...(quarantined > 0 ? [`${String(quarantined)} quarantined`] : []),
  ];
  return [String(rules), ...parts].join(', ');
}

function nextText(one: ProposalSummaryShape): string {
  const [broken] = one.brokenInvariants;
  if (broken !== undefined) return `cannot be approved: ${broken}`;
  const since = sinceApprovalText(one);
  if (one.standing === 'approved') return since === '' ? `in force since revision ${String(one.inForce?.revision ?? '')}` : `in force; ${since}`;
  if (one.standing === 'rejected') return 'silent until the evidence changes';
  const returned = one.rejectedBefore === undefined ? '' : 'back after a rejection; ';
  return `${returned}${isApprovable(one) ? (since === '' ? 'ready' : `ready; ${since}`) : (one.waitsFor[0] ?? '')}`;
}
