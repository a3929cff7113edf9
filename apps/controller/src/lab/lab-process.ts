import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { inferGraph } from '#graph';
import { snapshotOf } from '#inventory';
import { EnforcedLab, labObjects, LabServers, namePrefix, serviceRoutes, sweepLeftovers } from '#lab';
import { readPaths } from '#sources/files';

import { packageFolder } from '../package-folder.ts';
import type { LabEnforcer, LabNews, LabOrder } from './lab-messages.ts';
import { planTalks } from './lab-plan.ts';
import { LabTraffic } from './lab-traffic.ts';

/*
 * The process that holds the lab of `npm start`: its namespaces, servers, clients and enforcers.
 *
 * It ends when whoever started it does, however that ends: the channel between them breaks. Then
 * it ends its enforcers, and the kernel takes the namespaces away.
 */

const [, , folder = '', nodes = '3'] = process.argv;
const enforcers = new Map<string, ChildProcess>();
let lab: EnforcedLab | undefined;
let servers: LabServers | undefined;
let traffic: LabTraffic | undefined;
let isEnding = false;

function tell(news: LabNews): void {
  if (process.connected) process.send?.(news);
}

function build(): void {
  const { updates } = readPaths([folder], { readStdin: () => '' });
  const snapshot = snapshotOf(labObjects(updates, Number(nodes)));
  // holds no folder of anybody's
  process.chdir('/');
  const made = new EnforcedLab({ prefix: namePrefix() });
  lab = made;
  made.show(snapshot, new Map());
  const services = serviceRoutes(snapshot);
  made.translate(services);
  const graph = inferGraph(snapshot);
  servers = new LabServers(made.lab);
  servers.open(snapshot, graph.relationships.filter(({ to }) => to === 'internet').map(({ protocol, port }) => ({ protocol, port: port ?? 443 })));
  traffic = new LabTraffic(made, (attempt) => {
    tell({ kind: 'attempt', attempt });
  });
  tell({ kind: 'up', nodes: [...made.lab.nodeNamespaces().keys()], pods: snapshot.pods.size });
  traffic.start(planTalks(graph, { snapshot, services }));
}

function startEnforcers({ controller, nodes: each }: LabOrder): void {
  for (const enforcer of each) startEnforcer(controller, enforcer);
}

function startEnforcer(controller: string, { node, certificate, key, authority, state }: LabEnforcer): void {
  const namespace = lab?.lab.nodeNamespaces().get(node);
  if (namespace === undefined || isEnding) return;
  const path = join(dirname(state), 'enforcer.log');
  const log = openSync(path, 'a', 0o600);
  const program = join(packageFolder(), 'bin', 'ringfence-enforcer');
  const child = spawn(program, ['--netns', namespace.path, '--state', state, '--socket', 'none', '--docker', 'off', '--controller', controller, '--cert', certificate, '--key', key, '--ca', authority], { stdio: ['ignore', 'ignore', log] });
  closeSync(log);
  child.once('error', ({ message }) => {
    tell({ kind: 'enforcer-ended', node, why: message });
  });
  child.once('exit', (code, signal) => {
    enforcers.delete(node);
    if (!isEnding) tell({ kind: 'enforcer-ended', node, why: `${signal ?? `exited ${String(code)}`}; its log is ${path}` });
  });
  enforcers.set(node, child);
  if (child.pid !== undefined) tell({ kind: 'enforcer', node, pid: child.pid });
}

function end(): void {
  if (isEnding) return;
  isEnding = true;
  traffic?.close();
  servers?.close();
  for (const child of enforcers.values()) child.kill('SIGKILL');
  lab?.close();
  sweepLeftovers();
  process.exit(0);
}

process.on('disconnect', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
process.on('message', (order: LabOrder) => {
  startEnforcers(order);
});

try {
  sweepLeftovers();
  build();
} catch (error) {
  tell({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
  end();
}
