import { type LocatedList, type LocatedMap, type LocatedNode, entryOf, isNull, list, map, textOf } from './located-node.ts';
import { readMountTarget } from './mount-syntax.ts';

/**
 * Lays one Compose file over another by the rules of the Compose Specification (merge).
 *
 * Mappings are merged, lists appended, anything else replaced; `command`, `entrypoint` and a
 * health check's `test` are replaced whole; of several mounts at one target the last one counts;
 * `!reset` takes away and `!override` replaces. Services must be in normal form.
 */
export function mergeFiles(base: LocatedMap, over: LocatedMap): LocatedMap {
  return mergeMaps(base, over, []);
}

/** Lays a service over the one it extends, or over its definition in an earlier file. */
export function mergeServices(base: LocatedMap, over: LocatedMap): LocatedMap {
  return mergeMaps(base, over, ['services', '*']);
}

/** Takes away what is marked `!reset`, in a file that nothing is laid under. */
export function withoutResets(node: LocatedMap): LocatedMap {
  return mergeMaps(map(new Map<string, LocatedNode>(), node.at), node, []);
}

function mergeMaps(base: LocatedMap, over: LocatedMap, path: readonly string[]): LocatedMap {
  const entries = new Map(base.entries);
  for (const [key, value] of over.entries) {
    const earlier = entries.get(key);
    if (value.tag === 'reset') entries.delete(key);
    else if (earlier === undefined || value.tag === 'override') entries.set(key, value.kind === 'map' ? pruned(value) : value);
    else entries.set(key, mergeNodes(earlier, value, [...path, key]));
  }
  return map(entries, over.at);
}

function pruned(node: LocatedMap): LocatedMap {
  const hasReset = [...node.entries.values()].some((entry) => entry.tag === 'reset' || entry.kind === 'map');
  return hasReset ? mergeMaps(map(new Map<string, LocatedNode>(), node.at), node, []) : node;
}

function mergeNodes(base: LocatedNode, over: LocatedNode, path: readonly string[]): LocatedNode {
  const [top, , attribute, detail] = path;
  const isServiceAttribute = top === 'services' && path.length === 3;
  if (isServiceAttribute && (attribute === 'command' || attribute === 'entrypoint')) return over;
  if (top === 'services' && attribute === 'healthcheck' && detail === 'test') return over;
  if (path.at(-1)?.startsWith('x-') === true) return over;
  if (base.kind === 'map' && over.kind === 'map') return mergeMaps(base, over, path);
  if (isNull(over) && base.kind !== 'scalar') return base;
  if (base.kind !== 'list' && over.kind !== 'list') return over;
  if (base.kind === 'map' || over.kind === 'map') return over;
  const joined = list([...itemsIn(base), ...itemsIn(over)], over.at);
  return isServiceAttribute ? lastPerTarget(joined, attribute ?? '') : joined;
}

function itemsIn(node: LocatedNode): readonly LocatedNode[] {
  return node.kind === 'list' ? node.items : isNull(node) ? [] : [node];
}

function lastPerTarget(joined: LocatedList, attribute: string): LocatedList {
  const targetOf = TARGETS.get(attribute);
  if (targetOf === undefined) return joined;
  const last = new Map<string, LocatedNode>();
  for (const item of joined.items) last.set(targetOf(item), item);
  return list([...last.values()], joined.at);
}

const TARGETS: ReadonlyMap<string, (item: LocatedNode) => string> = new Map([
  ['volumes', readMountTarget],
  ['configs', grantTarget],
  ['secrets', grantTarget],
]);

function grantTarget(item: LocatedNode): string {
  return textOf(entryOf(item, 'target')) ?? textOf(entryOf(item, 'source')) ?? textOf(item) ?? '';
}
