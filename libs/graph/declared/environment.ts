import { type Container, type Origin, type SecretText, type Snapshot, type Workload, evidenceWhere } from '#model';

import { expandKubernetes, type Variable, type Variables } from './expansion.ts';
import { isServiceLink, withServiceLinks } from './service-link.ts';
import type { Setting } from './setting.ts';
import { shownName } from './shown-name.ts';

/** A ConfigMap, Secret or file that was taken in whole, and the key of it. */
export interface BookEntry {
  readonly book: string;
  readonly key: string;
}

/** Where the text of a variable comes from; these are the evidence sources too. */
export type VariableChannel = 'env' | 'env-expansion' | 'configmap-env' | 'secret-env';

export interface EnvironmentVariable extends Variable {
  readonly name: string;
  readonly channel: VariableChannel;
  /** `ConfigMap shop/urls key API_URL`, for sentences; empty for a value written out. */
  readonly via: string;
  readonly origin: Origin;
  readonly entry?: BookEntry;
}

/** What a container finds in its environment, after expansion. */
export interface Environment {
  readonly variables: readonly EnvironmentVariable[];
  readonly byName: Variables;
  /** The same as settings, `position` being the index in `variables`. */
  readonly settings: readonly Setting[];
}

const MERGED = 'merged block of ';

/** Whether a book is a block of variables that a Compose file merges into several services. */
export function isMergedBlock(book: string): boolean {
  return book.startsWith(MERGED);
}

/** Stands for the pod's own name, which is known at run time only: an address with it is the pod's own. */
export const OWN_POD = 'own--pod';

/** Stands for the node's address: whoever listens on the node's own port is meant. */
export const OWN_NODE = 'own--node';

/**
 * The environment as the kubelet (or the Docker engine) would make it: `envFrom` in order, then
 * `env` over it, `$(NAME)` seeing only what stands before.
 */
export function readEnvironment(workload: Workload, container: Container, snapshot: Snapshot): Environment {
  const found = new Map<string, EnvironmentVariable>();
  const { namespace } = workload.ref;
  const linked = workload.platform === 'kubernetes' ? withServiceLinks(found, namespace, (at, name) => snapshot.services.get(`${at}/${name}`)) : found;
  for (const { kind, name, prefix } of container.envFrom) {
    const object = kind === 'configMap' ? snapshot.configMaps.get(`${namespace}/${name}`) : snapshot.secrets.get(`${namespace}/${name}`);
    if (object === undefined) continue;
    const book = `${kind === 'configMap' ? 'ConfigMap' : 'Secret'} ${namespace}/${name}`;
    for (const [key, held] of Object.entries<string | SecretText>(object.data)) {
      const text = typeof held === 'string' ? held : held.reveal();
      found.set(`${prefix}${key}`, {
        name: `${prefix}${key}`,
        value: text,
        isSecret: kind === 'secret',
        channel: kind === 'configMap' ? 'configmap-env' : 'secret-env',
        via: `${book} key ${shownName(key)}`,
        origin: object.origin,
        entry: { book, key },
      });
    }
  }
  for (const entry of container.env) {
    const variable = readEntry(entry, linked, workload, snapshot);
    found.delete(entry.name);
    if (variable !== undefined) found.set(entry.name, variable);
  }
  const variables = [...found.values()].filter(({ name, value }) => !(workload.platform === 'kubernetes' && isServiceLink(name, value)));
  return { variables, byName: linked, settings: variables.map(({ name, value }, position) => ({ key: name, value, position })) };
}

function readEntry(entry: Container['env'][number], before: Variables, workload: Workload, snapshot: Snapshot): EnvironmentVariable | undefined {
  const { name, origin, from } = entry;
  const { namespace } = workload.ref;
  if (entry.value !== undefined) {
    const expansion = workload.platform === 'kubernetes' ? expandKubernetes(entry.value, before) : { text: entry.value, isSecret: false, used: [] };
    // an env file is shared like a ConfigMap, and so is a block of variables merged into many services
    const isEnvFile = workload.platform === 'compose' && origin.file !== workload.origin.file && !/\.ya?ml$/i.test(origin.file);
    const entryBook = isEnvFile ? `file ${origin.file}` : `${MERGED}${origin.file}`;
    return {
      name,
      value: expansion.text,
      isSecret: expansion.isSecret,
      channel: expansion.used.length > 0 ? 'env-expansion' : isEnvFile ? 'configmap-env' : 'env',
      via: isEnvFile ? `file ${origin.file}` : '',
      origin,
      ...(workload.platform === 'compose' ? { entry: { book: entryBook, key: `${name}:${String(origin.line)}` } } : {}),
    };
  }
  switch (from?.kind) {
    case 'configMap': {
      const value = valueIn(snapshot.configMaps.get(`${namespace}/${from.name}`)?.data, from.key);
      return value === undefined ? undefined : { name, value, isSecret: false, channel: 'env', via: `ConfigMap ${namespace}/${from.name} key ${shownName(from.key)}`, origin };
    }
    case 'secret': {
      const value = valueIn(snapshot.secrets.get(`${namespace}/${from.name}`)?.data, from.key)?.reveal();
      return value === undefined ? undefined : { name, value, isSecret: true, channel: 'secret-env', via: `Secret ${namespace}/${from.name} key ${shownName(from.key)}`, origin };
    }
    case 'field': {
      const value = fieldValue(from.path, workload);
      return value === undefined ? undefined : { name, value, isSecret: false, channel: 'env', via: '', origin };
    }
    case 'other':
    case undefined:
      return undefined;
  }
}

/** A key of wire data that may be called `constructor` or `__proto__`. */
export function valueIn<Value>(data: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined {
  return data !== undefined && Object.hasOwn(data, key) ? data[key] : undefined;
}

function fieldValue(path: string, workload: Workload): string | undefined {
  switch (path) {
    case 'metadata.namespace':
      return workload.ref.namespace;
    case 'metadata.name':
      return OWN_POD;
    case 'status.podIP':
      return '127.0.0.1';
    case 'status.hostIP':
      return OWN_NODE;
    default:
      return undefined;
  }
}

/** `file:line Deployment shop/web container app env DB_HOST`. */
export function placeOf(origin: Origin, workload: Workload, container: Container, what: string): string {
  const { kind, namespace, name } = workload.ref;
  return evidenceWhere(origin, `${kind} ${namespace}/${name} container ${shownName(container.name)} ${what}`);
}
