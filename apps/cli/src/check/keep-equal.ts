import type { World } from './placement.ts';

/**
 * The next world with every object that says the same as before replaced by the object from
 * before, so that what tells changes by identity sees only the real ones.
 */
export function keepEqual(before: World, next: World): World {
  return {
    snapshot: {
      ...next.snapshot,
      services: before.snapshot.services,
      namespaces: keepValues(before.snapshot.namespaces, next.snapshot.namespaces),
      nodes: keepValues(before.snapshot.nodes, next.snapshot.nodes),
      pods: keepValues(before.snapshot.pods, next.snapshot.pods),
    },
    revision: textOf(before.revision) === textOf(next.revision) ? before.revision : next.revision,
  };
}

function keepValues<T>(before: ReadonlyMap<string, T>, next: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...next].map(([key, value]) => [key, keep(before.get(key), value)]));
}

function keep<T>(before: T | undefined, value: T): T {
  return before !== undefined && textOf(before) === textOf(value) ? before : value;
}

// Where an object was read does not change what it says.
function textOf(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === 'origin' ? undefined : typeof part === 'bigint' ? String(part) : part));
}
