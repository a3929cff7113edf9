import { type LocatedMap, type LocatedNode, entriesOf, isNull, map, scalar, textOf } from './located-node.ts';

const KEY_VALUE = new Set(['environment', 'labels', 'annotations', 'sysctls']);
const NAMED = new Set(['depends_on', 'networks']);

/**
 * Brings a service to the one form that merging and reading know: `environment`, `labels`,
 * `annotations` and `extra_hosts` as mappings, `depends_on` and `networks` as mappings by name.
 */
export function normaliseService(service: LocatedMap): LocatedMap {
  const entries = new Map<string, LocatedNode>();
  for (const [key, node] of service.entries) entries.set(key, normaliseAttribute(key, node));
  return map(entries, service.at);
}

function normaliseAttribute(key: string, node: LocatedNode): LocatedNode {
  if (node.kind !== 'list') return key === 'extends' ? extendsForm(node) : node;
  if (KEY_VALUE.has(key)) return pairs(node, node.items, /=/);
  if (key === 'extra_hosts') return pairs(node, node.items, /[=:]/);
  if (NAMED.has(key)) return pairs(node, node.items, undefined);
  return node;
}

function pairs(from: LocatedNode, items: readonly LocatedNode[], separator: RegExp | undefined): LocatedMap {
  const entries = new Map<string, LocatedNode>();
  for (const item of items) {
    // `- NAME: value` is a mapping in a list; what is meant is plain enough.
    for (const [key, value] of entriesOf(item)) entries.set(key, value);
    const text = textOf(item);
    if (text === undefined || item.kind !== 'scalar') continue;
    const at = separator === undefined ? -1 : text.search(separator);
    const value = at < 0 ? scalar(null, item.at) : scalar(text.slice(at + 1), item.at, item.hasUnset);
    entries.set(at < 0 ? text : text.slice(0, at), value);
  }
  const result = map(entries, from.at);
  return from.tag === undefined ? result : { ...result, tag: from.tag };
}

function extendsForm(node: LocatedNode): LocatedNode {
  return node.kind === 'scalar' && !isNull(node) ? map(new Map([['service', node]]), node.at) : node;
}
