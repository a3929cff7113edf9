import { basename } from 'node:path';

import { type ComposeProject, type Diagnostic, type Manifest, type SourceUpdate, compareDiagnostics } from '#model';

import type { ComposeReading } from './compose-projects.ts';
import type { FileSaying } from './file-reading.ts';
import { ObjectSet } from './object-set.ts';

export interface ReadPaths {
  readonly updates: readonly SourceUpdate[];
  readonly projects: readonly ComposeProject[];
  readonly diagnostics: readonly Diagnostic[];
}

// Files that lie beside manifests and are none; there is nothing to say about them.
const COMPANIONS = /^(?:Chart|kustomization|values.*|skaffold|mkdocs|\.?pre-commit.*)\.ya?ml$|\.json$/i;

/**
 * Puts together what all files say. `absent` is what files said that are not there at the moment:
 * it counts where no other file says anything of it.
 */
export function joinSayings(problems: readonly Diagnostic[], sayings: readonly FileSaying[], compose: ComposeReading, absent: readonly Manifest[] = []): ReadPaths {
  const diagnostics: Diagnostic[] = [...problems];
  const objects = new ObjectSet();
  for (const { file, reading } of sayings) {
    if (reading.kind === 'manifests') for (const manifest of reading.manifests) objects.add(manifest);
    diagnostics.push(...reading.diagnostics.filter(({ code }) => file.isNamed || !isNotForUs(code) || !COMPANIONS.test(basename(file.path))));
  }
  for (const manifest of absent) objects.addAbsent(manifest);
  const scoped = objects.withoutNeedlessNamespaces();
  // A file a project takes in needs no word about being no manifest.
  const own = [...diagnostics, ...scoped.diagnostics].filter(({ code, origin }) => !(isNotForUs(code) && origin !== undefined && compose.files.has(origin.file)));
  return {
    updates: [...scoped.updates(), ...compose.projects.map((project): SourceUpdate => ({ source: 'files', key: `compose/${project.origin.file}/${project.name}`, value: project }))],
    projects: compose.projects,
    diagnostics: [...own, ...compose.diagnostics].sort(compareDiagnostics),
  };
}

function isNotForUs(code: string): boolean {
  return code === 'not-kubernetes' || code === 'not-an-object';
}
