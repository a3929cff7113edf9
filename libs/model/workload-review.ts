import type { Direction } from './connection.ts';
import type { Proposal } from './proposal.ts';
import type { WorkloadKey, WorkloadRef } from './workload-ref.ts';

/**
 * How much of a workload's real traffic has been seen, as an estimate: shares from 0 to 1.
 *
 * What is estimated: take an hour at random and, in it, one of the relationships that show; the
 * probability that it is one already known. A relationship that shows every hour weighs 24 times
 * one that shows once a day.
 */
export interface Coverage {
  readonly estimate: number;
  /** The 90 % interval. */
  readonly low: number;
  readonly high: number;
  /** What it was computed from: relationships seen, those that showed once and twice (a run of buckets without a gap is one showing), buckets of time. */
  readonly seen: number;
  readonly seenOnce: number;
  readonly seenTwice: number;
  readonly buckets: number;
  /** What lowered it, one sentence each: losses reporters admitted, unattributed ends. */
  readonly lowered: readonly string[];
}

/** A scheduled run that has not been observed yet, so that the workload cannot be ready. */
export interface AwaitedRun {
  readonly workload: WorkloadRef;
  readonly schedule: string;
  /** Milliseconds since 1970; undefined where the schedule could not be read, or never comes. */
  readonly next: number | undefined;
  /** One sentence. */
  readonly why: string;
}

/** A rule that may not be approved automatically, and why. */
export interface Quarantine {
  readonly direction: Direction;
  readonly rule: string;
  readonly reasons: readonly string[];
}

/**
 * What learning says of one workload now: the proposal, how much to trust it, and what stands in
 * the way. `hash` is over what the proposal would allow; `evidenceHash` over what speaks for it
 * (kinds of evidence, not counts), so a rejection stays silent until it changes.
 */
export interface WorkloadReview {
  readonly workload: WorkloadRef;
  readonly proposal: Proposal;
  readonly hash: string;
  readonly evidenceHash: string;
  readonly coverage: Coverage;
  /** The same for each direction alone: what a direction is closed by. */
  readonly directions: { readonly ingress: Coverage; readonly egress: Coverage };
  readonly isReady: boolean;
  /** Why it is not ready, one sentence each; empty where it is. */
  readonly waitsFor: readonly string[];
  readonly awaitedRuns: readonly AwaitedRun[];
  readonly quarantined: readonly Quarantine[];
  /** Invariants this proposal would break; it cannot be approved while there are any. */
  readonly brokenInvariants: readonly string[];
}

export type WorkloadReviews = ReadonlyMap<WorkloadKey, WorkloadReview>;
