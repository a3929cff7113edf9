import type { SourceUpdate } from '#model';

export type NodeValue = Extract<SourceUpdate['value'], { readonly kind: 'container' | 'container-host' }>;

/** What a node said of one key, as it said it. */
export interface Saying {
  readonly node: string;
  readonly source: string;
  readonly key: string;
  readonly value: NodeValue;
}

/** What is wrong with what a node says, whatever others say: a node speaks of itself and its own containers only. */
export function faultOfSaying(node: string, source: string, value: NonNullable<SourceUpdate['value']>): string | undefined {
  if (value.kind !== 'container' && value.kind !== 'container-host') return `says something of a ${value.kind}, which is the orchestrator's to say`;
  if (!source.endsWith(`:${node}`)) return `speaks as the source ${JSON.stringify(source.slice(0, 80))}`;
  if (value.kind === 'container-host') return value.node.name === node ? undefined : `speaks of the host ${JSON.stringify(value.node.name.slice(0, 80))}`;
  if (value.pod.node !== node) return `speaks of a container on ${JSON.stringify((value.pod.node ?? 'no node').slice(0, 80))}`;
  const { ref, platform } = value.workload;
  // a project may run on many hosts; anything else is the host's own
  if (platform === 'kubernetes' || (ref.kind !== 'ComposeService' && ref.namespace !== node)) return `says that a container belongs to ${ref.kind.slice(0, 80)} of ${JSON.stringify(ref.namespace.slice(0, 80))}`;
  if (ref.kind !== value.pod.workload.kind || ref.name !== value.pod.workload.name) return 'says of one container that it belongs to two workloads';
  return ref.namespace === value.pod.namespace && value.pod.workload.namespace === ref.namespace ? undefined : 'says that a container belongs to a workload of another namespace';
}
