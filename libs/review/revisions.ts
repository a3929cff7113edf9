import type { Policy, Revision, WorkloadKey } from '#model';
import { reviveRevision } from '#policy';

import type { Actor } from './review-event.ts';
import type { ReviewState, RevisionRecord, RevisionStatus, StandingApproval } from './review-state.ts';

/** What a revision allows, by workload: its own changes over those before it. Number 0 allows what is open. */
export function approvalsAt(revisions: readonly RevisionRecord[], number: number): ReadonlyMap<WorkloadKey, StandingApproval> {
  const path: RevisionRecord[] = [];
  for (let at = number; at > 0; ) {
    const record = revisions[at - 1];
    if (record === undefined) throw new Error(`look up revision ${String(at)}: there is none`);
    path.push(record);
    at = record.restored ?? record.base;
  }
  const approvals = new Map<WorkloadKey, StandingApproval>();
  for (const { changes } of path.reverse()) for (const [key, approval] of changes) approvals.set(key, approval);
  return approvals;
}

/** The number of the current revision, 0 where nothing was approved yet. */
export function currentNumber({ revisions }: ReviewState): number {
  return revisions.length;
}

/** The current revision; `found` are the policies of others that hold beside it. */
export function currentRevision(state: ReviewState, found: readonly Policy[] = []): Revision {
  return revive(state, currentNumber(state), state.approvals, found);
}

/** Any revision there ever was, or undefined; 0 is what holds before anything is approved. */
export function revisionAt(state: ReviewState, number: number, found: readonly Policy[] = []): Revision | undefined {
  if (!Number.isInteger(number) || number < 0 || number > state.revisions.length) return undefined;
  return revive(state, number, approvalsAt(state.revisions, number), found);
}

export function revisionStatus({ revisions }: ReviewState, number: number): RevisionStatus | undefined {
  if (revisions[number - 1] === undefined) return undefined;
  const next = revisions[number];
  if (next === undefined) return 'current';
  return next.restored === undefined ? 'superseded' : 'rolled-back';
}

/** A person's name, or `rule NAME`. */
export function formatActor({ kind, name }: Actor): string {
  return kind === 'person' ? name : `rule ${name}`;
}

function revive({ revisions }: ReviewState, number: number, approvals: ReadonlyMap<WorkloadKey, StandingApproval>, found: readonly Policy[]): Revision {
  const record = revisions[number - 1];
  return reviveRevision(
    [...approvals.values()].map(({ approved, revision }) => ({ proposal: approved.proposal, revision })),
    {
      number,
      approvedBy: record === undefined ? 'nobody' : formatActor(record.decided.by),
      reason: record?.reason ?? 'nothing was approved yet',
      keep: found,
    },
  );
}
