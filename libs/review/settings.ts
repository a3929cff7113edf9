import { type ConnectionFate, labelOf, type Mode, type OutputTarget, type Snapshot, workloadKey, type WorkloadRef } from '#model';

import type { Decided, ReviewState, ScopedSettings, Setting } from './review-state.ts';

/** On a Namespace: the mode its workloads start in, unless somebody set one here. */
export const MODE_ANNOTATION = 'ringfence.io/mode';

/** A setting with where it comes from: what was decided, what the namespace itself says, or nothing at all. */
export interface SettingAnswer<T> {
  readonly value: T;
  readonly from: 'workload' | 'namespace' | 'annotation' | 'cluster' | 'default';
  readonly decided?: Decided;
  readonly reason?: string;
}

/**
 * The mode a workload is in: its own, else its namespace's, else the cluster's, else observe.
 *
 * Where nobody set a mode for the namespace its annotation counts, and may be stricter than the
 * cluster's mode but not laxer: whoever may annotate a namespace is not whoever decides here.
 */
export function modeOf(state: ReviewState, workload: WorkloadRef, { namespaces }: Pick<Snapshot, 'namespaces'>): SettingAnswer<Mode> {
  return modeIn(state, workload.namespace, { namespaces }, state.modes.workloads.get(workloadKey(workload)));
}

/** The mode a workload that is new in this namespace starts in. */
export function modeOfNamespace(state: ReviewState, namespace: string, snapshot: Pick<Snapshot, 'namespaces'>): SettingAnswer<Mode> {
  return modeIn(state, namespace, snapshot, undefined);
}

/** The mode of whoever nothing narrower is said of. */
export function modeOfCluster({ modes }: ReviewState): SettingAnswer<Mode> {
  return modes.cluster === undefined ? { value: 'observe', from: 'default' } : { from: 'cluster', ...modes.cluster };
}

/** How established connections of a workload end that a revision forbids: cut where nobody says. */
export function fateOf(state: ReviewState, workload: WorkloadRef): SettingAnswer<ConnectionFate> {
  return settingFor(state.fates, workload.namespace, state.fates.workloads.get(workloadKey(workload))) ?? { value: { kind: 'cut' }, from: 'default' };
}

/** Where the policies of a namespace go, or undefined where nobody says. */
export function targetOf({ targets }: ReviewState, namespace: string): OutputTarget | undefined {
  return targets.get(namespace)?.value;
}

/** What the annotation of a namespace says, or undefined where it says nothing that is a mode. */
export function annotatedMode(annotations: Readonly<Record<string, string>> | undefined): Mode | undefined {
  const text = annotations === undefined ? undefined : labelOf(annotations, MODE_ANNOTATION);
  return text === 'observe' || text === 'audit' || text === 'enforce' ? text : undefined;
}

function modeIn({ modes }: ReviewState, namespace: string, { namespaces }: Pick<Snapshot, 'namespaces'>, own: Setting<Mode> | undefined): SettingAnswer<Mode> {
  const set = settingFor(modes, namespace, own);
  if (set?.from === 'workload' || set?.from === 'namespace') return set;
  const annotated = annotatedMode(namespaces.get(namespace)?.annotations);
  const wider = set ?? { value: 'observe', from: 'default' };
  return annotated !== undefined && (set === undefined || strictness(annotated) > strictness(set.value)) ? { value: annotated, from: 'annotation' } : wider;
}

function settingFor<T>(settings: ScopedSettings<T>, namespace: string, own: Setting<T> | undefined): SettingAnswer<T> | undefined {
  const narrowest = [
    { from: 'workload', setting: own },
    { from: 'namespace', setting: settings.namespaces.get(namespace) },
    { from: 'cluster', setting: settings.cluster },
  ] as const;
  for (const { from, setting } of narrowest) if (setting !== undefined) return { from, ...setting };
  return undefined;
}

function strictness(mode: Mode): number {
  return ['observe', 'audit', 'enforce'].indexOf(mode);
}
