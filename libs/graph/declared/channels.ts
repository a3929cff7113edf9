import { type Container, type CustomResource, type Mount, type Origin, type SecretText, type Snapshot, type Workload, evidenceWhere, workloadKey } from '#model';

import { scanCommand } from './command-scan.ts';
import { scanCustomResource } from './custom-resource-scan.ts';
import { type BookEntry, type Environment, placeOf, readEnvironment, valueIn } from './environment.ts';
import { expandKubernetes, expandTemplate } from './expansion.ts';
import { scanFile } from './file-scan.ts';
import type { KeyedMention } from './mention.ts';
import { scanSettings } from './setting-scan.ts';
import { shownName } from './shown-name.ts';
import type { Channel, Sighting } from './sighting.ts';

// JAVA_OPTS=-Ddb.host=db, EXTRA_ARGS=--redis-host=redis
const OPTIONS = /^\s*-{1,2}[A-Za-z][\w.-]*=|\s-{1,2}[A-Za-z][\w.-]*=/;

/** A file as a container sees it: a key of a ConfigMap or Secret, or one a Compose source has read. */
interface VisibleFile {
  readonly name: string;
  /** Where a file of a folder that was mounted whole lies in the container. */
  readonly path?: string;
  readonly text: string;
  readonly isSecret: boolean;
  readonly channel: Channel;
  readonly origin: Origin;
  readonly entry: BookEntry;
}

/**
 * Reads every text a workload's containers get, and the addresses in it.
 *
 * A file is scanned once however many workloads mount it, unless it refers to the environment.
 */
export class ChannelReader {
  readonly #snapshot: Snapshot;
  readonly #scans = new Map<string, readonly KeyedMention[]>();

  readonly #resources = new Map<string, CustomResource>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    for (const resource of snapshot.customResources) this.#resources.set(`${resource.namespace}/${resource.kind}/${resource.name}`, resource);
  }

  /** In the order of the manifest: containers, and in each its environment, command line and files. */
  read(workload: Workload): readonly Sighting[] {
    const fromContainers = workload.containers.flatMap((container) => {
      const environment = readEnvironment(workload, container, this.#snapshot);
      return [...this.#fromEnvironment(workload, container, environment), ...fromCommand(workload, container, environment), ...this.#fromFiles(workload, container, environment)];
    });
    return [...fromContainers, ...this.#fromResource(workload)];
  }

  // a resource that makes the pods itself speaks for them; any other one speaks for an operator nobody names
  #fromResource(workload: Workload): readonly Sighting[] {
    const resource = this.#resources.get(workloadKey(workload.ref));
    if (resource === undefined) return [];
    const nested = (name: string, text: string): readonly KeyedMention[] => scanFile(name, text, new Map(), []);
    return scanCustomResource(resource, (namespace, name) => this.#snapshot.services.get(`${namespace}/${name}`), nested).map((mention) => ({
      mention,
      channel: 'custom-resource',
      where: evidenceWhere(resource.origin, `${resource.kind} ${resource.namespace}/${resource.name} spec ${shownName(mention.key)}`),
      place: `${resource.kind} ${resource.name} spec ${shownName(mention.key)}`,
      isSecret: false,
    }));
  }

  #fromEnvironment(workload: Workload, container: Container, environment: Environment): readonly Sighting[] {
    const { settings, variables, byName } = environment;
    const sightings: Sighting[] = [];
    function add(mention: KeyedMention, position: number, line: string): void {
      const variable = variables[position];
      if (variable === undefined) return;
      sightings.push({
        mention,
        channel: container.role === 'init' ? 'init-container' : variable.channel,
        where: placeOf(variable.origin, workload, container, `env ${shownName(variable.name)}`),
        place: `env ${shownName(variable.name)}${line}${variable.via === '' ? '' : ` from ${variable.via}`}`,
        isSecret: variable.isSecret,
        ...(variable.entry === undefined ? {} : { entry: variable.entry }),
      });
    }
    for (const mention of scanSettings(settings.filter(({ value }) => !value.includes('\n')), settings)) add(mention, mention.position, '');
    for (const { key, value, position } of settings) {
      // a whole configuration file, a script, or the options of a command line in one variable
      if (value.includes('\n')) for (const mention of scanFile(key, value, byName, settings)) add(mention, position, ` line ${String(mention.position)}`);
      else if (OPTIONS.test(value)) for (const mention of scanCommand(['', ...value.slice(0, 20_000).split(/\s+/)], byName, settings)) add(mention, position, '');
    }
    return sightings;
  }

  #fromFiles(workload: Workload, container: Container, environment: Environment): readonly Sighting[] {
    const sightings: Sighting[] = [];
    const seen = new Set<string>();
    const files = container.mounts.flatMap((mount) => this.#filesOf(workload, mount));
    const passedOver = passedOverFiles(container, files);
    for (const file of files) {
      const id = `${file.entry.book} ${file.entry.key}`;
      if (seen.has(id)) continue;
      seen.add(id);
      const expansion = expandTemplate(file.text, environment.byName);
      for (const mention of this.#scan(id, file, expansion.text, environment)) {
        sightings.push({
          mention,
          channel: container.role === 'init' ? 'init-container' : file.channel,
          where: evidenceWhere({ file: file.origin.file, line: file.origin.line }, `${file.entry.book} ${shownName(file.entry.key)} line ${String(mention.position)}, read by ${workload.ref.kind} ${workload.ref.namespace}/${workload.ref.name} container ${shownName(container.name)}`),
          place: `file ${shownName(file.name)} of ${file.entry.book}`,
          isSecret: file.isSecret || expansion.isSecret,
          entry: file.entry,
          ...(passedOver.has(file) ? { isPassedOver: true } : {}),
        });
      }
    }
    return sightings;
  }

  #scan(id: string, file: VisibleFile, text: string, environment: Environment): readonly KeyedMention[] {
    if (text !== file.text || /[$%]|\{\{/.test(text)) return scanFile(file.name, text, environment.byName, environment.settings);
    const known = this.#scans.get(id);
    if (known !== undefined) return known;
    const found = scanFile(file.name, text, environment.byName, []);
    this.#scans.set(id, found);
    return found;
  }

  #filesOf(workload: Workload, { source }: Mount): readonly VisibleFile[] {
    switch (source.kind) {
      case 'configMap':
      case 'secret':
        return this.#keysOf(workload.ref.namespace, source.kind, source.name, source.keys);
      case 'files':
        return source.files.map((file) => ({
          name: file.path.slice(file.path.lastIndexOf('/') + 1),
          text: file.text,
          isSecret: file.secret,
          channel: file.secret ? 'secret-file' : 'file',
          origin: file.origin,
          path: file.path,
          entry: { book: `${file.secret ? 'secret' : 'file'} ${file.origin.file}${file.origin.line > 1 ? `:${String(file.origin.line)}` : ''}`, key: '' },
        }));
      case 'serviceAccountToken':
      case 'other':
        return [];
    }
  }

  #keysOf(namespace: string, kind: 'configMap' | 'secret', name: string, keys: readonly string[] | undefined): readonly VisibleFile[] {
    const data: Readonly<Record<string, string | SecretText>> | undefined = (kind === 'configMap' ? this.#snapshot.configMaps : this.#snapshot.secrets).get(`${namespace}/${name}`)?.data;
    const origin = (kind === 'configMap' ? this.#snapshot.configMaps : this.#snapshot.secrets).get(`${namespace}/${name}`)?.origin;
    if (data === undefined || origin === undefined) return [];
    const files: VisibleFile[] = [];
    for (const key of keys ?? Object.keys(data)) {
      const held = valueIn(data, key);
      if (held === undefined) continue;
      files.push({
        name: key,
        text: typeof held === 'string' ? held : held.reveal(),
        isSecret: kind === 'secret',
        channel: kind === 'configMap' ? 'configmap-file' : 'secret-file',
        origin,
        entry: { book: `${kind === 'configMap' ? 'ConfigMap' : 'Secret'} ${namespace}/${name}`, key },
      });
    }
    return files;
  }
}

