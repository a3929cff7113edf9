export type { AddedRule, ProposalEdit } from './proposal-edit.ts';
export type { ReviewCommand, ReviewContext, ReviewDecision, ShownProposal } from './review-command.ts';
export type { Actor, ApprovedWorkload, RejectedWorkload, ReviewEntry, ReviewEvent } from './review-event.ts';
export type { Decided, Rejection, ReviewState, RevisionRecord, RevisionStatus, ScopedSettings, Setting, StandingApproval, StandingEdit } from './review-state.ts';
