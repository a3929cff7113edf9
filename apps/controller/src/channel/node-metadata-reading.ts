import { readPlain } from '#distribution';

import type { NodeMetadata, NodeUpdate } from './channel-events.ts';
import { nodeMetadataSchema, nodeUpdateSchema, type NodeValue } from './node-update-schema.ts';

/** What an enforcer reads. Any name of its choice would be a source more to remember. */
const SOURCES = ['docker', 'host'];

export type MetadataReading =
  /** `why` is about the first that was left out. */
  | { readonly kind: 'metadata'; readonly metadata: NodeMetadata; readonly leftOut: number; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Reads what a node says of its containers and itself.
 *
 * It speaks for its own sources and its own pods only: no object of a cluster, and nothing of
 * another node. One update that is none does not take the others with it.
 */
export function readNodeMetadata(text: string, node: string): MetadataReading {
  const batch = nodeMetadataSchema.safeParse(readPlain(text));
  if (!batch.success) return { kind: 'refused', why: 'it is no batch of updates' };
  const { isFirst, inSync } = batch.data;
  const updates: NodeUpdate[] = [];
  const faults: string[] = [];
  for (const each of batch.data.updates) {
    const found = readUpdate(each, node);
    if (typeof found === 'string') faults.push(found);
    else updates.push(found);
  }
  const foreign = inSync.filter((source) => !isSourceOf(node, source));
  faults.push(...foreign.map((source) => `${JSON.stringify(source)} is no source of node ${node}`));
  return { kind: 'metadata', metadata: { isFirst, updates, inSync: inSync.filter((source) => isSourceOf(node, source)) }, leftOut: faults.length, why: faults[0] ?? '' };
}

function readUpdate(value: unknown, node: string): NodeUpdate | string {
  const read = nodeUpdateSchema.safeParse(value);
  if (!read.success) {
    const [issue] = read.error.issues;
    return `an update is none${issue === undefined ? '' : `: ${issue.path.join('.')}: ${issue.message}`}`;
  }
  const { source, key } = read.data;
  if (!isSourceOf(node, source)) return `${JSON.stringify(source)} is no source of node ${node}`;
  // what the schema lets through is of this shape: absent fields are left out there too
  const found = read.data.value as NodeValue | undefined;
  const about = found?.kind === 'container' ? found.pod.node : found?.node.name;
  if (found !== undefined && about !== node) return `an update is about node ${JSON.stringify(about)}`;
  return { source, key, value: found };
}

function isSourceOf(node: string, source: string): boolean {
  return SOURCES.some((kind) => source === `${kind}:${node}`);
}
