import { assertNever, type Diagnostic, workloadKey, type WorkloadReview } from '#model';

import { type BrokenInvariant, brokenInvariants } from './broken-invariants.ts';
import { decideProject } from './decide-project.ts';
import { decideRemoval } from './decide-removal.ts';
import { decideSetting } from './decide-setting.ts';
import { decideTrials } from './decide-trials.ts';
import { editProposal } from './edit-proposal.ts';
import { policiesInForce } from './enforcement-layers.ts';
import { nextRevision, type NextRevision, type RevisionCommand } from './next-revision.ts';
import type { ProposalEdit } from './proposal-edit.ts';
import { conflict, note, problem, problemsOfWords, refused } from './refusal.ts';
import type { ReviewCommand, ReviewContext, ReviewDecision, ShownProposal } from './review-command.ts';
import type { ReviewState } from './review-state.ts';
import { type ReviewedProposal, reviewedProposal } from './reviewed-proposal.ts';

const LONGEST_ACTOR = 300;
/** More edits than a person makes to one proposal. */
const MOST_EDITS = 500;

/**
 * Says what a command does, as events for the journal, or why it may not.
 *
 * Decisions are about what was looked at: a command names the hash of the proposal it was made in
 * view of, and where that is not what is proposed now it is a `conflict`. No revision comes about that
 * breaks an invariant.
 *
 * Nothing is changed here; the events count once they are in the journal, right after the entry the
 * state ends with.
 */
export function decide(state: ReviewState, command: ReviewCommand, context: ReviewContext): ReviewDecision {
  const { name } = context.actor;
  if (name.trim() === '' || name.length > LONGEST_ACTOR) return refused(problem('actor-missing', command.kind, 'comes from nobody', 'say who decides, in up to 300 characters'));
  switch (command.kind) {
    case 'approve':
    case 'roll-back':
      return decideRevision(state, command, context);
    case 'reject':
      return decideRejection(state, command, context);
    case 'edit':
      return decideEdit(state, command, context);
    case 'discard-edits': {
      const { workload } = command;
      if (!state.edits.has(workloadKey(workload))) return refused(problem('edit-missing', workloadKey(workload), 'has no edits', 'nothing has to be done'));
      return { kind: 'events', events: [{ kind: 'edits-discarded', workload, by: context.actor }], notes: [] };
    }
    case 'set-mode':
    case 'set-fate':
    case 'set-target':
      return decideSetting(state, command, context);
    case 'set-project-node':
    case 'found-projects':
      return decideProject(state, command, context);
    case 'confirm-trials':
    case 'retry-trials':
      return decideTrials(command, context);
    case 'remove-node':
      return decideRemoval(command, context);
    default:
      return assertNever(command);
  }
}

/** The invariants the next revision would break, seen against what is in force. */
export function brokenByNext(state: ReviewState, next: NextRevision, context: ReviewContext): readonly BrokenInvariant[] {
  const { snapshot, invariants } = context;
  return invariants.length === 0 ? [] : brokenInvariants(policiesInForce(state, context), policiesInForce(next.after, context), snapshot, invariants, next.changed);
}

function decideRevision(state: ReviewState, command: RevisionCommand, context: ReviewContext): ReviewDecision {
  const next = nextRevision(state, command, context);
  if (next.kind !== 'next') return next;
  const broken = brokenByNext(state, next, context);
  if (broken.length > 0) return refused(...broken.map(({ workload, text, invariant }): Diagnostic => ({ ...problem('invariant-broken', workloadKey(workload), `would break an invariant: ${text}`, 'leave out or narrow the rule, or change the invariant'), origin: invariant.origin })));
  return { kind: 'events', events: [next.event], notes: next.notes };
}

function decideRejection(state: ReviewState, { items, reason }: ReviewCommand & { readonly kind: 'reject' }, context: ReviewContext): ReviewDecision {
  const words = problemsOfWords({ reason }, 'rejection');
  if (words.length > 0) return refused(...words);
  if (items.length === 0) return refused(problem('rejection-empty', 'rejection', 'names no workload', 'name at least one'));
  const keys = items.map(({ workload }) => workloadKey(workload));
  if (new Set(keys).size !== keys.length) return refused(problem('workload-twice', 'rejection', 'names a workload twice', 'name every workload once'));
  const found = items.map((item) => shown(state, item, context));
  const missing = found.flatMap((each) => (each.kind === 'shown' ? [] : [each]));
  const [first] = missing;
  if (first !== undefined) return { kind: missing.some(({ kind }) => kind === 'refused') ? 'refused' : first.kind, diagnostics: missing.flatMap(({ diagnostics }) => diagnostics) };
  const workloads = found.flatMap((each) => (each.kind === 'shown' ? [{ workload: each.review.workload, hash: each.reviewed.hash, evidenceHash: each.review.evidenceHash, proposal: each.reviewed.proposal }] : []));
  return { kind: 'events', events: [{ kind: 'rejected', workloads, by: context.actor, reason }], notes: [] };
}

