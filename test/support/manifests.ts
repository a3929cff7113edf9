import { snapshotOf } from '#inventory';
import type { Diagnostic, Snapshot, SourceUpdate } from '#model';
import { readManifests } from '#sources/kubernetes';

/** The updates a text of YAML documents makes, and what was found wrong while reading it. */
export function updatesFromYaml(text: string): { readonly updates: readonly SourceUpdate[]; readonly diagnostics: readonly Diagnostic[] } {
  const { manifests, diagnostics } = readManifests(text, 'test.yaml');
  const updates = manifests.map((value): SourceUpdate => ({
    source: 'test',
    key: `${value.apiVersion.includes('/') ? (value.apiVersion.split('/', 1)[0] ?? '') : ''}/${value.objectKind}/${value.namespace}/${value.name}`,
    value,
  }));
  return { updates, diagnostics };
}

/** The snapshot of a text of YAML documents. */
export function snapshotFromYaml(text: string): Snapshot {
  const { updates, diagnostics } = updatesFromYaml(text);
  return snapshotOf(updates, diagnostics);
}
