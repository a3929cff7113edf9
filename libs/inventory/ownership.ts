import { type Diagnostic, type WorkloadKey, type WorkloadRef, compareText, labelOf, workloadKey } from '#model';

import type { Owner, PodDraft, WorkloadDraft } from './found.ts';
import { shown } from './shown-text.ts';

/** Kinds that exist for their owner only: their pods are the owner's, whether it is in the input or not. */
const PASSES_ON: ReadonlySet<string> = new Set(['ReplicaSet', 'Job', 'Pod']);

/** A Job a CronJob made ends in the minute it was due, counted from 1970. */
const SCHEDULED_JOB = /^(.+)-\d{8,10}$/;

/**
 * Finds the workload a pod or a controller belongs to: its top owner.
 *
 * ```
 *   Pod ─► ReplicaSet ─► Deployment          named, whether it is in the input or not
 *   Pod ─► Job ─► CronJob                    likewise
 *   Pod ─► Job import-7k2xq ─► Job import    all that `generateName: import-` names are one
 *   StatefulSet ─► Prometheus                only if that is a workload of the input:
 *   Deployment ─► some custom resource       one resource may make several that are not alike
 * ```
 *
 * Owners that own each other are ignored, with a diagnostic.
 */
export class Ownership {
  readonly diagnostics: Diagnostic[] = [];
  readonly #drafts: ReadonlyMap<WorkloadKey, WorkloadDraft>;

  constructor(drafts: ReadonlyMap<WorkloadKey, WorkloadDraft>) {
    this.#drafts = drafts;
  }

  topOf(draft: WorkloadDraft): WorkloadRef {
    return this.#climb(draft.workload.ref, draft) ?? this.#cycle(draft);
  }

  workloadOf({ pod, draft }: PodDraft): WorkloadRef {
    const own = { namespace: pod.namespace, kind: 'Pod', name: pod.name };
    // A static pod is owned by its node.
    if (draft.owner === undefined || draft.owner.kind === 'Node') return inFamily(own, draft);
    const owner = ownerRef(pod.namespace, draft.owner);
    const present = this.#drafts.get(workloadKey(owner));
    if (present !== undefined) return this.topOf(present);
    return this.#guess(owner, pod.labels);
  }

  #climb(start: WorkloadRef, draft: WorkloadDraft): WorkloadRef | undefined {
    const seen = new Set<WorkloadKey>();
    let ref = start;
    let current = draft;
    for (;;) {
      const key = workloadKey(ref);
      if (seen.has(key)) return undefined;
      seen.add(key);
      if (current.owner === undefined) return inFamily(ref, current);
      const next = ownerRef(ref.namespace, current.owner);
      const present = this.#drafts.get(workloadKey(next));
      if (present === undefined) return PASSES_ON.has(ref.kind) ? next : ref;
      ref = next;
      current = present;
    }
  }

  #cycle({ workload }: WorkloadDraft): WorkloadRef {
    const { namespace, kind, name } = workload.ref;
    this.diagnostics.push({
      code: 'cyclic-owners',
      severity: 'warning',
      subject: `${kind} ${namespace}/${shown(name)}`,
      message: 'its owners own each other; it is taken as owned by nobody',
      hint: 'correct metadata.ownerReferences',
      origin: workload.origin,
    });
    return workload.ref;
  }

  /** The top owner of a pod whose controller is not in the input. */
  #guess(owner: WorkloadRef, labels: PodDraft['pod']['labels']): WorkloadRef {
    if (owner.kind === 'ReplicaSet') {
      for (const [label, kind] of [['rollouts-pod-template-hash', 'Rollout'], ['pod-template-hash', 'Deployment']] as const) {
        const suffix = `-${labelOf(labels, label) ?? ''}`;
        if (suffix.length > 1 && owner.name.length > suffix.length && owner.name.endsWith(suffix)) {
          return { ...owner, kind, name: owner.name.slice(0, -suffix.length) };
        }
      }
    }
    const scheduled = owner.kind === 'Job' ? SCHEDULED_JOB.exec(owner.name)?.[1] : undefined;
    return scheduled === undefined ? owner : { ...owner, kind: 'CronJob', name: scheduled };
  }
}

function inFamily(ref: WorkloadRef, { family }: WorkloadDraft): WorkloadRef {
  return family === undefined ? ref : { ...ref, name: family };
}

function ownerRef(namespace: string, { kind, name }: Owner): WorkloadRef {
  return { namespace, kind, name };
}

/** Which of two descriptions of one workload stands: the one with more pods, then the first by name. */
export function describesBetter(a: WorkloadDraft, b: WorkloadDraft): boolean {
  return a.workload.replicas > b.workload.replicas || (a.workload.replicas === b.workload.replicas && compareText(a.workload.ref.name, b.workload.ref.name) < 0);
}
