import { assertNever, type ComposeProject, type Diagnostic, type Manifest, type SourceUpdate } from '#model';

import type { Found } from './found.ts';
import { readerOf } from './kind-table.ts';
import { ObjectReading } from './object-reading.ts';
import { readEngineContainer } from './read-engine-container.ts';
import { policyReaderOf } from './read-policy.ts';

/** What one update holds, and what is wrong with it. An invalid object holds nothing. */
export interface Entry {
  readonly found: Found;
  readonly diagnostics: readonly Diagnostic[];
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly project?: ComposeProject;
}

const NOTHING: Found = {};

export function readUpdate(value: NonNullable<SourceUpdate['value']>): Entry {
  switch (value.kind) {
    case 'manifest':
      return readManifest(value);
    case 'compose-project':
      return { found: NOTHING, diagnostics: [], namespace: value.name, project: value };
    case 'container':
      return { found: readEngineContainer(value), diagnostics: value.diagnostics, namespace: value.pod.namespace };
    case 'container-host':
      return { found: { nodes: [value.node] }, diagnostics: value.diagnostics, namespace: '' };
    case 'host-ways':
      return { found: { hostWays: [value.ways] }, diagnostics: [], namespace: '' };
    default:
      return assertNever(value);
  }
}

function readManifest(manifest: Manifest): Entry {
  const { namespace } = manifest;
  const policyReader = policyReaderOf(manifest.apiVersion, manifest.objectKind);
  if (policyReader !== undefined) {
    const { value, diagnostics } = policyReader(manifest);
    return { found: value === undefined ? NOTHING : { policies: [value] }, diagnostics, namespace };
  }
  const reading = new ObjectReading(manifest);
  const found = readerOf(manifest)(reading);
  return { found: reading.isValid ? found : NOTHING, diagnostics: reading.diagnostics, namespace };
}
