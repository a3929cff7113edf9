import { isJsonObject, type Json, type JsonObject } from '#model';

import type { ClusterConnection } from './cluster-connection.ts';
import { isAbsent } from './cluster-refusal.ts';
import type { WatchedKind } from './watched-kind.ts';

const ALL_AT_ONCE = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;
const VERSION = /^[a-z0-9]{1,63}$/;
const KIND = /^[A-Za-z][A-Za-z0-9]{0,62}$/;

export interface Discovered {
  /** What can be listed and watched; of each group the version it prefers first. */
  readonly kinds: readonly WatchedKind[];
  /** Groups whose server does not answer just now: nothing is known of their kinds. */
  readonly unknownGroups: ReadonlySet<string>;
}

/** Asks a server what it serves: in two requests, or on servers before 1.26 in one a group. */
export async function discover(connection: ClusterConnection, signal: AbortSignal): Promise<Discovered> {
  const kinds: WatchedKind[] = [];
  const unknownGroups = new Set<string>();
  for (const root of ['/api', '/apis']) {
    const answer = JSON.parse(await connection.read(root, { signal, accept: ALL_AT_ONCE })) as Json;
    if (!isJsonObject(answer)) continue;
    if (answer['kind'] === 'APIGroupDiscoveryList') {
      for (const group of objects(answer, 'items')) readGroup(group, kinds, unknownGroups);
    } else await askEachGroup(connection, signal, answer, kinds, unknownGroups);
  }
  return { kinds, unknownGroups };
}

function readGroup(item: JsonObject, kinds: WatchedKind[], unknownGroups: Set<string>): void {
  const group = text(isJsonObject(item['metadata']) ? item['metadata'] : {}, 'name');
  for (const version of objects(item, 'versions')) {
    if (version['freshness'] === 'Stale') unknownGroups.add(group);
    for (const resource of objects(version, 'resources')) {
      const responseKind = isJsonObject(resource['responseKind']) ? resource['responseKind'] : {};
      add(kinds, { group, version: text(version, 'version'), kind: text(responseKind, 'kind'), resource: text(resource, 'resource'), isNamespaced: resource['scope'] === 'Namespaced' }, resource);
    }
  }
}

/** `APIVersions` of the core, `APIGroupList` of the rest. */
async function askEachGroup(connection: ClusterConnection, signal: AbortSignal, answer: JsonObject, kinds: WatchedKind[], unknownGroups: Set<string>): Promise<void> {
  const core = Array.isArray(answer['versions']) && answer['kind'] === 'APIVersions' ? [{ group: '', version: 'v1' }] : [];
  const others = objects(answer, 'groups').flatMap((group) => versionsOf(group).map((version) => ({ group: text(group, 'name'), version })));
  for (const { group, version } of [...core, ...others]) {
    if ((group !== '' && !NAME.test(group)) || !VERSION.test(version)) continue;
    try {
      const listed = JSON.parse(await connection.read(group === '' ? `/api/${version}` : `/apis/${group}/${version}`, { signal })) as Json;
      if (!isJsonObject(listed)) continue;
      for (const resource of objects(listed, 'resources')) {
        add(kinds, { group, version, kind: text(resource, 'kind'), resource: text(resource, 'name'), isNamespaced: resource['namespaced'] === true }, resource);
      }
    } catch (error) {
      if (signal.aborted) throw error;
      // an aggregated server that is down takes nobody else with it
      if (!isAbsent(error)) unknownGroups.add(group);
    }
  }
}

function versionsOf(group: JsonObject): readonly string[] {
  const preferred = isJsonObject(group['preferredVersion']) ? text(group['preferredVersion'], 'version') : '';
  const all = objects(group, 'versions').map((each) => text(each, 'version'));
  return [...new Set([preferred, ...all])].filter((each) => each !== '');
}

// names become parts of paths, and an aggregated server may say anything
function add(kinds: WatchedKind[], kind: Omit<WatchedKind, 'need'>, resource: JsonObject): void {
  const verbs = Array.isArray(resource['verbs']) ? (resource['verbs'] as readonly Json[]) : [];
  if (!verbs.includes('list') || !verbs.includes('watch')) return;
  if ((kind.group !== '' && !NAME.test(kind.group)) || !VERSION.test(kind.version) || !KIND.test(kind.kind) || !NAME.test(kind.resource)) return;
  kinds.push({ ...kind, need: 'never' });
}

function objects(value: JsonObject, key: string): readonly JsonObject[] {
  const list = value[key];
  return Array.isArray(list) ? (list as readonly Json[]).filter(isJsonObject) : [];
}

function text(value: JsonObject, key: string): string {
  const field = value[key];
  return typeof field === 'string' ? field : '';
}
