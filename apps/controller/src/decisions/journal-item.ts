import { assertNever, type ModeScope, workloadKey, type WorkloadRef } from '#model';
import { formatActor, type ReviewEvent } from '#review';
import type { JournalEntry } from '#store';

import type { JournalItem } from '../operator/operator-port.ts';
import { reviewEntry } from './review-log.ts';

/** An entry as people read it. */
export function journalItem(entry: JournalEntry): JournalItem {
  const { event } = reviewEntry(entry);
  const by = formatActor(event.by);
  const ticket = 'ticket' in event ? event.ticket : undefined;
  return {
    seq: entry.seq,
    at: entry.at,
    digest: entry.digest,
    kind: event.kind,
    by,
    reason: 'reason' in event ? (event.reason ?? '') : '',
    ...(ticket === undefined ? {} : { ticket }),
    workloads: workloadsOf(event),
    text: `${by} ${sentenceOf(event)}`,
  };
}

function workloadsOf(event: ReviewEvent): readonly WorkloadRef[] {
  switch (event.kind) {
    case 'approved':
    case 'rejected':
      return event.workloads.map(({ workload }) => workload);
    case 'edited':
    case 'edits-discarded':
      return [event.workload];
    case 'mode-set':
    case 'fate-set':
      return event.scope.kind === 'workload' ? [event.scope.workload] : [];
    case 'rolled-back':
    case 'target-set':
      return [];
    default:
      return assertNever(event);
  }
}

function sentenceOf(event: ReviewEvent): string {
  switch (event.kind) {
    case 'approved':
      return `approved ${namesOf(event.workloads)} as revision ${String(event.revision)}`;
    case 'rejected':
      return `rejected what is proposed for ${namesOf(event.workloads)}`;
    case 'edited':
      return `changed what is proposed for ${workloadKey(event.workload)} (${event.edit.kind})`;
    case 'edits-discarded':
      return `took back the changes to what is proposed for ${workloadKey(event.workload)}`;
    case 'rolled-back':
      return `went back to revision ${String(event.to)}, as revision ${String(event.revision)}`;
    case 'mode-set':
      return event.mode === 'cleared' ? `cleared the mode of ${scopeText(event.scope)}` : `set ${scopeText(event.scope)} to ${event.mode}`;
    case 'fate-set':
      return event.fate === 'cleared' ? `cleared what becomes of connections of ${scopeText(event.scope)}` : `chose to ${event.fate.kind} connections of ${scopeText(event.scope)} that a revision forbids`;
    case 'target-set':
      return event.target === 'cleared' ? `cleared the target of namespace ${event.namespace}` : `sends the policies of namespace ${event.namespace} to ${event.target}`;
    default:
      return assertNever(event);
  }
}

const MOST_NAMES = 3;

function namesOf(workloads: readonly { readonly workload: WorkloadRef }[]): string {
  const names = workloads.slice(0, MOST_NAMES).map(({ workload }) => workloadKey(workload));
  return workloads.length > MOST_NAMES ? `${names.join(', ')} and ${String(workloads.length - MOST_NAMES)} more` : names.join(', ');
}

function scopeText(scope: ModeScope): string {
  switch (scope.kind) {
    case 'cluster':
      return 'the cluster';
    case 'namespace':
      return `namespace ${scope.namespace}`;
    case 'workload':
      return workloadKey(scope.workload);
    default:
      return assertNever(scope);
  }
}
