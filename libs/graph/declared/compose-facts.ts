import type { Snapshot, Workload } from '#model';

import { type ChosenPort, choosePorts, hasOpenPort } from './port-choice.ts';
import type { Resolver } from './resolution.ts';

/** A server a Compose service starts after or is linked to. */
export interface ComposeDependency {
  readonly server: Workload;
  readonly ports: readonly ChosenPort[];
  readonly field: 'depends_on' | 'links';
}

/**
 * The dependencies of a Compose service that are connections: on something that listens, and not
 * on a job that is waited for to its end.
 */
export function composeDependencies(workload: Workload, resolver: Resolver): readonly ComposeDependency[] {
  const facts = workload.compose;
  if (facts === undefined) return [];
  const found: ComposeDependency[] = [];
  for (const [field, names] of [['depends_on', facts.dependsOn], ['links', facts.links]] as const) {
    for (const name of names) {
      if (facts.startsAfter?.includes(name) === true) continue;
      const server = resolver.workloads.find({ ...workload.ref, name });
      if (server === undefined || server === workload || !hasOpenPort(server)) continue;
      const choice = choosePorts({ host: name, form: 'host', key: field, meaning: 'address', position: 0 }, undefined, server, false, false);
      found.push({ server, ports: choice.ports, field });
    }
  }
  return found;
}

/** Whether two services of the snapshot share a network, which is what lets one resolve the other. */
export function sharesNetwork(a: Workload, b: Workload): boolean {
  const mine = a.compose?.networks ?? [];
  const theirs = b.compose?.networks ?? [];
  return mine.length === 0 || theirs.length === 0 || mine.some((network) => theirs.includes(network));
}

/** Workloads of Compose projects, in the snapshot's order. */
export function composeWorkloads(snapshot: Snapshot): readonly Workload[] {
  return [...snapshot.workloads.values()].filter(({ compose }) => compose !== undefined);
}
