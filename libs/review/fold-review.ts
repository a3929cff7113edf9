import { assertNever, type ModeScope, type WorkloadKey, workloadKey } from '#model';
import { approvedPolicy } from '#policy';

import type { ApprovedWorkload, ProjectAdmission, ReviewEntry, ReviewEvent } from './review-event.ts';
import type { Decided, Rejection, ReviewState, RevisionRecord, ScopedSettings, Setting, StandingApproval, StandingEdit } from './review-state.ts';
import { approvalsAt } from './revisions.ts';

function noSettings<T>(): ScopedSettings<T> {
  return { cluster: undefined, namespaces: new Map(), workloads: new Map() };
}

/** Nothing was decided yet. */
export const NOTHING_DECIDED: ReviewState = {
  seq: 0,
  revisions: [],
  approvals: new Map(),
  edits: new Map(),
  rejections: new Map(),
  modes: noSettings(),
  fates: noSettings(),
  targets: new Map(),
  projects: new Map(),
};

/** The state after one more entry. */
export function foldReview(state: ReviewState, entry: ReviewEntry): ReviewState {
  return replayReview([entry], state);
}

/**
 * The state after these entries, in the order of the journal.
 *
 * Throws where they do not follow on the state: a gap, or a revision that is not the next one. A
 * journal that has such an entry is not the one the state came from.
 */
export function replayReview(entries: Iterable<ReviewEntry>, from: ReviewState = NOTHING_DECIDED): ReviewState {
  const draft = new Draft(from);
  for (const entry of entries) draft.accept(entry);
  return draft.finish();
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Copies what it changes once, however many entries there are. */
class Draft {
  readonly #state: Mutable<ReviewState>;
  readonly #revisions: RevisionRecord[];
  #approvals: Map<WorkloadKey, StandingApproval>;
  readonly #edits: Map<WorkloadKey, readonly StandingEdit[]>;
  readonly #rejections: Map<WorkloadKey, Rejection>;

  constructor(state: ReviewState) {
    this.#revisions = [...state.revisions];
    this.#approvals = new Map(state.approvals);
    this.#edits = new Map(state.edits);
    this.#rejections = new Map(state.rejections);
    this.#state = { ...state };
  }

  finish(): ReviewState {
    return { ...this.#state, revisions: this.#revisions, approvals: this.#approvals, edits: this.#edits, rejections: this.#rejections };
  }

  accept({ seq, at, event }: ReviewEntry): void {
    if (seq !== this.#state.seq + 1) throw new Error(`fold journal entry ${String(seq)}: the state ends with ${String(this.#state.seq)}`);
    this.#state.seq = seq;
    const decided: Decided = { by: event.by, at, seq };
    switch (event.kind) {
      case 'approved':
        this.#approve(event, decided);
        break;
      case 'rolled-back':
        this.#rollBack(event, decided);
        break;
      case 'rejected':
        for (const rejected of event.workloads) this.#rejections.set(workloadKey(rejected.workload), { rejected, decided, reason: event.reason });
        break;
      case 'edited': {
        const key = workloadKey(event.workload);
        const { edit, reason } = event;
        this.#edits.set(key, [...(this.#edits.get(key) ?? []), { edit, decided, ...(reason === undefined ? {} : { reason }) }]);
        // whoever changes a proposal wants to see it again
        this.#rejections.delete(key);
        break;
      }
      case 'edits-discarded':
        this.#edits.delete(workloadKey(event.workload));
        break;
      case 'mode-set':
        this.#state.modes = withSetting(this.#state.modes, event.scope, event.mode, decided, event.reason);
        break;
      case 'fate-set':
        this.#state.fates = withSetting(this.#state.fates, event.scope, event.fate, decided, event.reason);
        break;
      case 'target-set':
        this.#state.targets = withEntry(this.#state.targets, event.namespace, event.target === 'cleared' ? undefined : settingOf(event.target, decided, event.reason));
        break;
      // told to the nodes when it is decided, and nothing to remember
      case 'trials-confirmed':
      case 'trials-retried':
        break;
      case 'project-node-set': {
        const nodes = withEntry(this.#state.projects.get(event.project) ?? new Map<string, Setting<ProjectAdmission>>(), event.node, event.admission === 'cleared' ? undefined : settingOf(event.admission, decided, event.reason));
        this.#state.projects = withEntry(this.#state.projects, event.project, nodes.size === 0 ? undefined : nodes);
        break;
      }
      case 'node-removed':
        // about what a node said, which no decision holds
        break;
      default:
        assertNever(event);
    }
  }

  #approve({ revision, base, workloads, reason, ticket }: ReviewEvent & { readonly kind: 'approved' }, decided: Decided): void {
    this.#expectNext(revision, base);
    const changes = new Map(workloads.map((approved) => [workloadKey(approved.workload), standing(approved, revision, decided)]));
    if (changes.size !== workloads.length) throw new Error(`fold revision ${String(revision)}: it approves a workload twice`);
    this.#revisions.push({ number: revision, base, decided, reason, ...(ticket === undefined ? {} : { ticket }), changes });
    for (const [key, approval] of changes) {
      this.#approvals.set(key, approval);
      this.#edits.delete(key);
      this.#rejections.delete(key);
    }
  }

  #rollBack({ revision, base, to, reason, ticket }: ReviewEvent & { readonly kind: 'rolled-back' }, decided: Decided): void {
    this.#expectNext(revision, base);
    if (to < 0 || to > base) throw new Error(`fold revision ${String(revision)}: there is no revision ${String(to)} to go back to`);
    this.#revisions.push({ number: revision, base, decided, reason, ...(ticket === undefined ? {} : { ticket }), changes: new Map(), restored: to });
    this.#approvals = new Map(approvalsAt(this.#revisions, to));
  }

  #expectNext(revision: number, base: number): void {
    const current = this.#revisions.length;
    if (base !== current || revision !== current + 1) throw new Error(`fold revision ${String(revision)} on ${String(base)}: ${String(current)} is the current one`);
  }
}

function standing(approved: ApprovedWorkload, revision: number, decided: Decided): StandingApproval {
  return { approved, policy: approvedPolicy(approved.proposal, revision), revision, decided };
}

function settingOf<T>(value: T, decided: Decided, reason: string | undefined): Setting<T> {
  return { value, decided, ...(reason === undefined ? {} : { reason }) };
}

function withSetting<T>(settings: ScopedSettings<T>, scope: ModeScope, value: T | 'cleared', decided: Decided, reason: string | undefined): ScopedSettings<T> {
  const setting = value === 'cleared' ? undefined : settingOf(value, decided, reason);
  switch (scope.kind) {
    case 'cluster':
      return { ...settings, cluster: setting };
    case 'namespace':
      return { ...settings, namespaces: withEntry(settings.namespaces, scope.namespace, setting) };
    case 'workload':
      return { ...settings, workloads: withEntry(settings.workloads, workloadKey(scope.workload), setting === undefined ? undefined : { ...setting, workload: scope.workload }) };
    default:
      return assertNever(scope);
  }
}

function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T | undefined): ReadonlyMap<string, T> {
  const changed = new Map(map);
  if (value === undefined) changed.delete(key);
  else changed.set(key, value);
  return changed;
}
