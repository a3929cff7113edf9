import type { Container, EnvEntry, MountSource, Snapshot, Workload } from '#model';

import { keyMeaning } from '../declared/key-meaning.ts';
import { unreadFile } from './unread-files.ts';

/**
 * A setting that reaches a workload but whose text is not in the input and may hold an address:
 * the first one found, as a sentence; undefined where there is none.
 *
 * Passwords, certificates and tokens kept out of the input hide nothing about who talks to whom.
 */
export function hiddenSetting(workload: Workload, snapshot: Snapshot): string | undefined {
  const [envFile] = workload.compose?.unreadEnvFiles ?? [];
  if (envFile !== undefined) return 'part of its environment comes from an env file that is not in the input';
  for (const container of workload.containers) {
    const found = hiddenInEnvironment(workload, container, snapshot) ?? hiddenInMounts(workload, container, snapshot);
    if (found !== undefined) return found;
  }
  return undefined;
}

function hiddenInEnvironment(workload: Workload, container: Container, snapshot: Snapshot): string | undefined {
  const { ref } = workload;
  for (const { kind, name } of container.envFrom) {
    if (!isPresent(kind, ref.namespace, name, snapshot)) return `its environment comes from ${shown(kind)} ${name}, which is not in the input`;
  }
  for (const entry of container.env) {
    const source = missingSource(entry, workload, snapshot);
    if (source !== undefined && mayHoldAddress(entry.name)) return `${entry.name} comes from ${source}, which is not in the input`;
  }
  return undefined;
}

function missingSource({ from }: EnvEntry, { ref: { namespace }, platform }: Workload, snapshot: Snapshot): string | undefined {
  if (from?.kind === 'other' && platform === 'compose') return 'a variable of the machine it runs on';
  if (from?.kind !== 'configMap' && from?.kind !== 'secret') return undefined;
  const object = from.kind === 'configMap' ? snapshot.configMaps.get(`${namespace}/${from.name}`) : snapshot.secrets.get(`${namespace}/${from.name}`);
  if (object !== undefined && Object.hasOwn(object.data, from.key)) return undefined;
  return `${shown(from.kind)} ${from.name}`;
}

const ADDRESS_WORDS: ReadonlySet<string> = new Set(
  'url urls uri uris host hosts hostname hostnames addr addrs address addresses endpoint endpoints server servers broker brokers dsn connection connstr connectionstring conn datasource service services upstream upstreams bootstrap node nodes master masters sentinel sentinels peer peers proxy'.split(' '),
);

function mayHoldAddress(variable: string): boolean {
  const meaning = keyMeaning(variable);
  if (meaning === 'address') return true;
  if (meaning !== 'neutral') return false;
  const words = variable.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase().split(/[^a-z]+/);
  return words.some((word) => ADDRESS_WORDS.has(word));
}

const HARMLESS = /(?:^|[^a-z])(?:tls|ssl|ca|certs?|certificates?|pki|keys?|keystore|truststore|ssh|tokens?|jwt|credentials?|creds|passwords?|passwd|htpasswd|licen[cs]e|dashboards?|docker|registry|gpg|sealed|webhook)(?:[^a-z]|$)/i;

function hiddenInMounts({ ref }: Workload, container: Container, snapshot: Snapshot): string | undefined {
  for (const { path, source } of container.mounts) {
    const kind = source.kind;
    if (kind !== 'configMap' && kind !== 'secret') continue;
    if (isPresent(kind, ref.namespace, source.name, snapshot) || isHarmless(path, source)) continue;
    return `${path} comes from ${shown(kind)} ${source.name}, which is not in the input`;
  }
  const unread = unreadFile(container, (text) => HARMLESS.test(text));
  return unread === undefined ? undefined : `${shownPath(unread)} is shown to it from a file that is not in the input`;
}

function shownPath(path: string): string {
  return /^[\w./@+-]{1,120}$/.test(path) ? path : 'a configuration file';
}

function isHarmless(path: string, source: MountSource & { readonly name: string }): boolean {
  return HARMLESS.test(path) || HARMLESS.test(source.name) || (source.kind === 'secret' && (source.keys ?? []).some((key) => HARMLESS.test(key)));
}

function isPresent(kind: 'configMap' | 'secret', namespace: string, name: string, snapshot: Snapshot): boolean {
  return (kind === 'configMap' ? snapshot.configMaps : snapshot.secrets).has(`${namespace}/${name}`);
}

function shown(kind: 'configMap' | 'secret'): string {
  return kind === 'configMap' ? 'ConfigMap' : 'Secret';
}
