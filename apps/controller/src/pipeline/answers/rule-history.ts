import { type Direction, workloadKey, type WorkloadRef } from '#model';
import type { ReviewState, RevisionRecord, StandingApproval } from '#review';

/** The revision that brought a rule in that is in force, and that no later one took away; undefined where it is not in force. */
export function firstApprovalOf(state: ReviewState, workload: WorkloadRef, direction: Direction, rule: string): RevisionRecord | undefined {
  return first(state, workload, ({ policy }) => policy?.[direction]?.some(({ id }) => id === rule) === true);
}

/** The revision that closed a direction of a workload, and that no later one opened; undefined where it is open. */
export function approvalThatClosed(state: ReviewState, workload: WorkloadRef, direction: Direction): RevisionRecord | undefined {
  return first(state, workload, ({ policy }) => policy?.[direction] !== undefined);
}

/** Walks back from the current revision as long as what it says of the workload holds; a rollback leads to what it went back to, and not over what it undid. */
function first({ revisions }: ReviewState, workload: WorkloadRef, holds: (approval: StandingApproval) => boolean): RevisionRecord | undefined {
  const key = workloadKey(workload);
  let since: RevisionRecord | undefined;
  for (let at = revisions.length; at > 0; ) {
    const record = revisions[at - 1];
    if (record === undefined) break;
    const approval = record.changes.get(key);
    if (approval !== undefined) {
      if (!holds(approval)) break;
      since = record;
    }
    at = record.restored ?? record.base;
  }
  return since;
}
