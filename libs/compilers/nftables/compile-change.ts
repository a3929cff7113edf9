import { changedPods } from '#inventory';
import type { Namespace, Node, Pod, PodKey, Revision, Snapshot } from '#model';

/** One thing that is different now; where its object is absent, it is gone. */
export type CompileChange =
  | { readonly kind: 'pod'; readonly key: PodKey; readonly pod?: Pod }
  | { readonly kind: 'namespace'; readonly name: string; readonly namespace?: Namespace }
  | { readonly kind: 'node'; readonly name: string; readonly node?: Node }
  | { readonly kind: 'services'; readonly services: Snapshot['services'] }
  | { readonly kind: 'revision'; readonly revision: Revision };

/** What is different between two inputs, told apart by the identity of objects: an object that was built again counts as changed. */
export function changesBetween(before: CompileInput, after: CompileInput): readonly CompileChange[] {
  return [
    ...(before.revision === after.revision ? [] : [{ kind: 'revision', revision: after.revision } as const]),
    ...(before.snapshot.services === after.snapshot.services ? [] : [{ kind: 'services', services: after.snapshot.services } as const]),
    ...different(before.snapshot.namespaces, after.snapshot.namespaces, (name, namespace) => ({ kind: 'namespace', name, ...(namespace === undefined ? {} : { namespace }) })),
    ...different(before.snapshot.nodes, after.snapshot.nodes, (name, node) => ({ kind: 'node', name, ...(node === undefined ? {} : { node }) })),
    ...[...changedPods(before.snapshot.pods, after.snapshot.pods)].map(([key, pod]) => ({ kind: 'pod', key, ...(pod === undefined ? {} : { pod }) }) as const),
  ];
}

export interface CompileInput {
  readonly revision: Revision;
  readonly snapshot: Snapshot;
}

function different<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  change: (key: string, value: T | undefined) => CompileChange,
): readonly CompileChange[] {
  if (before === after) return [];
  const changes: CompileChange[] = [];
  for (const [key, value] of after) if (before.get(key) !== value) changes.push(change(key, value));
  for (const key of before.keys()) if (!after.has(key)) changes.push(change(key, undefined));
  return changes;
}
