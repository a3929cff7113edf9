import type { Snapshot, Workload } from '#model';

import { dataStoreOf, imageWords, SIDE_PORTS } from '../declared/product.ts';

/** How many workloads of each namespace run each kind of data store, by `namespace kind`. */
export function storesByKind(snapshot: Snapshot): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const workload of snapshot.workloads.values()) {
    for (const kind of kindsOf(workload)) counts.set(keyOf(workload, kind), (counts.get(keyOf(workload, kind)) ?? 0) + 1);
  }
  return counts;
}

/**
 * Whether a workload is a data store that has nobody to call: every container of it is one, it has
 * one replica, and no other workload of its namespace is of its kind, so there is none to follow.
 */
export function isLoneStore(workload: Workload, counts: ReadonlyMap<string, number>): boolean {
  const kinds = kindsOf(workload);
  const [kind, another] = kinds;
  if (kind === undefined || another !== undefined || workload.replicas !== 1 || workload.ref.kind === 'DaemonSet') return false;
  return workload.containers.every((container) => dataStoreOf(container) === kind) && counts.get(keyOf(workload, kind)) === 1;
}

function kindsOf({ containers }: Workload): readonly string[] {
  return [...new Set(containers.flatMap((container) => dataStoreOf(container) ?? []))];
}

function keyOf({ ref }: Workload, kind: string): string {
  return `${ref.namespace} ${kind}`;
}

// products that collect what others send them, and show it to people
const COLLECTORS: ReadonlySet<string> = new Set(['jaeger', 'zipkin', 'mailhog', 'mailpit', 'mailcatcher', 'maildev', 'rabbitmq', 'mosquitto', 'nats', 'minio']);
const COLLECTOR_PAGES: ReadonlySet<number> = new Set([16686, 15672, 8025].filter((port) => SIDE_PORTS.has(port)));

/** Whether all a workload runs answers and collects: a page of it that people are let in to fronts nobody. */
export function answersOnly({ containers }: Workload): boolean {
  return (
    containers.length > 0 &&
    containers.every((container) => dataStoreOf(container) !== undefined || COLLECTORS.has(imageWords(container)[0] ?? '') || container.ports.some(({ port }) => COLLECTOR_PAGES.has(port)))
  );
}
