import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';

import type { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';

import { isJsonObject } from '#model';

import { shown } from '../shown-text.ts';
import { type ClusterAccess, ClusterAccessError, type ClusterCredentials } from './cluster-access.ts';
import { errorText } from './cluster-refusal.ts';
import { requirePrivateWay, weaknessesOf } from './cluster-way.ts';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** As long as client-go goes on with a token it has read. */
const FRESH_MS = 30_000;

export interface FindAccessOptions {
  /** A kubeconfig by name; only that one is looked at then. */
  readonly kubeconfig?: string;
  /** Another context than the one the kubeconfig has chosen. */
  readonly context?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
  /** Where a Pod finds its token. */
  readonly serviceAccountFolder?: string;
}

/**
 * Finds how to reach a cluster: the kubeconfig that is named; else those of KUBECONFIG; else
 * ~/.kube/config; else, in a Pod, its ServiceAccount. Undefined where there is none of these.
 *
 * Throws a `ClusterAccessError` where one is there and cannot be used: nothing else is tried then,
 * for it would be another cluster.
 */
export async function findClusterAccess(options: FindAccessOptions = {}): Promise<ClusterAccess | undefined> {
  const { environment = process.env, home = homedir(), serviceAccountFolder = SERVICE_ACCOUNT } = options;
  const named = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (options.kubeconfig !== undefined) return fromFiles([resolve(options.kubeconfig)], options.context);
  if (named.length > 0) {
    const there = named.filter((path) => existsSync(path));
    if (there.length === 0) throw new ClusterAccessError(`read the kubeconfig: KUBECONFIG names ${named.map((path) => shown(path)).join(', ')}, and no such file is there; correct it or unset it`);
    return fromFiles(there.map((path) => resolve(path)), options.context);
  }
  const standard = join(home, '.kube', 'config');
  if (existsSync(standard)) return fromFiles([standard], options.context);
  const host = environment['KUBERNETES_SERVICE_HOST'];
  if (host !== undefined && host !== '' && existsSync(join(serviceAccountFolder, 'token'))) {
    return fromPod(serviceAccountFolder, host, environment['KUBERNETES_SERVICE_PORT'] ?? '443');
  }
  return undefined;
}

async function fromFiles(paths: readonly string[], context: string | undefined): Promise<ClusterAccess> {
  const name = `the kubeconfig ${paths.map((path) => shown(path, 200)).join(', ')}`;
  const read = async (): Promise<KubeConfig> => readFiles(paths, context, name);
  const config = await read();
  return access(config, `${name}, context ${shown(config.getCurrentContext())}`, read);
}

async function fromPod(folder: string, host: string, port: string): Promise<ClusterAccess> {
  const read = async (): Promise<KubeConfig> => {
    const config = await emptyConfig();
    const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const user = { name: 'pod', authProvider: { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } } };
    config.loadFromOptions({
      clusters: [{ name: 'pod', server, caFile: join(folder, 'ca.crt'), skipTLSVerify: false }],
      users: [user],
      contexts: [{ name: 'pod', cluster: 'pod', user: 'pod', namespace: textIn(join(folder, 'namespace')) ?? 'default' }],
      currentContext: 'pod',
    });
    return config;
  };
  return access(await read(), `the ServiceAccount of this Pod, in ${shown(folder, 200)}`, read);
}

async function readFiles(paths: readonly string[], context: string | undefined, name: string): Promise<KubeConfig> {
  const config = await emptyConfig();
  for (const path of paths) {
    try {
      const one = await emptyConfig();
      one.loadFromFile(path);
      useTokenFiles(one, path);
      addMissing(config, one);
    } catch (error) {
      throw new ClusterAccessError(`read the kubeconfig ${shown(path, 200)}: ${errorText(error)}; it has to be a file that kubectl takes`);
    }
  }
  if (context !== undefined) config.setCurrentContext(context);
  const chosen = config.getContextObject(config.getCurrentContext());
  const hint = 'choose one of its contexts with kubectl config use-context';
  if (chosen === null) throw new ClusterAccessError(`read ${name}: there is no context ${shown(config.getCurrentContext()) || 'chosen'}; ${hint}`);
  if (config.getCluster(chosen.cluster) === null) throw new ClusterAccessError(`read ${name}: the context ${shown(chosen.name)} names the cluster ${shown(chosen.cluster)}, which is not in it; ${hint}`);
  return config;
}

