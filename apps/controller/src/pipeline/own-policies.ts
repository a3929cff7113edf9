import { isJsonObject, type SourceUpdate } from '#model';

const MANAGED_BY = 'app.kubernetes.io/managed-by';
const OURS = 'ringfence';

/**
 * Whether this is a NetworkPolicy that we wrote to the cluster ourselves.
 *
 * What we enforce is no evidence for what to enforce, and no policy of somebody else's to look out
 * for, so neither pipeline takes it in.
 */
export function isOwnPolicy({ value }: SourceUpdate): boolean {
  if (value?.kind !== 'manifest' || value.objectKind !== 'NetworkPolicy') return false;
  const { metadata } = value.body;
  if (metadata === undefined || !isJsonObject(metadata)) return false;
  const { labels } = metadata;
  return labels !== undefined && isJsonObject(labels) && Object.hasOwn(labels, MANAGED_BY) && labels[MANAGED_BY] === OURS;
}
