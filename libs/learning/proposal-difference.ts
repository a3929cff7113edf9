import type { Direction, DirectionProposal, Proposal, ProposedRule } from '#model';

import { evidenceClass } from './evidence-class.ts';
import { meaningOf } from './rule-draft.ts';

/** A rule that lets through the same as before, and of which something else is different: one sentence each. */
export interface RuleChange {
  readonly rule: ProposedRule;
  readonly what: readonly string[];
}

/** What is different in one direction between two proposals. */
export interface DirectionDifference {
  readonly direction: Direction;
  readonly before: 'open' | 'closed';
  readonly now: 'open' | 'closed';
  readonly added: readonly ProposedRule[];
  /** Rules of before that are not there any more; empty where nothing is closed now. */
  readonly gone: readonly ProposedRule[];
  readonly changed: readonly RuleChange[];
}

/**
 * Compares two proposals rule by rule, by the peers and ports they let through: equal rules are no
 * difference, whoever named them. Ingress first.
 */
export function proposalDifference(before: Proposal, now: Proposal): readonly DirectionDifference[] {
  return (['ingress', 'egress'] as const).map((direction) => directionDifference(direction, before[direction], now[direction]));
}

function directionDifference(direction: Direction, before: DirectionProposal, now: DirectionProposal): DirectionDifference {
  const [old, proposed] = [rulesOf(before), rulesOf(now)];
  const known = matched(old, proposed);
  const kept = new Set(known.values());
  const changed = proposed.flatMap((rule): readonly RuleChange[] => {
    const was = known.get(rule);
    const what = was === undefined ? [] : changesOf(was, rule);
    return what.length === 0 ? [] : [{ rule, what }];
  });
  return {
    direction,
    before: before.kind,
    now: now.kind,
    added: proposed.filter((rule) => !known.has(rule)),
    gone: now.kind === 'open' ? [] : old.filter((rule) => !kept.has(rule)),
    changed,
  };
}

/** What each proposed rule was before: the one of the same meaning, else one for the same peers and ports, whatever is spoken there. */
function matched(old: readonly ProposedRule[], proposed: readonly ProposedRule[]): ReadonlyMap<ProposedRule, ProposedRule> {
  const found = new Map<ProposedRule, ProposedRule>();
  let left = old;
  for (const name of [meaningOf, reachOf]) {
    const byName = new Map(left.map((rule) => [name(rule), rule]));
    for (const rule of proposed) {
      const was = found.has(rule) ? undefined : byName.get(name(rule));
      if (was === undefined) continue;
      found.set(rule, was);
      byName.delete(name(rule));
    }
    const taken = new Set(found.values());
    left = left.filter((rule) => !taken.has(rule));
  }
  return found;
}

function reachOf({ peers, ports }: ProposedRule): string {
  return meaningOf({ peers, ports });
}

function changesOf(was: ProposedRule, now: ProposedRule): readonly string[] {
  const what: string[] = [];
  const [before, after] = [sayingOf(was), sayingOf(now)];
  if (before !== after) what.push(`it was ${before}, and is ${after}`);
  if (was.application !== now.application) what.push(now.application === undefined ? `nothing says any more that ${was.application ?? ''} is spoken there` : `it is meant for ${now.application}${was.application === undefined ? '' : `, and was for ${was.application}`}`);
  if (was.expiresAt !== now.expiresAt) what.push(now.expiresAt === undefined ? 'it would not end any more' : was.expiresAt === undefined ? 'it would end' : `it would end ${now.expiresAt < was.expiresAt ? 'sooner' : 'later'}`);
  if ((was.enforceApplication ?? false) !== (now.enforceApplication ?? false)) what.push(`what speaks something else would ${now.enforceApplication === true ? '' : 'not '}be refused`);
  return what;
}

function sayingOf(rule: ProposedRule): string {
  if (isByHand(rule)) return 'added by a person';
  switch (evidenceClass(rule)) {
    case 'both':
      return 'declared and observed';
    case 'declared':
      return 'declared and not observed';
    case 'observed':
      return 'observed and not declared';
    case 'built-in':
      return 'built in';
  }
}

/** Whether a person wrote it: no evidence asks for it, and none will. */
export function isByHand({ evidence }: Pick<ProposedRule, 'evidence'>): boolean {
  return evidence.length === 0;
}

export function rulesOf(direction: DirectionProposal): readonly ProposedRule[] {
  return direction.kind === 'closed' ? direction.rules : [];
}
