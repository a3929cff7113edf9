import type { WorkloadRef } from '#model';
import { routes, type SettingsShape } from '#operator-api';

import type { ControllerClient } from './controller-client.ts';

/** Says where it can be watched that what is decided about these workloads arrives, by the targets of their namespaces. */
export async function whereRealised(client: ControllerClient, workloads: readonly WorkloadRef[]): Promise<string> {
  const { targets } = await client.ask(routes.modes, {});
  const meant = new Set(workloads.map(({ namespace }) => targetOf(namespace, targets)));
  const places = [
    ...(meant.has('nftables') ? ['ringfence nodes shows which nodes enforce it'] : []),
    ...(meant.has('networkpolicy') || meant.has('folder') ? [`ringfence outputs shows which NetworkPolicies are ${written(meant)}`] : []),
    ...(meant.has('none') ? ['policies of target none are written nowhere (ringfence mode NAMESPACE --target)'] : []),
  ];
  return places.join('; ');
}

function written(meant: ReadonlySet<string>): string {
  if (!meant.has('folder')) return 'on the API server';
  return meant.has('networkpolicy') ? 'on the API server and in the folder' : 'in the folder';
}

function targetOf(namespace: string, targets: SettingsShape['targets']): string {
  return targets.find((each) => each.namespace === namespace)?.target ?? 'nftables';
}
