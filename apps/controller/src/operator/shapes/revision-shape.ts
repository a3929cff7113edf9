import { compareText, type Revision } from '#model';
import { decidedShape, policyShape, type RevisionShape, type RevisionSummaryShape } from '#operator-api';
import { type ReviewState, type RevisionRecord, revisionStatus } from '#review';

export function revisionSummaryShape(record: RevisionRecord, decided: ReviewState): RevisionSummaryShape {
  const { number, base, ticket, restored, changes } = record;
  return {
    number,
    base,
    ...decidedShape(record.decided, record.reason),
    ...(ticket === undefined ? {} : { ticket }),
    status: revisionStatus(decided, number) ?? 'superseded',
    ...(restored === undefined ? {} : { restored }),
    changed: [...changes].sort(([a], [b]) => compareText(a, b)).map(([, { approved }]) => approved.workload),
  };
}

export function revisionShape(revision: Revision, record: RevisionRecord, decided: ReviewState): RevisionShape {
  return { ...revisionSummaryShape(record, decided), policies: revision.policies.map(policyShape) };
}