// a folder mounted whole, while the command line names one file of it: the others are somebody else's
function passedOverFiles(container: Container, files: readonly VisibleFile[]): ReadonlySet<VisibleFile> {
  const argv = [...container.command, ...container.args];
  const loose = files.filter(({ path }) => path !== undefined);
  if (loose.length < 2) return new Set();
  const named = loose.filter(({ path }) => path !== undefined && argv.some((word) => word.includes(path)));
  if (named.length === 0) return new Set();
  const folders = new Set(named.map(({ path = '' }) => folderOf(path)));
  return new Set(loose.filter((file) => !named.includes(file) && folders.has(folderOf(file.path ?? ''))));
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function fromCommand(workload: Workload, container: Container, environment: Environment): readonly Sighting[] {
  const argv = [...container.command, ...container.args];
  if (argv.length === 0) return [];
  const expansions = workload.platform === 'kubernetes' ? argv.map((word) => expandKubernetes(word, environment.byName)) : argv.map((text) => ({ text, isSecret: false }));
  const expanded = expansions.map(({ text }) => text);
  // a script expands the rest by itself, so any secret of the container may be in it
  const hasSecrets = expansions.some(({ isSecret }) => isSecret) || environment.variables.some(({ isSecret }) => isSecret);
  return scanCommand(expanded, environment.byName, environment.settings).map((mention) => ({
    mention,
    channel: container.role === 'init' ? 'init-container' : 'args',
    where: placeOf(container.origin, workload, container, 'command line'),
    place: mention.key === '' ? 'the command line' : `the command line (${shortKey(mention.key)})`,
    isSecret: hasSecrets,
  }));
}

function shortKey(key: string): string {
  return /^[\w./:-]{1,80}$/.test(key) ? key : 'a word of it';
}
