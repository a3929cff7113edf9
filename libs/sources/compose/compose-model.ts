import { dirname, join, relative } from 'node:path';

import { type ComposeFile, ComposeFiles, type ModelRequest } from './compose-file.ts';
import { parseEnvText } from './env-text.ts';
import type { Variables } from './interpolation.ts';
import { type LocatedMap, type LocatedNode, type LocatedScalar, entriesOf, entryOf, itemsOf, originOf, textOf } from './located-node.ts';
import { mergeFiles, withoutResets } from './merging.ts';
import { shown, shownPath } from './plain-text.ts';
import { FILE_LIMITS } from './project-files.ts';
import type { ProjectReading } from './project-reading.ts';

/** A Compose application after merging, `extends` and `include`, before anything is read out of it. */
export interface ComposeModel {
  readonly name: LocatedScalar | undefined;
  readonly services: Map<string, LocatedMap>;
  readonly networks: Map<string, LocatedNode>;
  readonly configs: Map<string, LocatedNode>;
  readonly secrets: Map<string, LocatedNode>;
  /** Every Compose file that went into it. */
  readonly paths: Set<string>;
}

const SECTIONS = ['services', 'networks', 'configs', 'secrets'] as const;
// Files that include each other crosswise would otherwise be read exponentially often.
const MOST_INCLUDES = 100;

/** Reads the files of one application, the later ones laid over the earlier ones, with all they include. */
export function loadComposeModel(request: ModelRequest, reading: ProjectReading): ComposeModel {
  return load(request, reading, { chain: [], budget: { left: MOST_INCLUDES } });
}

/** The files on the way from the first one, and how many more may be included in all. */
interface Including {
  readonly chain: readonly string[];
  readonly budget: { left: number };
}

function load(request: ModelRequest, reading: ProjectReading, including: Including): ComposeModel {
  const files = new ComposeFiles(request, reading);
  const read = request.paths.flatMap((path): ComposeFile | readonly [] => files.read(path) ?? []);
  const root = read.map(({ root: one }) => one).reduce<LocatedMap | undefined>((base, over) => (base === undefined ? withoutResets(over) : mergeFiles(base, over)), undefined);
  const name = entryOf(root, 'name');
  const model: ComposeModel = {
    name: name?.kind === 'scalar' ? name : undefined,
    services: new Map(),
    networks: new Map(entriesOf(entryOf(root, 'networks'))),
    configs: new Map(entriesOf(entryOf(root, 'configs'))),
    secrets: new Map(entriesOf(entryOf(root, 'secrets'))),
    paths: files.opened,
  };
  for (const [service, node] of entriesOf(entryOf(root, 'services'))) {
    if (node.kind === 'map') model.services.set(service, node);
    else reading.report(notAMapping(service, node));
  }
  for (const entry of itemsOf(entryOf(root, 'include'))) include(entry, model, request, reading, including);
  return model;
}

function include(entry: LocatedNode, model: ComposeModel, request: ModelRequest, reading: ProjectReading, including: Including): void {
  const named = itemsOf(entry.kind === 'map' ? entryOf(entry, 'path') : entry).flatMap((item) => textOf(item) ?? []);
  const remote = named.find((path) => /^[a-z][a-z0-9+.-]*:\/\/|^git@/.test(path) || path.includes('.git#'));
  if (named.length === 0 || remote !== undefined) {
    reading.report({
      code: 'compose-include-not-read',
      severity: 'warning',
      subject: shownPath(entry.at.file),
      message: remote === undefined ? 'has an include without a path' : `includes ${shown(remote)}, which is not on this machine`,
      hint: 'copy the file beside this one to have its services read',
      origin: originOf(entry),
    });
    return;
  }
  const paths = named.map((path) => reading.files.locate(entry.at.folder, path));
  const chain = [...including.chain, ...request.paths.map(({ path }) => path)];
  const again = paths.find(({ path }) => chain.includes(path))?.path;
  including.budget.left -= 1;
  if (again !== undefined || including.budget.left < 0) {
    reading.report({
      code: 'compose-include-cycle',
      severity: 'error',
      subject: shownPath(entry.at.file),
      message: `includes ${shown(again ?? named.join(', '))}, ${again === undefined ? 'one include too many' : 'which leads back to itself'}`,
      hint: 'take the include out; it is not followed',
      origin: originOf(entry),
    });
    return;
  }
  const directory = textOf(entryOf(entry, 'project_directory'));
  const folder = directory === undefined ? dirname(paths[0]?.path ?? '') : join(entry.at.folder, directory);
  const envFiles = itemsOf(entryOf(entry, 'env_file')).flatMap((item) => textOf(item) ?? []);
  const variables = new Map(
    envFiles.length === 0
      ? readProjectVariables(folder, ['.env'], reading, undefined)
      : readProjectVariables(entry.at.folder, envFiles, reading, entry),
  );
  for (const [variable, value] of request.variables) variables.set(variable, value);
  variables.set('PWD', relative(folder, request.folder) || '.');
  const included = load({ paths, folder, variables }, reading, { chain, budget: including.budget });
  adopt(model, included, reading);
}

/** Adds what `other` has and `model` has not; a service in both stays as `model` has it. */
export function adopt(model: ComposeModel, other: ComposeModel, reading: ProjectReading): void {
  for (const path of other.paths) model.paths.add(path);
  for (const section of SECTIONS) {
    const into: Map<string, LocatedNode> = model[section];
    for (const [key, node] of other[section]) {
      const known = into.get(key);
      if (known === undefined) into.set(key, node);
      else if (section === 'services' && known.at.file !== node.at.file)
        reading.report({
          code: 'compose-service-twice',
          severity: 'warning',
          subject: shownPath(node.at.file),
          message: `defines the service ${shown(key)}, which ${shown(known.at.file)} has too`,
          hint: 'the first definition is used; give one of them another name or merge the files',
          origin: originOf(node),
        });
    }
  }
}

/** The variables of `.env` files, the later ones winning. A missing file is only reported where one was asked for. */
export function readProjectVariables(folder: string, names: readonly string[], reading: ProjectReading, askedBy: LocatedNode | undefined): Variables {
  const variables = new Map<string, string>();
  for (const name of names) {
    const file = reading.files.read(reading.files.locate(folder, name), FILE_LIMITS.envFile);
    if (file.kind !== 'text') {
      if (askedBy !== undefined || file.kind === 'refused')
        reading.report({
          code: 'compose-env-file-not-read',
          severity: 'warning',
          subject: shownPath(file.path),
          message: `${file.why}, so its variables have no value`,
          hint: 'add the file, or give the variables defaults in the Compose file',
          ...(askedBy === undefined ? {} : { origin: originOf(askedBy) }),
        });
      continue;
    }
    for (const { name: variable, value } of parseEnvText(file.text, variables).lines) if (value !== undefined) variables.set(variable, value);
  }
  return variables;
}

function notAMapping(service: string, node: LocatedNode): Parameters<ProjectReading['report']>[0] {
  return {
    code: 'compose-invalid',
    severity: 'error',
    subject: shownPath(node.at.file),
    message: `has a service ${shown(service)} that is no mapping`,
    hint: 'give it an image or a build',
    origin: originOf(node),
  };
}
