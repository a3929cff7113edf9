import type { ConnectionFate, Mode, NamespacedPolicy, OutputTarget, WorkloadKey, WorkloadRef } from '#model';

import type { ProposalEdit } from './proposal-edit.ts';
import type { Actor, ApprovedWorkload, ProjectAdmission, RejectedWorkload } from './review-event.ts';

/** Who decided something, and when, in milliseconds since 1970. */
export interface Decided {
  readonly by: Actor;
  readonly at: number;
  readonly seq: number;
}

/** What a workload is allowed by the current revision, and since which one. */
export interface StandingApproval {
  readonly approved: ApprovedWorkload;
  /** Absent where both directions were approved open. */
  readonly policy: NamespacedPolicy | undefined;
  /** The revision that brought it in. */
  readonly revision: number;
  readonly decided: Decided;
}

/**
 * One revision as the journal tells of it. It is never changed; that it is current is told by the
 * state, and that it was left for an older one by `replacedBy`.
 */
export interface RevisionRecord {
  readonly number: number;
  readonly base: number;
  readonly decided: Decided;
  readonly reason: string;
  readonly ticket?: string;
  /** What it changed, by workload. */
  readonly changes: ReadonlyMap<WorkloadKey, StandingApproval>;
  /** The revision whose content it took over: it changes nothing else then. */
  readonly restored?: number;
}

/** `rolled-back`: the revision that replaced it went back to an older one. */
export type RevisionStatus = 'current' | 'superseded' | 'rolled-back';

export interface Rejection {
  readonly rejected: RejectedWorkload;
  readonly decided: Decided;
  readonly reason: string;
}

export interface StandingEdit {
  readonly edit: ProposalEdit;
  readonly decided: Decided;
  readonly reason?: string;
}

/** A setting with who made it. */
export interface Setting<T> {
  readonly value: T;
  readonly decided: Decided;
  readonly reason?: string;
}

/** One setting by scope; the narrower scope wins. */
export interface ScopedSettings<T> {
  readonly cluster: Setting<T> | undefined;
  readonly namespaces: ReadonlyMap<string, Setting<T>>;
  readonly workloads: ReadonlyMap<WorkloadKey, Setting<T> & { readonly workload: WorkloadRef }>;
}

export type ProjectNodes = ReadonlyMap<string, ReadonlyMap<string, Setting<ProjectAdmission>>>;

/** Everything decided so far: the fold of the journal, and nothing else. */
export interface ReviewState {
  /** The last journal entry in it, 0 for none. */
  readonly seq: number;
  /** Revision n is at n - 1; the last one is current. */
  readonly revisions: readonly RevisionRecord[];
  /** What the current revision allows, by workload. */
  readonly approvals: ReadonlyMap<WorkloadKey, StandingApproval>;
  readonly edits: ReadonlyMap<WorkloadKey, readonly StandingEdit[]>;
  readonly rejections: ReadonlyMap<WorkloadKey, Rejection>;
  readonly modes: ScopedSettings<Mode>;
  readonly fates: ScopedSettings<ConnectionFate>;
  readonly targets: ReadonlyMap<string, Setting<OutputTarget>>;
  /** Where containers of a Compose project may be, by project and node. */
  readonly projects: ProjectNodes;
}