function decideEdit(state: ReviewState, { item, edit, reason }: ReviewCommand & { readonly kind: 'edit' }, context: ReviewContext): ReviewDecision {
  const key = workloadKey(item.workload);
  const words = problemsOfWords(reason === undefined ? {} : { reason }, 'edit', false);
  if (words.length > 0) return refused(...words);
  const found = shown(state, item, context);
  if (found.kind !== 'shown') return found;
  if (found.reviewed.edits.length >= MOST_EDITS) return refused(problem('edits-too-many', key, `has ${String(MOST_EDITS)} edits already`, 'approve it, or discard them'));
  const problems = problemsOfEdit(edit, key, context);
  if (problems.length > 0) return refused(...problems);
  const result = editProposal(found.reviewed.proposal, edit, context.actor, context.digest);
  if (result.kind === 'misfit') return refused(problem('edit-unfitting', key, `cannot be edited so: ${result.why}`, 'look at what is proposed now'));
  return {
    kind: 'events',
    events: [{ kind: 'edited', workload: found.review.workload, edit, by: context.actor, ...(reason === undefined ? {} : { reason }) }],
    notes: notesOfEdit(edit, key, context),
  };
}

type Shown = { readonly kind: 'shown'; readonly review: WorkloadReview; readonly reviewed: ReviewedProposal } | Extract<ReviewDecision, { readonly kind: 'refused' | 'conflict' }>;

function shown(state: ReviewState, { workload, hash }: ShownProposal, { reviews, digest }: ReviewContext): Shown {
  const key = workloadKey(workload);
  const review = reviews.get(key);
  if (review === undefined) return refused(problem('proposal-missing', key, 'has no proposal', 'it may be gone, or not be known yet: list what is proposed'));
  const reviewed = reviewedProposal(state, review, digest);
  if (reviewed.hash !== hash) return conflict(problem('proposal-changed', key, 'is not proposed any more as it was shown', 'look at what is proposed now, then decide again'));
  return { kind: 'shown', review, reviewed };
}

function problemsOfEdit(edit: ProposalEdit, key: string, { now }: ReviewContext): readonly Diagnostic[] {
  const ends = edit.kind === 'set-expiry' ? edit.expiresAt : edit.kind === 'add-rule' ? edit.rule.expiresAt : undefined;
  if (typeof ends === 'number' && ends <= now) return [problem('expiry-past', key, 'would get a rule that ends before it begins', 'give a time that is still to come')];
  if (edit.kind !== 'add-rule') return [];
  const { rule } = edit;
  const problems = [...problemsOfWords({ reason: rule.why }, 'added rule')];
  if (rule.peers.length === 0 || rule.ports.length === 0) problems.push(problem('rule-empty', key, 'would get a rule that matches nothing', 'name at least one peer and one port, or any'));
  if (rule.enforceApplication === true && rule.application === undefined) problems.push(problem('rule-without-application', key, 'would get a rule that enforces an application it does not name', 'name the application'));
  return problems;
}

function notesOfEdit(edit: ProposalEdit, key: string, { snapshot }: ReviewContext): readonly Diagnostic[] {
  if (edit.kind !== 'add-rule') return [];
  const { peers } = edit.rule;
  const absent = peers === 'any' ? [] : peers.flatMap((peer) => (peer.kind === 'workload' && !snapshot.workloads.has(workloadKey(peer.workload)) ? [workloadKey(peer.workload)] : []));
  return [
    ...absent.map((peer) => note('peer-absent', key, `a rule names ${peer}, which is not there`, 'it opens nothing until there is such a workload')),
    ...(peers === 'any' ? [note('rule-for-anyone', key, 'a rule names any peer, addresses outside included', 'name the peers where they are known')] : []),
  ];
}
