import { basename, join } from 'node:path';

import { type ComposeProject, type Diagnostic, compareDiagnostics, compareText } from '#model';

import { type ComposeModel, loadComposeModel, readProjectVariables } from './compose-model.ts';
import { placeBeside } from './file-beside.ts';
import { chooseFiles } from './file-sets.ts';
import type { Variables } from './interpolation.ts';
import { shownPath } from './plain-text.ts';
import { ProjectFiles, folderName } from './project-files.ts';
import { normaliseProjectName } from './project-name.ts';
import { type ProjectReading, collectDiagnostics } from './project-reading.ts';
import { readProject } from './project.ts';

export interface ComposeFolderOptions {
  /** Overrides the name the project has by itself. */
  readonly projectName?: string;
  /** Lay all files over each other in the order given, as `docker compose -f a -f b` does. */
  readonly mergeAll?: boolean;
}

export interface ComposeFolder {
  readonly projects: readonly ComposeProject[];
  /** Every Compose file that was read, also by `include` and `extends` from other folders. */
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the Compose files of one folder into a project: what runs, what it is told about others,
 * and the names and addresses it can be reached by.
 *
 * `files` are names of files in `folder`; messages name them as `folder` does. The folder's default
 * file and its override make the project. Of the files beside them, one with another top-level
 * `name:` is a project of its own; the others add what the project has not, so that nothing that can
 * be started is overlooked. Values come from the folder's `.env` and from nowhere else:
 * the process environment is not read.
 */
export function readComposeFolder(folder: string, files: readonly string[], options: ComposeFolderOptions = {}): ComposeFolder {
  const { report, collected } = collectDiagnostics();
  const reading: ProjectReading = { files: new ProjectFiles(folder), report };
  const variables = new Map(readProjectVariables(folder, ['.env'], reading, undefined));
  // Two variables every `docker compose` has; the folder stands for itself, so that `${PWD}/x` is a relative path.
  variables.set('PWD', '.');
  if (!variables.has('COMPOSE_PROJECT_NAME')) variables.set('COMPOSE_PROJECT_NAME', normaliseProjectName(options.projectName ?? folderName(folder)));
  const names = files.map((file) => basename(file));
  const { main, others } = options.mergeAll === true ? { main: names, others: [] } : chooseFiles(names, variables.get('COMPOSE_FILE'));
  const loaded = [load(folder, main, variables, reading)];
  for (const name of others) {
    if (loaded.some(({ model }) => model.paths.has(join(folder, name)))) continue;
    const other = load(folder, [name], variables, reading);
    const ownName = other.model.name?.text;
    const same = ownName === undefined ? loaded[0] : loaded.find(({ model }) => model.name?.text === ownName);
    if (same === undefined) loaded.push(other);
    else if (other.model.services.size > 0) placeBeside(same.model, other.path, other.model, reading);
  }
  const projects = loaded
    .filter(({ model }) => model.services.size > 0)
    .map(({ model, path }) => readProject(nameOf(model, folder, variables, options), { file: path, line: 1 }, model, variables, reading));
  if (projects.length === 0 && files.length > 0 && collected().length === 0)
    report({ code: 'compose-empty', severity: 'warning', subject: shownPath(folder), message: 'has Compose files without any service', hint: 'add services, or leave the folder out' });
  return {
    projects: projects.sort((a, b) => compareText(a.name, b.name)),
    files: [...new Set(loaded.flatMap(({ model }) => [...model.paths]))].sort(),
    diagnostics: [...collected()].sort(compareDiagnostics),
  };
}

interface LoadedModel {
  readonly path: string;
  readonly model: ComposeModel;
}

function load(folder: string, names: readonly string[], variables: Variables, reading: ProjectReading): LoadedModel {
  const paths = names.map((name) => ({ path: join(folder, name) }));
  return { path: paths[0]?.path ?? folder, model: loadComposeModel({ paths, folder, variables }, reading) };
}

function nameOf(model: ComposeModel, folder: string, variables: Variables, options: ComposeFolderOptions): string {
  if (options.projectName !== undefined) return options.projectName;
  const candidates = [model.name?.text, variables.get('COMPOSE_PROJECT_NAME'), folderName(folder)];
  for (const candidate of candidates) {
    const name = normaliseProjectName(candidate ?? '');
    if (name !== '') return name;
  }
  return 'project';
}
