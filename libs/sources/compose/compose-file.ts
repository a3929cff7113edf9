import { dirname } from 'node:path';

import { readComposeYaml } from './compose-yaml.ts';
import type { Variables } from './interpolation.ts';
import { type LocatedMap, type LocatedNode, entriesOf, entryOf, map, originOf, textOf } from './located-node.ts';
import { mergeFiles, mergeServices, withoutResets } from './merging.ts';
import { shown, shownPath } from './plain-text.ts';
import { FILE_LIMITS, type Located } from './project-files.ts';
import type { ProjectReading } from './project-reading.ts';
import { normaliseService } from './service-form.ts';

/** The files of one application, the later ones laid over the earlier ones. */
export interface ModelRequest {
  readonly paths: readonly Located[];
  /** Where relative paths start: the folder of the first file, unless an `include` says otherwise. */
  readonly folder: string;
  readonly variables: Variables;
}

/** A Compose file with its services in normal form and, once read for use, their `extends` resolved. */
export interface ComposeFile {
  readonly path: string;
  readonly root: LocatedMap;
}

const LONGEST_CHAIN = 64;

/** Reads Compose files, each once, and resolves what their services extend. */
export class ComposeFiles {
  /** Every file that was found, also by `extends`. */
  readonly opened = new Set<string>();
  readonly #request: ModelRequest;
  readonly #reading: ProjectReading;
  readonly #parsed = new Map<string, ComposeFile | undefined>();
  readonly #resolved = new Map<string, LocatedMap>();

  constructor(request: ModelRequest, reading: ProjectReading) {
    this.#request = request;
    this.#reading = reading;
  }

  /** One of the application's own files; `extends` is resolved before files are laid over each other, as Compose does. */
  read(located: Located): ComposeFile | undefined {
    const file = this.#parse(located, this.#request.folder, undefined);
    if (file === undefined) return undefined;
    const services = entryOf(file.root, 'services');
    if (services?.kind !== 'map') return file;
    const entries = new Map<string, LocatedNode>();
    for (const [name, node] of services.entries) entries.set(name, node.kind === 'map' ? { ...this.#resolve(file, name, node, []), ...tagOf(node) } : node);
    const root = map(new Map([...file.root.entries, ['services', { ...map(entries, services.at), ...tagOf(services) }]]), file.root.at);
    return { path: file.path, root };
  }

  #resolve(file: ComposeFile, name: string, service: LocatedMap, chain: readonly string[]): LocatedMap {
    const clause = entryOf(service, 'extends');
    const baseName = textOf(entryOf(clause, 'service'));
    if (clause === undefined || baseName === undefined) return service;
    const key = JSON.stringify([file.path, name]);
    const known = this.#resolved.get(key);
    if (known !== undefined) return known;
    const own = map(new Map([...service.entries].filter(([attribute]) => attribute !== 'extends')), service.at);
    if (chain.includes(key) || chain.length >= LONGEST_CHAIN) {
      this.#reading.report({
        code: 'compose-extends-cycle',
        severity: 'error',
        subject: shownPath(file.path),
        message: `has a service ${shown(name)} that extends itself, directly or in a circle`,
        hint: 'take one `extends` of the circle out; the service is read without it',
        origin: originOf(clause),
      });
      return own;
    }
    const resolved = this.#overBase(file, clause, baseName, own, [...chain, key]);
    this.#resolved.set(key, resolved);
    return resolved;
  }

  #overBase(file: ComposeFile, clause: LocatedNode, baseName: string, own: LocatedMap, chain: readonly string[]): LocatedMap {
    const named = textOf(entryOf(clause, 'file'));
    const baseFile = named === undefined ? file : this.#parse(this.#reading.files.locate(clause.at.folder, named), undefined, clause);
    if (baseFile === undefined) return own;
    const base = entryOf(entryOf(baseFile.root, 'services'), baseName);
    if (base?.kind === 'map') return mergeServices(withoutResets(this.#resolve(baseFile, baseName, base, chain)), own);
    this.#reading.report({
      code: 'compose-extends-missing',
      severity: 'error',
      subject: shownPath(file.path),
      message: `extends the service ${shown(baseName)}, which ${named === undefined ? 'it does not have' : `${shown(named)} does not have`}`,
      hint: 'correct the name; the service is read without what it extends',
      origin: originOf(clause),
    });
    return own;
  }

  #parse(located: Located, folder: string | undefined, askedBy: LocatedNode | undefined): ComposeFile | undefined {
    const known = this.#parsed.get(located.path);
    if (known !== undefined || this.#parsed.has(located.path)) return known;
    const file = this.#open(located, folder ?? dirname(located.path), askedBy);
    this.#parsed.set(located.path, file);
    return file;
  }

  #open(located: Located, folder: string, askedBy: LocatedNode | undefined): ComposeFile | undefined {
    const { files, report } = this.#reading;
    const reading = files.read(located, FILE_LIMITS.composeFile);
    const { path } = located;
    if (reading.kind !== 'text') {
      report({
        code: 'compose-file-not-read',
        severity: 'error',
        subject: shownPath(path),
        message: reading.why,
        hint: 'correct the path or the file; the rest is read without it',
        ...(askedBy === undefined ? {} : { origin: originOf(askedBy) }),
      });
      return undefined;
    }
    this.opened.add(path);
    const surroundings = { file: path, folder, variables: this.#request.variables, report };
    const [first, ...rest] = readComposeYaml(reading.text, surroundings).map(withNormalServices);
    return first === undefined ? undefined : { path, root: rest.reduce((base, over) => mergeFiles(base, over), first) };
  }
}

function withNormalServices(root: LocatedMap): LocatedMap {
  const services = root.entries.get('services');
  if (services?.kind !== 'map') return root;
  const entries = new Map<string, LocatedNode>();
  for (const [name, node] of entriesOf(services)) entries.set(name, node.kind === 'map' ? { ...normaliseService(node), ...tagOf(node) } : node);
  return map(new Map([...root.entries, ['services', { ...map(entries, services.at), ...tagOf(services) }]]), root.at);
}

function tagOf(node: LocatedNode): Pick<LocatedNode, 'tag'> {
  return node.tag === undefined ? {} : { tag: node.tag };
}
