import type { ConnectionFate, Diagnostic, Mode, ModeScope, OutputTarget, Snapshot, WorkloadRef, WorkloadReviews } from '#model';
import type { Invariant } from '#policy';

import type { ProposalEdit } from './proposal-edit.ts';
import type { Actor, ReviewEvent, TrialOnNode } from './review-event.ts';

/** A proposal as somebody saw it: the decision is about this and no later one. */
export interface ShownProposal {
  readonly workload: WorkloadRef;
  /** Of the proposal with its edits, as `reviewedProposal` gives it. */
  readonly hash: string;
}

/**
 * A proposal to be approved without the rules of `leaveOut`, and without those in quarantine but for
 * the ones of `admit`: nobody lets a doubtful connection in by not reading to the end.
 */
export interface ApprovalItem extends ShownProposal {
  readonly leaveOut?: readonly string[];
  readonly admit?: readonly string[];
}

/** What somebody wants to happen. */
export type ReviewCommand =
  | {
      /** All of them become one revision. */
      readonly kind: 'approve';
      readonly items: readonly ApprovalItem[];
      readonly reason: string;
      readonly ticket?: string;
      /** When every rule approved here ends that does not end sooner. */
      readonly expiresAt?: number;
      /** The current revision as it was shown; absent: whatever it is. */
      readonly base?: number;
    }
  | { readonly kind: 'reject'; readonly items: readonly ShownProposal[]; readonly reason: string }
  | { readonly kind: 'edit'; readonly item: ShownProposal; readonly edit: ProposalEdit; readonly reason?: string }
  | { readonly kind: 'discard-edits'; readonly workload: WorkloadRef }
  /** `to` 0 leaves nothing approved. */
  | { readonly kind: 'roll-back'; readonly to: number; readonly reason: string; readonly ticket?: string; readonly base?: number }
  /** The whole cluster is not set to enforce while a namespace is not, unless `skipsRamp`. `shown` is what a preview gave; anything else is a conflict. */
  | { readonly kind: 'set-mode'; readonly scope: ModeScope; readonly mode: Mode | 'cleared'; readonly reason?: string; readonly skipsRamp?: boolean; readonly shown?: string }
  | { readonly kind: 'set-fate'; readonly scope: ModeScope; readonly fate: ConnectionFate | 'cleared'; readonly reason?: string }
  | { readonly kind: 'set-target'; readonly namespace: string; readonly target: OutputTarget | 'cleared'; readonly reason?: string }
  /** A person's alone. */
  | { readonly kind: 'set-project-node'; readonly project: string; readonly node: string; readonly admission: 'admitted' | 'refused' | 'cleared'; readonly reason?: string }
  /** What these nodes have on trial stays; or what they had, and nobody confirmed, is tried again. A person's alone. */
  | { readonly kind: 'confirm-trials' | 'retry-trials'; readonly trials: readonly TrialOnNode[]; readonly reason?: string }
  /** A person's alone: nothing the node said counts any more. */
  | { readonly kind: 'remove-node'; readonly node: string; readonly reason?: string }
  /** The controller's own: who was first to have containers of projects nobody had. What is somebody's already is passed over. */
  | { readonly kind: 'found-projects'; readonly projects: readonly { readonly project: string; readonly node: string }[] };

/** What a decision is made in view of. */
export interface ReviewContext {
  readonly reviews: WorkloadReviews;
  readonly snapshot: Snapshot;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly actor: Actor;
  readonly invariants: readonly Invariant[];
  /** Whether the enforcers enforce policies of others as well, as where the cluster's network enforces none: all of them add up then. */
  readonly enforcesExisting?: boolean;
  /** SHA-256 or the like, in hexadecimal. */
  readonly digest: (text: string) => string;
}

/**
 * `events` are to be appended to the journal in one go, after the entry the state ends with.
 * `notes` are for whoever decided. Of what is refused nothing happens; `conflict` is refused
 * because what was looked at is not what is there now.
 */
export type ReviewDecision =
  | { readonly kind: 'events'; readonly events: readonly ReviewEvent[]; readonly notes: readonly Diagnostic[] }
  | { readonly kind: 'conflict'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'refused'; readonly diagnostics: readonly Diagnostic[] };
