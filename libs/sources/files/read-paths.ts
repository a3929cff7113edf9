import { basename } from 'node:path';

import { type ComposeProject, type Diagnostic, type SourceUpdate, compareDiagnostics } from '#model';
import { readManifests } from '#sources/kubernetes';

import { readBounded } from './bounded-file.ts';
import { isComposeFile } from './compose-detection.ts';
import { readComposeProjects } from './compose-projects.ts';
import { type FoundFile, STANDARD_INPUT, codeOf, findFiles } from './find-files.ts';
import { ObjectSet } from './object-set.ts';

export interface ReadPathsOptions {
  /** Gives the whole of standard input, for the path `-`. */
  readonly readStdin: () => string;
  /** The namespace of Kubernetes objects that name none, and the name of the only Compose project. */
  readonly defaultNamespace?: string;
  /** Called before each file with one line for people. */
  readonly onProgress?: (text: string) => void;
}

export interface ReadPaths {
  readonly updates: readonly SourceUpdate[];
  readonly projects: readonly ComposeProject[];
  readonly diagnostics: readonly Diagnostic[];
}

// Files that lie beside manifests and are none; there is nothing to say about them.
const COMPANIONS = /^(?:Chart|kustomization|values.*|skaffold|mkdocs|\.?pre-commit.*)\.ya?ml$|\.json$/i;

/**
 * Reads everything the user pointed at: Kubernetes manifests and Compose projects, from files,
 * folders and standard input.
 *
 * What can not be read is a diagnostic, and the rest is read. A path that does not exist is an error.
 */
export function readPaths(paths: readonly string[], options: ReadPathsOptions): ReadPaths {
  const { files, problems } = findFiles(paths);
  const diagnostics: Diagnostic[] = problems.map(({ path, ...problem }) => fileDiagnostic(path, problem));
  const objects = new ObjectSet();
  const compose: FoundFile[] = [];
  for (const [index, file] of files.entries()) {
    options.onProgress?.(`reading ${file.path} (${index + 1} of ${files.length})`);
    const text = textOf(file.path, options.readStdin, diagnostics);
    if (text === undefined) continue;
    if (isComposeFile(file.path, text)) {
      if (file.path !== STANDARD_INPUT) compose.push(file);
      else diagnostics.push(fileDiagnostic(file.path, { code: 'compose-on-stdin', message: 'is a Compose file, which names others by paths beside it, and is not read', hint: 'name the file itself' }));
      continue;
    }
    const read = readManifests(text, file.path, options.defaultNamespace === undefined ? {} : { defaultNamespace: options.defaultNamespace });
    for (const manifest of read.manifests) objects.add(manifest);
    diagnostics.push(...read.diagnostics.filter(({ code }) => file.isNamed || !isNotForUs(code) || !COMPANIONS.test(basename(file.path))));
  }
  const scoped = objects.withoutNeedlessNamespaces();
  const projects = readComposeProjects(compose, options.defaultNamespace);
  // A file a project takes in needs no word about being no manifest.
  const own = [...diagnostics, ...scoped.diagnostics].filter(({ code, origin }) => !(isNotForUs(code) && origin !== undefined && projects.files.has(origin.file)));
  return {
    updates: [...scoped.updates(), ...projects.projects.map((project): SourceUpdate => ({ source: 'files', key: `compose/${project.origin.file}/${project.name}`, value: project }))],
    projects: projects.projects,
    diagnostics: [...own, ...projects.diagnostics].sort(compareDiagnostics),
  };
}

function isNotForUs(code: string): boolean {
  return code === 'not-kubernetes' || code === 'not-an-object';
}

function textOf(path: string, readStdin: () => string, diagnostics: Diagnostic[]): string | undefined {
  if (path === STANDARD_INPUT) return readStdin();
  try {
    const read = readBounded(path);
    if (read.kind === 'text') return read.text;
    diagnostics.push(fileDiagnostic(path, { code: 'unreadable', message: read.why, hint: 'give YAML or JSON in UTF-8, split into smaller files' }));
  } catch (error) {
    diagnostics.push(fileDiagnostic(path, { code: 'unreadable', message: `can not be read (${codeOf(error)})`, hint: 'check the file and its permissions' }));
  }
  return undefined;
}

function fileDiagnostic(path: string, problem: { readonly code: string; readonly message: string; readonly hint: string }): Diagnostic {
  return { ...problem, severity: 'error', subject: path, origin: { file: path, line: 1 } };
}
