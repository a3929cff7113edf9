import type { Entity, LabelSelector, Monitor, Service } from '#model';

/** A part of every cluster that is scraped but not in the input, with the port its metrics are on. */
export interface ControlPlaneTarget {
  readonly entity: Entity;
  readonly port: number;
}

// What Kubernetes itself calls its parts in labels, Services and monitors, with the secure ports they default to.
const TARGETS: ReadonlyMap<string, ControlPlaneTarget> = new Map<string, ControlPlaneTarget>([
  ['apiserver', { entity: 'kube-apiserver', port: 443 }],
  ['kube-apiserver', { entity: 'kube-apiserver', port: 443 }],
  ['kubelet', { entity: 'kubelet', port: 10250 }],
  ['coredns', { entity: 'coredns', port: 9153 }],
  ['core-dns', { entity: 'coredns', port: 9153 }],
  ['kube-dns', { entity: 'coredns', port: 9153 }],
  ['kube-controller-manager', { entity: 'kube-controller-manager', port: 10257 }],
  ['kube-scheduler', { entity: 'kube-scheduler', port: 10259 }],
]);

/**
 * Recognises a monitor of the cluster's own parts when no workload of the input stands behind it.
 *
 * What the monitor selects by says most, then the selector of the Service it finds, then its own
 * name; `release-coredns` counts as `coredns`.
 */
export function controlPlaneTarget(monitor: Monitor, services: readonly Service[]): ControlPlaneTarget | undefined {
  const words = [...valuesOf(monitor.selector), ...services.flatMap((service) => [...Object.values(service.selector ?? {}), service.name]), monitor.name];
  for (const word of words) {
    const target = targetNamed(word);
    if (target !== undefined) return target;
  }
  return undefined;
}

function valuesOf(selector: LabelSelector): readonly string[] {
  return selector.requirements.filter(({ operator }) => operator === 'In').flatMap(({ values }) => values);
}

function targetNamed(word: string): ControlPlaneTarget | undefined {
  const name = word.toLowerCase();
  const exact = TARGETS.get(name);
  if (exact !== undefined) return exact;
  for (const [known, target] of TARGETS) if (name.endsWith(`-${known}`)) return target;
  return undefined;
}
