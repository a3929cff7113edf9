import { assertNever, type DirectionProposal, type Proposal, type ProposedRule } from '#model';
import { writePeers } from '#policy';

import { whyNotNarrower } from './narrowing.ts';
import type { ProposalEdit } from './proposal-edit.ts';
import { formatActor } from './revisions.ts';
import type { Actor } from './review-event.ts';

/** What came of one edit: a changed proposal, or why it does not fit this one. */
export type EditResult = { readonly kind: 'edited'; readonly proposal: Proposal } | { readonly kind: 'misfit'; readonly why: string };

type Digest = (text: string) => string;

/**
 * Makes one change to a proposal.
 *
 * A rule that lets through something else than before gets another id, made of the old one and of
 * what it lets through now, so the same edit gives the same id every time.
 */
export function editProposal(proposal: Proposal, edit: ProposalEdit, by: Actor, digest: Digest): EditResult {
  const before = proposal[edit.direction];
  if (before.kind === 'open') return misfit(edit.kind === 'leave-open' ? `${edit.direction} is proposed open already` : `${edit.direction} is proposed open, so it has no rules`);
  const changed = change(before, edit, by, digest);
  return typeof changed === 'string' ? misfit(changed) : { kind: 'edited', proposal: { ...proposal, [edit.direction]: changed } };
}

function misfit(why: string): EditResult {
  return { kind: 'misfit', why };
}

function change(direction: DirectionProposal & { readonly kind: 'closed' }, edit: ProposalEdit, by: Actor, digest: Digest): DirectionProposal | string {
  if (edit.kind === 'leave-open') return { kind: 'open', why: `${formatActor(by)} left it open` };
  if (edit.kind === 'add-rule') return addRule(direction, edit, by, digest);
  const at = direction.rules.findIndex(({ id }) => id === edit.rule);
  const rule = direction.rules[at];
  if (rule === undefined) return `${edit.direction} has no rule ${edit.rule}`;
  const changed = changedRule(rule, edit, digest);
  return typeof changed === 'string' ? changed : { ...direction, rules: direction.rules.toSpliced(at, 1, ...changed) };
}

function changedRule(rule: ProposedRule, edit: Exclude<ProposalEdit, { readonly kind: 'add-rule' | 'leave-open' }>, digest: Digest): readonly ProposedRule[] | string {
  switch (edit.kind) {
    case 'drop-rule':
      return [];
    case 'set-expiry':
      return [edit.expiresAt === 'never' ? withoutEnd(rule) : { ...rule, expiresAt: edit.expiresAt }];
    case 'enforce-application':
      if (rule.application === undefined) return `rule ${rule.id} names no application`;
      return [{ ...rule, enforceApplication: edit.isEnforced }];
    case 'narrow-rule': {
      const why = whyNotNarrower(rule, edit);
      if (why !== undefined) return why;
      const { peers = rule.peers, ports = rule.ports } = edit;
      return [{ ...rule, peers, ports, id: `${rule.id}-${shortDigest(digest, [writePeers(peers), ports])}` }];
    }
    default:
      return assertNever(edit);
  }
}

function addRule(direction: DirectionProposal & { readonly kind: 'closed' }, { direction: which, rule }: ProposalEdit & { readonly kind: 'add-rule' }, by: Actor, digest: Digest): DirectionProposal | string {
  const { why, ...content } = rule;
  const id = `${which}-added-${shortDigest(digest, [writePeers(rule.peers), rule.ports, rule.application ?? ''])}`;
  if (direction.rules.some((known) => known.id === id)) return `the same rule was added already (${id})`;
  const added: ProposedRule = { id, ...content, evidence: [], widenings: [], tier: 'strong', confidence: 1, why: `added by ${formatActor(by)}: ${why}` };
  return { ...direction, rules: [...direction.rules, added] };
}

function withoutEnd(rule: ProposedRule): ProposedRule {
  const lasting: { -readonly [K in keyof ProposedRule]: ProposedRule[K] } = { ...rule };
  delete lasting.expiresAt;
  return lasting;
}

function shortDigest(digest: Digest, content: unknown): string {
  return digest(JSON.stringify(content)).slice(0, 12);
}
