import type { ConnectionFate, Mode, ModeScope, OutputTarget, Proposal, WorkloadRef } from '#model';

import type { ProposalEdit } from './proposal-edit.ts';

/** Who decided: a person, or an auto-approval rule somebody wrote. */
export interface Actor {
  readonly kind: 'person' | 'rule';
  readonly name: string;
}

/** What was approved for one workload, in full: proposals are not kept anywhere else. */
export interface ApprovedWorkload {
  readonly workload: WorkloadRef;
  /** Of what was shown and approved, edits included. */
  readonly hash: string;
  /** Of what learning proposed then: while it proposes the same, nothing is new. */
  readonly proposedHash: string;
  readonly evidenceHash: string;
  /** After edits, without the rules left out, with every expiry in it. */
  readonly proposal: Proposal;
  /** Ids of proposed rules that were not approved, sorted. */
  readonly leftOut: readonly string[];
  /** Of these, what nobody chose to leave out: it was in quarantine. Absent: none, or an earlier release did not note it. */
  readonly quarantined?: readonly string[];
}

export interface RejectedWorkload {
  readonly workload: WorkloadRef;
  readonly hash: string;
  /** The rejection stands until this changes. */
  readonly evidenceHash: string;
  /** What was rejected, edits included; absent: an earlier release did not note it. */
  readonly proposal?: Proposal;
}

/**
 * Whether containers of a Compose project may be on a node. `founded`: it was the first to have any,
 * and nobody was asked; every other one needs a person.
 */
export type ProjectAdmission = 'founded' | 'admitted' | 'refused';

/** A bundle that a node has or had on trial, by its hash. */
export interface TrialOnNode {
  readonly node: string;
  readonly hash: string;
}

/** Something that was decided. Plain data: it goes into the journal as it is. */
export type ReviewEvent =
  | {
      readonly kind: 'approved';
      readonly revision: number;
      /** The revision it replaces, 0 for the first. */
      readonly base: number;
      readonly workloads: readonly ApprovedWorkload[];
      readonly by: Actor;
      readonly reason: string;
      readonly ticket?: string;
    }
  | { readonly kind: 'rejected'; readonly workloads: readonly RejectedWorkload[]; readonly by: Actor; readonly reason: string }
  | { readonly kind: 'edited'; readonly workload: WorkloadRef; readonly edit: ProposalEdit; readonly by: Actor; readonly reason?: string }
  | { readonly kind: 'edits-discarded'; readonly workload: WorkloadRef; readonly by: Actor }
  | {
      readonly kind: 'rolled-back';
      /** A new number; its content is that of `to` (0: nothing approved). */
      readonly revision: number;
      readonly base: number;
      readonly to: number;
      readonly by: Actor;
      readonly reason: string;
      readonly ticket?: string;
    }
  | { readonly kind: 'mode-set'; readonly scope: ModeScope; readonly mode: Mode | 'cleared'; readonly by: Actor; readonly reason?: string }
  | { readonly kind: 'fate-set'; readonly scope: ModeScope; readonly fate: ConnectionFate | 'cleared'; readonly by: Actor; readonly reason?: string }
  | { readonly kind: 'target-set'; readonly namespace: string; readonly target: OutputTarget | 'cleared'; readonly by: Actor; readonly reason?: string }
  | { readonly kind: 'project-node-set'; readonly project: string; readonly node: string; readonly admission: ProjectAdmission | 'cleared'; readonly by: Actor; readonly reason?: string }
  | { readonly kind: 'trials-confirmed' | 'trials-retried'; readonly trials: readonly TrialOnNode[]; readonly by: Actor; readonly reason?: string }
  /** What it said of what runs there does not count any more. */
  | { readonly kind: 'node-removed'; readonly node: string; readonly by: Actor; readonly reason?: string };

/** An event with its place in the journal; `at` is in milliseconds since 1970. */
export interface ReviewEntry {
  readonly seq: number;
  readonly at: number;
  readonly event: ReviewEvent;
}
