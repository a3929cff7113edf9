import { compareText, compareWorkloads, type LabelRequirement, type Labels, type LabelSelector, type Service, selects, type Snapshot, type Workload, type WorkloadKey, workloadKey } from '#model';

import { groupBy } from './group-by.ts';
import { isLabelValue, isStableLabel } from './stable-label.ts';

/**
 * A workload as NetworkPolicy can say it: a selector that finds exactly its pods among those of
 * the snapshot and will find them after the next rollout.
 *
 * Workloads of one namespace whose lasting labels are the same can not be told apart: they share
 * one choice, and `workloads` lists them all.
 */
export interface SelectorChoice {
  readonly namespace: string;
  readonly selector: LabelSelector;
  readonly workloads: readonly Workload[];
}

/** Choices by workload. A workload without any lasting label has none. */
export function chooseSelectors(snapshot: Snapshot): ReadonlyMap<WorkloadKey, SelectorChoice> {
  const choices = new Map<WorkloadKey, SelectorChoice>();
  const servicesIn = groupBy([...snapshot.services.values()], (service) => service.namespace);
  for (const [namespace, workloads] of groupBy(selectable(snapshot), (workload) => workload.ref.namespace)) {
    const services = servicesIn.get(namespace) ?? [];
    const neighbours = new Neighbours(workloads);
    for (const group of groupBy(workloads, identityOf).values()) {
      const choice = choose(namespace, group, neighbours, services);
      if (choice !== undefined) for (const workload of group) choices.set(workloadKey(workload.ref), choice);
    }
  }
  return choices;
}

// Host-network pods are never selected, so they neither have a selector nor spoil another's.
function selectable(snapshot: Snapshot): readonly Workload[] {
  return [...snapshot.workloads.values()].filter((workload) => workload.platform === 'kubernetes' && !workload.hostNetwork).sort((a, b) => compareWorkloads(a.ref, b.ref));
}

function lastingLabels({ podLabels, selector }: Workload): readonly (readonly [string, string])[] {
  const chosen = new Set((selector?.requirements ?? []).filter(({ operator }) => operator === 'In').map(({ key }) => key));
  return Object.entries(podLabels)
    .filter(([key, value]) => isStableLabel(key, value, chosen.has(key)))
    .sort(([a], [b]) => compareText(a, b));
}

/** What every pod of a Job carries besides its template's labels, and no other pod does. */
const JOB_LABEL = 'batch.kubernetes.io/job-name';

function makesJobs({ ref }: Workload): boolean {
  return ref.kind === 'Job' || ref.kind === 'CronJob';
}

// A Job's pods carry its name; those of a CronJob or a family carry one that is new for every run, but always one.
function podLabels(workload: Workload): Labels {
  return makesJobs(workload) ? { ...workload.podLabels, [JOB_LABEL]: workload.ref.name } : workload.podLabels;
}

// Workloads of one identity can not be told apart.
function identityOf(workload: Workload): string {
  const labels = lastingLabels(workload);
  return JSON.stringify([labels, makesJobs(workload), labels.length === 0 && workload.ref.kind === 'Job' ? workload.ref.name : '']);
}

/** The workloads of one namespace, found by label: a namespace may hold thousands. */
class Neighbours {
  readonly #byLabel = new Map<string, Workload[]>();

  constructor(workloads: readonly Workload[]) {
    for (const workload of workloads) {
      for (const [key, value] of Object.entries(podLabels(workload))) {
        const label = `${key}=${value}`;
        const carriers = this.#byLabel.get(label);
        if (carriers === undefined) this.#byLabel.set(label, [workload]);
        else carriers.push(workload);
      }
    }
  }

  /** Those a selector by equality finds besides this group. */
  selectedBy(selector: LabelSelector, group: readonly Workload[]): readonly Workload[] {
    let fewest: readonly Workload[] | undefined;
    for (const { key, values } of selector.requirements) {
      const carriers = this.#byLabel.get(`${key}=${values[0] ?? ''}`) ?? [];
      if (fewest === undefined || carriers.length < fewest.length) fewest = carriers;
    }
    const own = new Set(group);
    return (fewest ?? []).filter((each) => !own.has(each) && selects(selector, podLabels(each)));
  }
}

