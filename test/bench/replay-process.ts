// A made-up cluster behind TLS, in a process of its own: lists, watches, and changes when told to.
// Started by `startReplay`, which talks to it over the channel between processes.
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { ClusterAuthority, kubeconfigText } from '../cluster/cluster-certificates.ts';
import { type ReplayedChange, type ReplayEvent, ReplayWorld, type ReplayWorldOptions } from './replay-world.ts';

/** What the process is told. */
export type ReplayOrder = { readonly kind: 'change'; readonly perSecond: number; readonly count: number } | { readonly kind: 'break' };

/** What it tells. Times are in milliseconds since 1970, with fractions. */
export type ReplayNews =
  | { readonly kind: 'ready'; readonly server: string; readonly kubeconfig: string }
  | { readonly kind: 'changed'; readonly changes: readonly (ReplayedChange & { readonly at: number })[] }
  | { readonly kind: 'done' };

const KINDS = [
  { group: '', version: 'v1', kind: 'Pod', resource: 'pods', scope: 'Namespaced' },
  { group: '', version: 'v1', kind: 'Node', resource: 'nodes', scope: 'Cluster' },
  { group: '', version: 'v1', kind: 'Namespace', resource: 'namespaces', scope: 'Cluster' },
  { group: '', version: 'v1', kind: 'Service', resource: 'services', scope: 'Namespaced' },
  { group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', scope: 'Namespaced' },
  { group: 'apps', version: 'v1', kind: 'ReplicaSet', resource: 'replicasets', scope: 'Namespaced' },
  { group: 'discovery.k8s.io', version: 'v1', kind: 'EndpointSlice', resource: 'endpointslices', scope: 'Namespaced' },
  { group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy', resource: 'networkpolicies', scope: 'Namespaced' },
] as const;
const TOKEN = 'replay';
const BOOKMARK_MS = 5_000;
const REMEMBERED = 200_000;
const TICK_MS = 5;

const world = new ReplayWorld(JSON.parse(process.argv[2] ?? '{"pods":1000}') as ReplayWorldOptions);
const watchers = new Map<string, Set<ServerResponse>>();
const past: ReplayEvent[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'https://replay');
  const found = /^\/api(?:s\/([^/]+))?\/v1\/([a-z]+)$/.exec(url.pathname);
  const kind = KINDS.find(({ group, resource }) => group === (found?.[1] ?? '') && resource === found?.[2]);
  if (request.headers.authorization !== `Bearer ${TOKEN}`) refuse(response, 401, 'Unauthorized');
  else if (url.pathname === '/api' || url.pathname === '/apis') json(response, discovery(url.pathname === '/api'));
  else if (kind === undefined || request.method !== 'GET') refuse(response, 404, 'not found');
  else if (url.searchParams.has('watch')) watch(kind.resource, Number(url.searchParams.get('resourceVersion') ?? '0'), response);
  else void list(kind, url.searchParams, response);
}

async function list(kind: (typeof KINDS)[number], query: URLSearchParams, response: ServerResponse): Promise<void> {
  const [version = String(world.version), from = '0'] = (query.get('continue') ?? '').split(':').filter((part) => part !== '');
  const total = world.count(kind.resource);
  const start = Number(from);
  const end = Math.min(total, query.has('limit') && Number(query.get('limit')) > 0 ? start + Number(query.get('limit')) : total);
  const rest = end < total ? `,"continue":"${version}:${String(end)}","remainingItemCount":${String(total - end)}` : '';
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(`{"kind":"${kind.kind}List","apiVersion":"${kind.group === '' ? 'v1' : `${kind.group}/v1`}","metadata":{"resourceVersion":"${version}"${rest}},"items":[`);
  for (let index = start; index < end; index += 100) {
    const part: string[] = [];
    for (let at = index; at < Math.min(end, index + 100); at += 1) part.push(`${at === start ? '' : ','}${world.object(kind.resource, at)}`);
    if (!response.write(part.join(''))) await new Promise((resolve) => response.once('drain', resolve));
    if (response.destroyed) return;
  }
  response.end(']}\n');
}

function watch(resource: string, version: number, response: ServerResponse): void {
  if (past.length > 0 && version < past[0]!.version - 1) {
    refuse(response, 410, 'too old resource version');
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for (const event of past) if (event.resource === resource && event.version > version) response.write(line(event));
  const held = watchers.get(resource) ?? new Set();
  watchers.set(resource, held.add(response));
  response.on('close', () => held.delete(response));
}

function line({ type, text }: ReplayEvent): string {
  return `{"type":"${type}","object":${text}}\n`;
}

function discovery(isCore: boolean): object {
  const groups = [...new Set(KINDS.filter(({ group }) => (group === '') === isCore).map(({ group }) => group))];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    items: groups.map((name) => ({
      metadata: { name },
      versions: [
        {
          version: 'v1',
          freshness: 'Current',
          resources: KINDS.filter(({ group }) => group === name).map(({ group, version, kind, resource, scope }) => ({ resource, responseKind: { group, version, kind }, scope, verbs: ['get', 'list', 'watch'] })),
        },
      ],
    })),
  };
}

function refuse(response: ServerResponse, code: number, message: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message }));
}

function json(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** Changes pods at an even pace, every pod in turn, and tells when each went out. */
function change(perSecond: number, count: number): void {
  const started = performance.now();
  let done = 0;
  const timer = setInterval(() => {
    const due = Math.min(count, Math.floor(((performance.now() - started) / 1_000) * perSecond));
    const changes: (ReplayedChange & { readonly at: number })[] = [];
    for (; done < due; done += 1) {
      const { change: made, events } = world.replace((done * 7_919) % world.count('pods'));
      for (const event of events) {
        past.push(event);
        const text = line(event);
        for (const response of watchers.get(event.resource) ?? []) response.write(text);
      }
      changes.push({ ...made, at: performance.timeOrigin + performance.now() });
    }
    if (past.length > REMEMBERED) past.splice(0, past.length - REMEMBERED / 2);
    if (changes.length > 0) tell({ kind: 'changed', changes });
    if (done < count) return;
    clearInterval(timer);
    tell({ kind: 'done' });
  }, TICK_MS);
}

function tell(news: ReplayNews): void {
  process.send?.(news);
}

setInterval(() => {
  for (const held of watchers.values()) {
    const bookmark = `{"type":"BOOKMARK","object":{"kind":"Bookmark","metadata":{"resourceVersion":"${String(world.version)}"}}}\n`;
    for (const response of held) response.write(bookmark);
  }
}, BOOKMARK_MS).unref();

const authority = await ClusterAuthority.make();
const { certificate, key } = await authority.server();
const server = createServer({ cert: certificate, key, keepAlive: true }, answer);
process.on('message', (order: ReplayOrder) => {
  if (order.kind === 'change') change(order.perSecond, order.count);
  // every connection is lost, as when a server or a load balancer goes away
  else server.closeAllConnections();
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const url = `https://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`;
  tell({ kind: 'ready', server: url, kubeconfig: kubeconfigText(url, authority, { token: TOKEN }) });
});
