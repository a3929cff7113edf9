import { assertNever, type ConnectionFate, type ModeScope, workloadKey, type WorkloadRef } from '#model';
import type { JournalShape } from '#operator-api';
import type { ReviewEvent, TrialOnNode } from '#review';

import type { JournalItem } from '../operator-port.ts';

type EntryShape = JournalShape['entries'][number];

/** One entry as people read it. */
export function entryShape({ seq, at, digest, event }: JournalItem): EntryShape {
  const { kind, by } = event;
  return {
    seq,
    at,
    digest,
    kind,
    by,
    ...('reason' in event ? { reason: event.reason } : {}),
    ...('ticket' in event ? { ticket: event.ticket } : {}),
    ...('revision' in event ? { revision: event.revision } : {}),
    workloads: workloadsOf(event),
    text: textOf(event),
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
    case 'project-node-set':
    case 'trials-confirmed':
    case 'trials-retried':
    case 'node-removed':
      return [];
    default:
      return assertNever(event);
  }
}

function textOf(event: ReviewEvent): string {
  switch (event.kind) {
    case 'approved':
      return `revision ${String(event.revision)}: approved ${countOf(event.workloads)}`;
    case 'rejected':
      return `rejected ${countOf(event.workloads)}`;
    case 'edited':
      return `edited ${workloadKey(event.workload)}: ${event.edit.kind} in ${event.edit.direction}${'rule' in event.edit && typeof event.edit.rule === 'string' ? `, rule ${event.edit.rule}` : ''}`;
    case 'edits-discarded':
      return `discarded the edits of ${workloadKey(event.workload)}`;
    case 'rolled-back':
      return `revision ${String(event.revision)}: rolled back to ${event.to === 0 ? 'nothing approved' : `revision ${String(event.to)}`}`;
    case 'mode-set':
      return event.mode === 'cleared' ? `cleared the mode of ${scopeText(event.scope)}` : `set ${scopeText(event.scope)} to ${event.mode}`;
    case 'fate-set':
      return `set the fate of forbidden connections of ${scopeText(event.scope)} to ${fateText(event.fate)}`;
    case 'target-set':
      return `set where policies of namespace ${event.namespace} go to ${event.target}`;
    case 'trials-confirmed':
      return `confirmed what is on trial on ${nodesText(event.trials)}`;
    case 'trials-retried':
      return `tried again what nobody confirmed on ${nodesText(event.trials)}`;
    case 'project-node-set':
      return admissionText(event);
    case 'node-removed':
      return `removed node ${event.node}: what it said does not count any more`;
    default:
      return assertNever(event);
  }
}

function admissionText({ project, node, admission }: ReviewEvent & { readonly kind: 'project-node-set' }): string {
  switch (admission) {
    case 'founded':
      return `node ${node} is the first of project ${project}`;
    case 'admitted':
      return `admitted node ${node} to project ${project}`;
    case 'refused':
      return `refused node ${node} project ${project}`;
    case 'cleared':
      return `cleared what was decided about node ${node} and project ${project}`;
  }
}

function countOf(workloads: readonly { readonly workload: WorkloadRef }[]): string {
  const [first] = workloads;
  if (first === undefined) return 'nothing';
  return workloads.length === 1 ? workloadKey(first.workload) : `${workloadKey(first.workload)} and ${String(workloads.length - 1)} more`;
}

function nodesText(trials: readonly TrialOnNode[]): string {
  const [first] = trials;
  if (first === undefined) return 'no node';
  return trials.length === 1 ? `node ${first.node} (bundle ${first.hash})` : `node ${first.node} and ${String(trials.length - 1)} more`;
}

function scopeText(scope: ModeScope): string {
  if (scope.kind === 'cluster') return 'the cluster';
  return scope.kind === 'namespace' ? `namespace ${scope.namespace}` : workloadKey(scope.workload);
}

function fateText(fate: ConnectionFate | 'cleared'): string {
  if (fate === 'cleared') return fate;
  return fate.kind === 'drain' ? `drain within ${String(fate.seconds)} s` : fate.kind;
}
