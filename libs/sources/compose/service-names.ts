import { type ComposeFacts, type Service, type Workload, type WorkloadRef, compareText, compareWorkloads } from '#model';

import { isServiceName } from './project-name.ts';
import type { ReadService } from './service-workload.ts';

/**
 * The names of a project and the services behind each: a name several services share leads to all
 * of them. The alias of a link is listed only where nobody else has that name; who holds the link
 * finds it under `linkAliases`.
 */
export function nameServices(project: string, read: readonly ReadService[]): readonly Service[] {
  const behind = new Map<string, Map<string, Workload>>();
  for (const { workload, names } of read) for (const name of [workload.ref.name, ...names]) put(behind, name, workload);
  const everybodys = new Set(behind.keys());
  const byName = new Map(read.map(({ workload }) => [workload.ref.name, workload]));
  for (const { facts } of read)
    for (const { alias, service } of linkAliasesOf(facts)) {
      const workload = byName.get(service);
      if (workload !== undefined && !everybodys.has(alias)) put(behind, alias, workload);
    }
  return [...behind].sort(([a], [b]) => compareText(a, b)).map(([name, workloads]) => toService(project, name, [...workloads.values()]));
}

function linkAliasesOf(facts: ComposeFacts): NonNullable<ComposeFacts['linkAliases']> {
  return facts.linkAliases ?? [];
}

function put(behind: Map<string, Map<string, Workload>>, name: string, workload: Workload): void {
  if (!isServiceName(name)) return;
  const workloads = behind.get(name) ?? new Map<string, Workload>();
  behind.set(name, workloads.set(workload.ref.name, workload));
}

function toService(project: string, name: string, workloads: readonly Workload[]): Service {
  const refs: readonly WorkloadRef[] = workloads.map(({ ref }) => ref).sort(compareWorkloads);
  const first = workloads.find(({ ref }) => ref.name === name) ?? workloads[0];
  return {
    namespace: project,
    name,
    type: 'Compose',
    workloads: refs,
    ports: [],
    headless: false,
    clusterAddresses: [],
    externalAddresses: [],
    labels: {},
    annotations: {},
    origin: first?.origin ?? { file: project, line: 1 },
  };
}
