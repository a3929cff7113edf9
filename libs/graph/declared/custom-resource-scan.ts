import { type CustomResource, type Json, type Service, isJsonObject } from '#model';

import { type NestedScan, scanDocument } from './document-scan.ts';
import type { KeyedMention } from './mention.ts';

/** How a custom resource's Service references are looked up. */
export type FindService = (namespace: string, name: string) => Service | undefined;

/**
 * Finds the addresses in a custom resource's spec: those in text, and references to a Service by
 * `name`, `namespace` and `port`, as operators' resources write them.
 */
export function scanCustomResource(resource: CustomResource, find: FindService, nested: NestedScan): readonly KeyedMention[] {
  const spec = resource.body['spec'];
  if (spec === undefined) return [];
  return [...scanDocument(spec, nested), ...references(spec, resource.namespace, find, '', 0)];
}

function references(value: Json, namespace: string, find: FindService, key: string, depth: number): readonly KeyedMention[] {
  if (depth > 40) return [];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap((item) => references(item, namespace, find, key, depth + 1));
  if (!isJsonObject(value)) return [];
  const own = reference(value, namespace, find, key);
  const inner = Object.entries(value).flatMap(([name, item]) => (item === undefined ? [] : references(item, namespace, find, name, depth + 1)));
  return own === undefined ? inner : [own, ...inner];
}

// a name alone may be anything; with a port the Service of that name has, it is that Service
function reference(mapping: Readonly<Record<string, Json | undefined>>, own: string, find: FindService, key: string): KeyedMention | undefined {
  const { name, port } = mapping;
  const namespace = typeof mapping['namespace'] === 'string' ? mapping['namespace'] : own;
  if (typeof name !== 'string' || (typeof port !== 'string' && typeof port !== 'number')) return undefined;
  const service = find(namespace, name);
  const served = service?.ports.find((each) => each.name === port || each.port === port);
  if (service === undefined || served === undefined) return undefined;
  return { host: `${service.name}.${service.namespace}.svc`, port: served.port, form: 'dsn', key: key === '' ? 'name' : key, meaning: 'address', position: 0 };
}
