import {
  type Diagnostic,
  type Namespace,
  type Node,
  type Pod,
  type Service,
  type Snapshot,
  type WorkloadKey,
  compareDiagnostics,
  compareText,
  workloadKey,
} from '#model';

import { AddressHolders } from './address-holders.ts';
import { assembleWorkloads } from './assemble-workloads.ts';
import { withContainerNames } from './container-names.ts';
import type { Found, WorkloadDraft } from './found.ts';
import type { Ownership } from './ownership.ts';
import { PodMap } from './pod-map.ts';
import { impliedNamespace } from './read-place.ts';
import type { Entry } from './read-update.ts';
import { roleGrants } from './role-grants.ts';
import { shown } from './shown-text.ts';

/** A snapshot, and what it takes to change single pods of it. */
export interface Assembled {
  readonly snapshot: Snapshot & { readonly pods: PodMap };
  readonly ownership: Ownership;
  /** Workloads that are there without any pod. */
  readonly declared: ReadonlySet<WorkloadKey>;
  readonly holders: AddressHolders;
  /** Whether two sources speak of one pod: taking one away leaves the other. */
  readonly hasTwins: boolean;
}

/** Puts the objects present together. `entries` come in the order of their keys, so the answer does not depend on when they came. */
export function assemble(entries: readonly Entry[]): Assembled {
  const diagnostics: Diagnostic[] = entries.flatMap((entry) => entry.diagnostics);
  const accounts = byName(all(entries, 'serviceAccounts'), diagnostics, 'ServiceAccount');
  const made = assembleWorkloads(draftsOf(entries, diagnostics), all(entries, 'pods'), accounts);
  diagnostics.push(...made.ownership.diagnostics, ...made.twins.map(({ pod }) => twice(`Pod ${pod.namespace}/${shown(pod.name)}`, pod.origin)));
  const projects = entries.flatMap(({ project }) => project ?? []);
  for (const workload of projects.flatMap((project) => project.workloads)) made.workloads.set(workloadKey(workload.ref), workload);
  const services: readonly Service[] = [...all(entries, 'services'), ...withContainerNames(projects.flatMap((project) => project.services), all(entries, 'attachments'))];
  const pods = PodMap.of(made.pods);
  const holders = new AddressHolders(pods.values());
  const hostWays = all(entries, 'hostWays').at(-1);
  diagnostics.push(...holders.diagnostics());
  const snapshot = {
    namespaces: namespacesOf(entries),
    nodes: sortedByKey(new Map(all(entries, 'nodes').map((node): [string, Node] => [node.name, node]))),
    workloads: projects.length === 0 ? made.workloads : sortedByKey(made.workloads),
    pods,
    services: byName(services, diagnostics, 'Service'),
    endpointSlices: sortedByPlace(all(entries, 'endpointSlices')),
    configMaps: byName(all(entries, 'configMaps'), diagnostics, 'ConfigMap'),
    secrets: byName(all(entries, 'secrets'), diagnostics, 'Secret'),
    serviceAccounts: accounts,
    roleGrants: roleGrants(all(entries, 'bindings'), all(entries, 'roles'), accounts, made.workloads.values()),
    routes: sortedByPlace(all(entries, 'routes')),
    apiServerCallbacks: [...all(entries, 'apiServerCallbacks')].sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name)),
    monitors: sortedByPlace(all(entries, 'monitors')),
    customResources: sortedByPlace(all(entries, 'customResources')),
    ...(hostWays === undefined ? {} : { hostWays }),
    policies: [...all(entries, 'policies')].sort((a, b) => compareText(a.name, b.name)),
    diagnostics: distinct(diagnostics.sort(compareDiagnostics)),
  };
  return { snapshot, ownership: made.ownership, declared: made.declared, holders, hasTwins: made.twins.length > 0 };
}

type ListOf<K extends keyof Found> = NonNullable<Found[K]>[number];

function all<K extends keyof Found>(entries: readonly Entry[], key: K): readonly ListOf<K>[] {
  const items: ListOf<K>[] = [];
  for (const { found } of entries) {
    const list = found[key] as readonly ListOf<K>[] | undefined;
    if (list !== undefined) items.push(...list);
  }
  return items;
}

function draftsOf(entries: readonly Entry[], diagnostics: Diagnostic[]): ReadonlyMap<WorkloadKey, WorkloadDraft> {
  const drafts = new Map<WorkloadKey, WorkloadDraft>();
  for (const draft of all(entries, 'workloads')) {
    const { ref, origin } = draft.workload;
    const key = workloadKey(ref);
    if (drafts.has(key)) diagnostics.push(twice(`${ref.kind} ${ref.namespace}/${shown(ref.name)}`, origin));
    drafts.set(key, draft);
  }
  return drafts;
}

function byName<T extends { readonly namespace: string; readonly name: string; readonly origin: Pod['origin'] }>(
  items: readonly T[],
  diagnostics: Diagnostic[],
  kind: string,
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const item of items) {
    const key = `${item.namespace}/${item.name}`;
    if (map.has(key)) diagnostics.push(twice(`${kind} ${item.namespace}/${shown(item.name)}`, item.origin));
    map.set(key, item);
  }
  return sortedByKey(map);
}

function twice(subject: string, origin: Pod['origin']): Diagnostic {
  return {
    code: 'defined-twice',
    severity: 'warning',
    subject,
    message: 'is defined more than once, by different sources or in different API groups; the last by source and key counts',
    hint: 'keep one definition',
    origin,
  };
}

function namespacesOf(entries: readonly Entry[]): ReadonlyMap<string, Namespace> {
  const map = new Map<string, Namespace>();
  for (const { namespace } of entries) if (namespace !== '' && !map.has(namespace)) map.set(namespace, impliedNamespace(namespace));
  for (const namespace of all(entries, 'namespaces')) map.set(namespace.name, namespace);
  return sortedByKey(map);
}

function sortedByKey<T>(map: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...map].sort(([a], [b]) => compareText(a, b)));
}

interface Placed {
  readonly namespace: string;
  readonly name: string;
  readonly kind?: string;
}

function sortedByPlace<T extends Placed>(items: readonly T[]): readonly T[] {
  return [...items].sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.kind ?? '', b.kind ?? '') || compareText(a.name, b.name));
}

function distinct(sorted: readonly Diagnostic[]): readonly Diagnostic[] {
  return sorted.filter((diagnostic, index) => {
    const before = sorted[index - 1];
    return before === undefined || compareDiagnostics(before, diagnostic) !== 0;
  });
}
