import type { ConnectionFate, Mode, ModeScope, OutputTarget, Proposal, Revision, WorkloadRef, WorkloadReview } from '#model';

/** Where one workload's review stands. */
export type ReviewState =
  | { readonly kind: 'proposed' }
  /** A person changed what was proposed; `proposal` is what an approval would approve. */
  | { readonly kind: 'edited'; readonly proposal: Proposal; readonly by: string; readonly at: number; readonly reason: string }
  /** What is proposed now is what is approved. */
  | { readonly kind: 'approved'; readonly revision: number; readonly by: string; readonly at: number; readonly reason: string }
  /** Silent until the evidence changes. */
  | { readonly kind: 'rejected'; readonly by: string; readonly at: number; readonly reason: string };

/** A workload's proposal with everything a person needs to decide. */
export interface ReviewItem {
  readonly review: WorkloadReview;
  readonly state: ReviewState;
  /** Names what an approval has to name: over what would be approved, edits included. */
  readonly hash: string;
  readonly mode: Mode;
  /** The newest approval that is in force for this workload, also where the proposal has moved on since. */
  readonly inForce?: { readonly revision: number; readonly by: string; readonly at: number };
  /** The name of the auto-approval rule that would take it, or why none does. */
  readonly autoApproval?: { readonly rule: string } | { readonly why: readonly string[] };
}

/** One revision of the history. */
export interface RevisionItem {
  readonly number: number;
  readonly at: number;
  readonly by: string;
  readonly reason: string;
  readonly ticket?: string;
  readonly cause: 'approval' | 'auto-approval' | 'rollback';
  /** The revision a rollback went back to. */
  readonly rolledBackTo?: number;
  /** Workloads whose policies differ from the revision before. */
  readonly changed: readonly WorkloadRef[];
  readonly state: 'in force' | 'superseded' | 'rolled back';
}

export interface RevisionDetail {
  readonly item: RevisionItem;
  readonly revision: Revision;
}

/** What is set, narrowest scope last; whatever is not set follows from the wider scope. */
export interface ModeItem {
  readonly scope: ModeScope;
  readonly mode: Mode;
  readonly by: string;
  readonly at: number;
  readonly reason: string;
}

export interface FateItem {
  readonly scope: ModeScope;
  readonly fate: ConnectionFate;
  readonly by: string;
  readonly at: number;
}

export interface TargetItem {
  readonly namespace: string;
  readonly target: OutputTarget;
  readonly by: string;
  readonly at: number;
}

export interface ModeTable {
  /** What holds where nothing is set. */
  readonly defaultMode: Mode;
  readonly modes: readonly ModeItem[];
  readonly fates: readonly FateItem[];
  readonly targets: readonly TargetItem[];
}
