// A controller as it is built, on a cluster, that says when it heard of a pod and when it had worked
// out a node. Started by the benchmark `reaction`, which talks to it over the channel between processes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pino } from 'pino';

import type { ReviewCommand } from '#review';
import { ClusterConnection, findClusterAccess } from '#sources/kubernetes/watch';

import type * as optionsModule from '../../apps/controller/src/options.ts';
import type * as feedModule from '../../apps/controller/src/sources/kubernetes-feed.ts';
import type * as startModule from '../../apps/controller/src/start.ts';


/** What the process tells. Times are in milliseconds since 1970, with fractions. */
export type ReactionNews =
  | { readonly kind: 'up'; readonly port: number; readonly nodes: Readonly<Record<string, { readonly certificate: string; readonly key: string; readonly authority: string }>>; readonly approved: number; readonly syncMs: number }
  | { readonly kind: 'heard'; readonly pods: readonly (readonly [string, number])[] }
  | { readonly kind: 'worked'; readonly turns: readonly { readonly at: number; readonly nodes: readonly string[]; readonly compileMs: number; readonly encodeMs: number }[] }
  | { readonly kind: 'cpu'; readonly cpuMs: number; readonly rssMB: number };

const [, , kubeconfig = '', state = '', ...nodes] = process.argv;
const built = (path: string): string => new URL(`../../dist/apps/controller/src/${path}`, import.meta.url).href;
const actor = { kind: 'person', name: 'bench' } as const;

function now(): number {
  return performance.timeOrigin + performance.now();
}

function tell(news: ReactionNews): void {
  process.send?.(news);
}

const { readOptions } = (await import(built('options.js'))) as typeof optionsModule;
const { startController } = (await import(built('start.js'))) as typeof startModule;
const { feedKubernetes, KUBERNETES_SOURCE } = (await import(built('sources/kubernetes-feed.js'))) as typeof feedModule;
const log = pino({ level: 'warn' }, pino.destination(2));
const access = await findClusterAccess({ kubeconfig });
if (access === undefined) throw new Error('there is no cluster');
const connection = new ClusterConnection(access);
const reading = readOptions(['--kubeconfig', kubeconfig, '--state', state, '--port', '0', '--listen', '127.0.0.1:0'], {});
if (reading.kind !== 'options') throw new Error('the options of the benchmark are wrong');
const started = await startController(reading.options, { required: [KUBERNETES_SOURCE], traffic: 'real', cluster: connection }, state, log, (why) => {
  throw why;
});
const { controller } = started;

const heard: [string, number][] = [];
const worked: { readonly at: number; readonly nodes: readonly string[]; readonly compileMs: number; readonly encodeMs: number }[] = [];
const update = controller.update.bind(controller);
controller.update = (said) => {
  if (said.value?.kind === 'manifest' && said.value.objectKind === 'Pod') heard.push([`${said.value.namespace}/${said.value.name}`, now()]);
  update(said);
};
const desire = controller.nodes.desire.bind(controller.nodes);
controller.nodes.desire = (news) => {
  worked.push({ at: now(), nodes: news.nodes.map(({ node }) => node), ...news.times });
  desire(news);
};

const from = performance.now();
feedKubernetes(controller, connection, log);
const approved = await approveEverything();
const syncMs = performance.now() - from;
const credentials: Record<string, { readonly certificate: string; readonly key: string; readonly authority: string }> = {};
for (const node of nodes) {
  const folder = join(state, 'bench', node);
  mkdirSync(folder, { recursive: true });
  const issued = await started.authority.issueNode(node, 1, Date.now());
  const files = { certificate: join(folder, 'node.crt'), key: join(folder, 'node.key'), authority: join(folder, 'ca.crt') };
  writeFileSync(files.certificate, issued.certificate);
  writeFileSync(files.key, issued.key, { mode: 0o600 });
  writeFileSync(files.authority, started.authority.certificate);
  credentials[node] = files;
}
heard.length = 0;
worked.length = 0;
tell({ kind: 'up', port: started.channelPort, nodes: credentials, approved, syncMs: Math.round(syncMs) });
setInterval(() => {
  if (heard.length > 0) tell({ kind: 'heard', pods: heard.splice(0) });
  if (worked.length > 0) tell({ kind: 'worked', turns: worked.splice(0) });
}, 200);
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  tell({ kind: 'cpu', cpuMs: Math.round((user + system) / 1_000), rssMB: Math.round(process.memoryUsage().rss / 2 ** 20) });
});
process.on('disconnect', () => process.exit(0));

/** Approves everything that is proposed in one revision, and enforces it. */
async function approveEverything(): Promise<number> {
  for (;;) {
    const items: { readonly workload: { readonly namespace: string; readonly kind: string; readonly name: string }; readonly hash: string }[] = [];
    let cursor: string | undefined;
    do {
      const page = await controller.operator.reviews({}, { limit: 200, ...(cursor === undefined ? {} : { cursor }) });
      items.push(...page.items.map(({ review: { workload }, hash }) => ({ workload, hash })));
      cursor = page.next;
    } while (cursor !== undefined);
    const command: ReviewCommand = { kind: 'approve', items, reason: 'to have rules' };
    if (items.length > 0 && (await controller.command(command, actor)).kind === 'done') {
      await controller.command({ kind: 'set-mode', scope: { kind: 'cluster' }, mode: 'enforce', skipsRamp: true, reason: 'to enforce them' }, actor);
      return items.length;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