function choose(namespace: string, group: readonly Workload[], neighbours: Neighbours, services: readonly Service[]): SelectorChoice | undefined {
  const [first] = group;
  if (first === undefined) return undefined;
  const labels: Labels = Object.fromEntries(lastingLabels(first));
  if (Object.keys(labels).length === 0) return chooseUnlabelled(namespace, first, group);
  for (const keys of ladder(first, labels, services)) {
    const selector = equalTo(labels, keys);
    if (neighbours.selectedBy(selector, group).length === 0) return { namespace, selector, workloads: group };
  }
  return { namespace, selector: exactly(labels, makesJobs(first), (selector) => neighbours.selectedBy(selector, group)), workloads: group };
}

// Only a Job is still known, by its name, where it keeps it.
function chooseUnlabelled(namespace: string, { ref, isFamily }: Workload, workloads: readonly Workload[]): SelectorChoice | undefined {
  if (ref.kind !== 'Job' || isFamily === true || !isLabelValue(ref.name)) return undefined;
  return { namespace, selector: equalTo({ [JOB_LABEL]: ref.name }, [JOB_LABEL]), workloads };
}

const WELL_KNOWN: readonly (readonly string[])[] = [
  ['app.kubernetes.io/name'],
  ['app.kubernetes.io/name', 'app.kubernetes.io/instance'],
  ['app.kubernetes.io/name', 'app.kubernetes.io/instance', 'app.kubernetes.io/component'],
  ['app'],
  ['k8s-app'],
  ['name'],
  ['app', 'component'],
  ['app', 'tier'],
  ['app', 'role'],
  ['component'],
];

/** Sets of keys to try, best first: what owner and Services already rest on can not change under anybody's feet. */
function* ladder(workload: Workload, labels: Labels, services: readonly Service[]): Generator<readonly string[]> {
  const carried = (keys: readonly string[]): readonly string[] => keys.filter((key) => Object.hasOwn(labels, key));
  const requirements = workload.selector?.requirements ?? [];
  const own = requirements.filter(({ key, operator, values }) => operator === 'In' && values.includes(labels[key] ?? '')).map(({ key }) => key);
  const candidates = [own, ...services.filter((service) => leadsTo(service, workload)).map((service) => Object.keys(service.selector ?? {})), ...WELL_KNOWN.filter((keys) => carried(keys).length === keys.length)];
  for (const keys of candidates) if (carried(keys).length > 0) yield carried(keys);
  yield Object.keys(labels);
}

function leadsTo({ selector = {} }: Service, { podLabels }: Workload): boolean {
  const keys = Object.keys(selector);
  return keys.length > 0 && keys.every((key) => Object.hasOwn(podLabels, key) && podLabels[key] === selector[key]);
}

function equalTo(labels: Labels, keys: readonly string[]): LabelSelector {
  const requirements = [...new Set(keys)].sort(compareText).map((key): LabelRequirement => ({ key, operator: 'In', values: [labels[key] ?? ''] }));
  return { requirements };
}

// All its lasting labels, and none of those that others carry on top of the same ones.
function exactly(labels: Labels, isJob: boolean, othersSelectedBy: (selector: LabelSelector) => readonly Workload[]): LabelSelector {
  const all = equalTo(labels, Object.keys(labels));
  const excluded = new Map<string, Set<string>>();
  const found: LabelRequirement[] = [];
  for (const other of othersSelectedBy(all)) {
    const [key, value] = lastingLabels(other).find(([each]) => !Object.hasOwn(labels, each)) ?? [];
    if (key !== undefined && value !== undefined) excluded.set(key, (excluded.get(key) ?? new Set()).add(value));
    else if (found.length === 0) found.push({ key: JOB_LABEL, operator: isJob ? 'Exists' : 'DoesNotExist', values: [] });
  }
  for (const [key, values] of excluded) found.push({ key, operator: 'NotIn', values: [...values].sort(compareText) });
  return { requirements: [...all.requirements, ...found.sort((a, b) => compareText(a.key, b.key))] };
}
