import { type DifferenceShape, type DirectionComparisonShape, type ProposalShape, type ProposalSummaryShape, type RuleShape } from '#operator-api';

import { kindsText, peersText, portsText, timeText } from './live-text.ts';

/** A line of something people read, how far it is set in. */
export interface Line {
  readonly indent?: number;
  readonly text: string;
}

type Direction = 'ingress' | 'egress';
const DIRECTIONS = ['ingress', 'egress'] as const satisfies readonly Direction[];

/** What an approval now would change of what is in force, and what is in force for nothing. */
export function comparisonLines(shown: ProposalShape, now: number): readonly Line[] {
  const { comparison, inForce } = shown;
  if (comparison === undefined || inForce === undefined) return [];
  const lines = DIRECTIONS.flatMap((direction) => directionLines(direction, comparison[direction], shown, now));
  if (lines.length === 0) return [{ text: `nothing is proposed beside revision ${String(inForce.revision)}` }];
  return [{ text: `against revision ${String(inForce.revision)}, which is in force:` }, ...lines];
}

function directionLines(direction: Direction, { approved, proposed, added, changed, missing, stale, unused }: DirectionComparisonShape, shown: ProposalShape, now: number): readonly Line[] {
  const rules = rulesOf(shown, direction);
  const named = (id: string): string => nameOf(direction, rules.get(id));
  const used = (each: { readonly lastSeen?: number | undefined; readonly unusedSince?: number | undefined }): string => useText(each, now);
  return [
    ...(approved === proposed ? [] : [{ indent: 2, text: `${direction} is ${approved}, and would be ${proposed}` }]),
    ...added.map((id) => ({ indent: 2, text: `+ new: ${named(id)} (${newText(id, rules.get(id), shown)})` })),
    ...changed.map(({ rule, what }) => ({ indent: 2, text: `~ changed: ${named(rule)}: ${what.join('; ')}` })),
    ...missing.map((each) => ({ indent: 2, text: `- would be taken away: ${nameOf(direction, each.rule)}: ${each.why}${used(each)}` })),
    ...stale.map((each) => ({ indent: 2, text: `- needed no more: ${nameOf(direction, each.rule)}: ${each.why}${used(each)}` })),
    ...unused.map((each) => ({ indent: 2, text: `? unused: ${named(each.rule)}: ${each.why}${used(each)}` })),
  ];
}

function newText(id: string, rule: RuleShape | undefined, { quarantineEnded, leftOutBefore }: ProposalShape): string {
  if (quarantineEnded.includes(id)) return 'was left out for being in quarantine, which it is no more';
  if (leftOutBefore.includes(id)) return 'was left out of the approval in force';
  return rule === undefined ? '' : kindsText(rule);
}

function useText({ lastSeen, unusedSince }: { readonly lastSeen?: number | undefined; readonly unusedSince?: number | undefined }, now: number): string {
  if (lastSeen !== undefined) return `, last used ${timeText(lastSeen, now)}`;
  return unusedSince === undefined ? '' : `, not once since ${timeText(unusedSince, now)}`;
}

/** Why a proposal that was rejected is back. */
export function returnedLines({ rejectedBefore, sinceRejection, proposal }: Pick<ProposalShape, 'rejectedBefore' | 'sinceRejection' | 'proposal'>, now: number): readonly Line[] {
  if (rejectedBefore === undefined) return [];
  const head = { text: `was rejected by ${rejectedBefore.by.name} ${timeText(rejectedBefore.at, now)} (${rejectedBefore.reason ?? ''}), and is back, for the evidence has changed:` };
  if (sinceRejection === undefined) return [head, { indent: 2, text: 'what was rejected was not noted then' }];
  const lines = DIRECTIONS.flatMap((direction) => differenceLines(direction, sinceRejection[direction], rulesOf({ proposal }, direction)));
  return [head, ...(lines.length === 0 ? [{ indent: 2, text: 'it allows what was rejected, on other evidence' }] : lines)];
}

function differenceLines(direction: Direction, { before, now, added, gone, changed }: DifferenceShape['ingress'], rules: ReadonlyMap<string, RuleShape>): readonly Line[] {
  const named = (id: string): string => nameOf(direction, rules.get(id));
  return [
    ...(before === now ? [] : [{ indent: 2, text: `${direction} was proposed ${before}, and is proposed ${now}` }]),
    ...added.map((id) => ({ indent: 2, text: `+ new: ${named(id)}` })),
    ...changed.map(({ rule, what }) => ({ indent: 2, text: `~ changed: ${named(rule)}: ${what.join('; ')}` })),
    ...gone.map((rule) => ({ indent: 2, text: `- gone: ${nameOf(direction, rule)}` })),
  ];
}

/** In a table: what an approval would change of what is in force; empty where nothing. */
export function sinceApprovalText({ sinceApproval, inForce, quarantineEnded }: ProposalSummaryShape): string {
  if (sinceApproval === undefined || inForce === undefined) return '';
  const { added, changed, missing, stale, unused } = sinceApproval;
  const parts = [...part(added, 'new'), ...part(quarantineEnded.length, 'out of quarantine'), ...part(changed, 'changed'), ...part(missing + stale, 'fewer'), ...part(unused, 'unused')];
  return parts.length === 0 ? '' : `${parts.join(', ')} since revision ${String(inForce.revision)}`;
}

function part(count: number, word: string): readonly string[] {
  return count === 0 ? [] : [`${String(count)} ${word}`];
}

function rulesOf({ proposal }: Pick<ProposalShape, 'proposal'>, direction: Direction): ReadonlyMap<string, RuleShape> {
  const proposed = proposal[direction];
  return new Map(proposed.kind === 'closed' ? proposed.rules.map((rule) => [rule.id, rule]) : []);
}

function nameOf(direction: Direction, rule: RuleShape | undefined): string {
  return rule === undefined ? direction : `${direction === 'ingress' ? 'from' : 'to'} ${peersText(rule.peers)}, ${portsText(rule.ports)}`;
}