function access(config: KubeConfig, origin: string, read: () => Promise<KubeConfig>): ClusterAccess {
  let current: Promise<KubeConfig> = Promise.resolve(config);
  const server = config.getCurrentCluster()?.server ?? '';
  const user = config.getCurrentUser();
  // said at once where it is plain, and below for whatever comes to be shown later
  requirePrivateWay(server, origin, [user?.token, user?.authProvider, user?.exec, user?.username].some(Boolean));
  let held: { readonly until: number; readonly credentials: Promise<ClusterCredentials> } | undefined;
  return {
    server,
    weaknesses: weaknessesOf(server, config.getCurrentCluster()?.skipTLSVerify === true, origin),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace ?? 'default',
    origin,
    credentials: async () => {
      const now = performance.now();
      if (held === undefined || held.until < now) held = { until: now + FRESH_MS, credentials: current.then((each) => credentialsOf(each, origin, server)) };
      try {
        return await held.credentials;
      } catch (error) {
        held = undefined;
        throw error;
      }
    },
    forget: () => {
      held = undefined;
      current = read();
      // whoever asks for credentials is told
      current.catch(() => undefined);
    },
  };
}

async function credentialsOf(config: KubeConfig, origin: string, server: string): Promise<ClusterCredentials> {
  const options: RequestOptions = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new ClusterAccessError(`get credentials from ${origin}: ${errorText(error)}`, { cause: error });
  }
  const { ca, cert, key, passphrase, servername, rejectUnauthorized, auth, agent } = options;
  const basic = typeof auth === 'string' ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  // a token in a file ends with the line
  const given = Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value).trim()]);
  requirePrivateWay(server, origin, auth !== undefined || given.some(([name]) => name === 'authorization'));
  return {
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(servername === undefined ? {} : { servername }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    },
    headers: { ...basic, ...(Object.fromEntries(given) as Record<string, string>) },
    ...(config.getCurrentCluster()?.proxyUrl === undefined || typeof agent !== 'object' ? {} : { proxy: agent }),
  };
}

/** `tokenFile` of a user, which the client does not know: a token that is read again as it changes. */
function useTokenFiles(config: KubeConfig, path: string): void {
  const document: unknown = parse(readFileSync(path, 'utf8'));
  const entries = isJsonObject(document) && Array.isArray(document['users']) ? document['users'].filter(isJsonObject) : [];
  config.users = config.users.map((user) => {
    const given = entries.find((entry) => entry['name'] === user.name)?.['user'];
    const tokenFile = isJsonObject(given) && given['token'] === undefined ? given['tokenFile'] : undefined;
    return typeof tokenFile === 'string' ? { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: resolve(dirname(path), tokenFile) } } } : user;
  });
}

/** As kubectl merges: whoever names something first has it. */
function addMissing(config: KubeConfig, other: KubeConfig): void {
  const isNew = (held: readonly { readonly name: string }[]) => (each: { readonly name: string }) => !held.some(({ name }) => name === each.name);
  config.loadFromOptions({
    clusters: [...config.clusters, ...other.clusters.filter(isNew(config.clusters))],
    users: [...config.users, ...other.users.filter(isNew(config.users))],
    contexts: [...config.contexts, ...other.contexts.filter(isNew(config.contexts))],
    // one may have chosen none, whatever the type says
    currentContext: config.currentContext === '' ? ((other.currentContext as string | undefined) ?? '') : config.currentContext,
  });
}

/** The client is loaded where it is needed and nowhere else: it takes a second and 100 MB. */
async function emptyConfig(): Promise<KubeConfig> {
  const client = await import('@kubernetes/client-node');
  const config = new client.KubeConfig();
  config.currentContext = '';
  return config;
}

function textIn(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
