import { workloadKey } from '#model';
import { type DirectionProposalShape, type ProposalShape, type RuleShape, routes } from '#operator-api';

import { ExitCode } from '../exit-code.ts';
import { comparisonLines, type Line, returnedLines } from '../live/comparison-text.ts';
import { complain, type LiveOptions, withController } from '../live/live-command.ts';
import { actorText, agoText, coverageText, dateText, kindsText, peersText, portsText, readWorkload, timeText } from '../live/live-text.ts';
import { cleanText } from '../output/clean-text.ts';
import { printJson } from '../output/json.ts';
import { wrapText } from '../output/table.ts';
import type { Terminal } from '../terminal.ts';

/** `ringfence show WORKLOAD`: what is proposed for it, rule by rule with its evidence, and how much was learned. */
export async function runShow(name: string | undefined, options: LiveOptions, terminal: Terminal): Promise<ExitCode> {
  const workload = name === undefined ? undefined : readWorkload(name);
  if (workload === undefined) return complain('show', ['name the workload as namespace/kind/name, such as shop/Deployment/web', 'ringfence proposals lists them'], terminal);
  return withController('show', options, terminal, async (client) => {
    const proposal = await client.ask(routes.proposal, { params: workload });
    if (options.output === 'json') printJson(proposal, terminal);
    else terminal.out(proposalText(proposal, terminal.columns, Date.now()));
    return ExitCode.fine;
  });
}

/** The whole proposal for people. */
export function proposalText(shown: ProposalShape, columns: number, now: number): string {
  const { workload, standing, mode, inForce, rejection, edits, misfits, awaitedRuns, coverage, waitsFor, brokenInvariants } = shown;
  const lines: Line[] = [
    { text: `${workloadKey(workload)}: ${standing}, mode ${mode}` },
    { text: `learned  ${coverageText(coverage)}` },
    { indent: 9, text: `relationships seen: ${String(coverage.seen)}, of which showed once only: ${String(coverage.seenOnce)}; hours watched: ${String(coverage.buckets)}` },
    ...coverage.lowered.map((text) => ({ indent: 9, text: `lowered: ${text}` })),
    ...(inForce === undefined ? [] : [{ text: `in force since revision ${String(inForce.revision)}, approved by ${actorText(inForce.by)} ${timeText(inForce.at, now)}${inForce.reason === undefined ? '' : `: ${inForce.reason}`}` }]),
    ...(rejection === undefined ? [] : [{ text: `rejected by ${actorText(rejection.by)} ${timeText(rejection.at, now)}: ${rejection.reason ?? ''}` }]),
    ...returnedLines(shown, now),
    ...edits.map(({ edit, by, at }) => ({ text: `edited by ${actorText(by)} ${agoText(at, now)}: ${edit.kind} in ${edit.direction}` })),
    ...misfits.map((text) => ({ indent: 2, text: `an edit does nothing: ${text}` })),
    ...comparisonLines(shown, now),
    ...brokenInvariants.map((text) => ({ text: `CANNOT BE APPROVED: ${text}` })),
    ...(waitsFor.length === 0 ? [{ text: 'ready to approve' }] : [{ text: 'not ready:' }, ...waitsFor.map((text) => ({ indent: 2, text: `- ${text}${nextRunText(text, awaitedRuns, now)}` }))]),
    { text: '' },
    ...directionLines('ingress', shown.proposal.ingress, shown),
    { text: '' },
    ...directionLines('egress', shown.proposal.egress, shown),
    { text: '' },
    { text: `hash ${shown.hash}` },
  ];
  return lines.map(({ indent = 0, text }) => layOut(indent, cleanText(text), columns)).join('');
}

function layOut(indent: number, text: string, columns: number): string {
  const margin = ' '.repeat(indent);
  return wrapText(text, Math.max(20, columns - indent)).split('\n').map((line) => `${line === '' ? '' : margin}${line}\n`).join('');
}

// What is waited for names the workload that has to run; when that is stands beside it.
function nextRunText(text: string, runs: ProposalShape['awaitedRuns'], now: number): string {
  const next = runs.find(({ workload }) => text.startsWith(`${workloadKey(workload)} `))?.next;
  return next === undefined ? '' : `, next ${timeText(next, now)}`;
}

function directionLines(direction: 'ingress' | 'egress', proposed: DirectionProposalShape, shown: ProposalShape): readonly Line[] {
  const way = direction === 'ingress' ? 'INGRESS (who may reach it)' : 'EGRESS (what it may reach)';
  if (proposed.kind === 'open') return [{ text: `${way}: left open` }, { indent: 2, text: proposed.why }, ...previewLines(direction, shown)];
  const head = [{ text: `${way}: closed but for ${rulesText(proposed.rules.length)}` }, { indent: 2, text: proposed.why }];
  return [...head, ...proposed.rules.flatMap((rule) => ruleLines(direction, rule, shown.quarantine, shown.leftOutBefore))];
}

/** What would apply if it were closed on what is known now: nothing an approval brings about. */
function previewLines(direction: 'ingress' | 'egress', { preview }: ProposalShape): readonly Line[] {
  const closed = preview[direction];
  if (closed === undefined) return [];
  const head = closed.rules.length === 0 ? 'not enforced; closed on what is known now, nothing would get through' : `not enforced; closed on what is known now, it would be closed but for ${rulesText(closed.rules.length)}:`;
  return [{ indent: 2, text: head }, ...closed.rules.flatMap((rule) => ruleLines(direction, rule, closed.quarantine, []))];
}

function rulesText(count: number): string {
  return `${String(count)} ${count === 1 ? 'rule' : 'rules'}`;
}

function ruleLines(direction: 'ingress' | 'egress', rule: RuleShape, quarantine: ProposalShape['quarantine'], leftOutBefore: ProposalShape['leftOutBefore']): readonly Line[] {
  const reasons = quarantine.find((one) => one.direction === direction && one.rule === rule.id)?.reasons ?? [];
  const spoken = rule.application === undefined ? '' : ` speaking ${rule.application}${rule.enforceApplication === true ? ' (enforced)' : ''}`;
  const sure = rule.confidence === undefined ? '' : `, ${String(Math.round(rule.confidence * 100))} % sure`;
  return [
    { text: '' },
    { indent: 2, text: `${direction === 'ingress' ? 'from' : 'to'} ${peersText(rule.peers)}, ${portsText(rule.ports)}${spoken}` },
    { indent: 4, text: `${kindsText(rule)}${sure}: ${rule.why ?? ''}` },
    ...rule.evidence.map(({ kind, text, where }) => ({ indent: 4, text: `${kind}: ${text} (${where})` })),
    ...rule.widenings.map((text) => ({ indent: 4, text: `WIDER than its evidence: ${text}` })),
    ...reasons.map((text) => ({ indent: 4, text: `QUARANTINED, a person has to decide: ${text}` })),
    ...(leftOutBefore.includes(rule.id) ? [{ indent: 4, text: 'was left out of the approval in force' }] : []),
    ...(rule.expiresAt === undefined ? [] : [{ indent: 4, text: `ends ${dateText(rule.expiresAt)}` }]),
    { indent: 4, text: `id ${rule.id}` },
  ];
}
