import { isJsonObject, type Json, type JsonObject, type SourceUpdate } from '#model';

import { NOT_ENFORCED } from './enforced-objects.ts';

const POD_METADATA: readonly string[] = ['name', 'namespace', 'labels', 'ownerReferences'];
const POD_SPEC: readonly string[] = ['nodeName', 'hostNetwork', 'serviceAccountName', 'containers', 'initContainers'];
const POD_STATUS: readonly string[] = ['phase', 'podIP', 'podIPs', 'hostIP', 'hostIPs', 'startTime'];
const CONTAINER: readonly string[] = ['name', 'ports', 'restartPolicy'];

/**
 * What of an update the enforcement pipeline has to see, or undefined where it is none of it.
 *
 * Pods are what changes all the time, and most of one says what its containers do, not who may
 * reach it. Every field that is handed to another thread is copied, and kept there.
 *
 * A pod of a file is handed over whole: nobody has judged it yet, and one that is refused for its
 * variables by who learns from it has to be refused by everybody.
 */
export function enforcedPart(update: SourceUpdate): SourceUpdate | undefined {
  const { value } = update;
  if (value?.kind !== 'manifest') return update;
  if (NOT_ENFORCED.has(value.objectKind)) return undefined;
  return value.objectKind !== 'Pod' || value.lines !== undefined ? update : { ...update, value: { ...value, body: podPart(value.body) } };
}

function podPart(body: JsonObject): JsonObject {
  const spec = body['spec'];
  return {
    ...body,
    metadata: only(body['metadata'], POD_METADATA),
    spec: isJsonObject(spec) ? { ...only(spec, POD_SPEC), ...lists(spec, ['containers', 'initContainers']) } : spec,
    status: only(body['status'], POD_STATUS),
  };
}

function lists(spec: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(names.flatMap((name) => (Array.isArray(spec[name]) ? [[name, (spec[name] as readonly Json[]).map((item) => only(item, CONTAINER))]] : [])));
}

function only<T extends Json | undefined>(value: T, fields: readonly string[]): T {
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(fields.filter((field) => Object.hasOwn(value, field)).map((field) => [field, value[field]])) as T;
}
