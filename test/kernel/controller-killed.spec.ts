import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { existingAuthority } from '#certificates';

import { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { describeKernel } from '../support/kernel.ts';
import { random } from '../support/large-cluster.ts';
import { repositoryRoot } from '../support/shared.ts';
import { nft } from './enforcer-process.ts';
import { buildProduct, get, post, StartedController } from './started-controller.ts';

const LONG_MS = 300_000;
const KILLS = 8;
const SEED = 20261201;
const NODE = 'node-a';
const DB = { namespace: 'shop', kind: 'Deployment', name: 'db' };

const MANIFESTS = `
apiVersion: v1
kind: Node
metadata: { name: ${NODE} }
spec: { podCIDRs: [10.1.0.0/24, 'fd00:1::/64'] }
status: { addresses: [{ type: InternalIP, address: 192.0.2.1 }, { type: InternalIP, address: '2001:db8::1' }] }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
${['web', 'db'].map((name, at) => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: 'registry.example/${name}:1', ports: [{ containerPort: 5432 }], env: [{ name: DATABASE_URL, value: 'postgres://db.shop:5432/shop' }] }] }
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}-a, namespace: shop, labels: { app: ${name} }, ownerReferences: [{ apiVersion: apps/v1, kind: Deployment, name: ${name}, uid: ${name}, controller: true }] }
spec: { nodeName: ${NODE}, containers: [{ name: main, image: 'registry.example/${name}:1', ports: [{ containerPort: 5432 }] }] }
status: { phase: Running, podIP: 10.1.0.${String(at + 2)}, podIPs: [{ ip: 10.1.0.${String(at + 2)} }, { ip: 'fd00:1::${String(at + 2)}' }] }
`).join('')}---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { selector: { app: db }, ports: [{ port: 5432 }] }
`;

interface Entry {
  readonly seq: number;
  readonly kind: string;
  readonly revision?: number;
}

/** What was acknowledged to whoever asked. */
interface Acknowledged {
  readonly seq: number;
  readonly revision: number | undefined;
}

let folder: string;
let namespace: NetworkNamespace;
let enforcer: ChildProcess | undefined;
let controller: StartedController | undefined;
/** What the node's kernel acknowledged, in order. */
let applied: { readonly revision: number; readonly hash: string }[];

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function begin(channel: number): StartedController {
  controller = new StartedController(['--watch', join(folder, 'manifests'), '--state', join(folder, 'state'), '--port', '0', '--listen', `127.0.0.1:${String(channel)}`]);
  return controller;
}

async function urlOf(started: StartedController): Promise<string> {
  const [, url = ''] = await started.line(/"urls":\["(http:[^"]+)".*"the controller is up"/);
  return url;
}

async function startEnforcer(channel: number): Promise<void> {
  const authority = existingAuthority(join(folder, 'state'), Date.now());
  if (authority === undefined) throw new Error('the controller has made no authority');
  const issued = await authority.issueNode(NODE, 1, Date.now());
  const files = { cert: join(folder, 'node.crt'), key: join(folder, 'node.key'), ca: join(folder, 'ca.crt') };
  writeFileSync(files.cert, issued.certificate);
  writeFileSync(files.key, issued.key, { mode: 0o600 });
  writeFileSync(files.ca, authority.certificate);
  const args = ['--netns', namespace.path, '--state', join(folder, 'enforcer'), '--socket', 'none', '--docker', 'off', '--flows', 'off', '--report', '-', '--controller', `127.0.0.1:${String(channel)}`, '--cert', files.cert, '--key', files.key, '--ca', files.ca];
  const child = spawn(join(repositoryRoot, 'bin', 'ringfence-enforcer'), args, { stdio: ['ignore', 'pipe', 'ignore'] });
  enforcer = child;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const report = JSON.parse(line) as { readonly kind: string; readonly revision: number; readonly hash: string };
    if (report.kind === 'applied') applied.push(report);
  });
}

/** Until the node says that it enforces the current revision. */
async function inStep(url: string): Promise<{ readonly revision: number; readonly hash: string }> {
  const events = await fetch(`${url}/api/v1/events`);
  const reader = events.body?.getReader();
  const deadline = performance.now() + LONG_MS / 4;
  for (;;) {
    const [status, nodes] = (await Promise.all([get(url, '/api/v1/status'), get(url, '/api/v1/nodes')])) as [{ readonly revision: number }, { readonly nodes?: readonly Realised[] }];
    const realised = nodes.nodes?.find(({ realisation }) => realisation.kind === 'realised' && realisation.revision === status.revision);
    if (realised !== undefined) {
      await reader?.cancel();
      return { revision: status.revision, hash: realised.realisation.hash ?? '' };
    }
    if (performance.now() > deadline) throw new Error(`the node is not in step: ${JSON.stringify([status, nodes])}`);
    // something changed, or a second went by
    await Promise.race([reader?.read(), new Promise((resolve) => setTimeout(resolve, 1_000))]);
  }
}

interface Realised {
  readonly realisation: { readonly kind: string; readonly revision?: number; readonly hash?: string };
}

describeKernel('a controller that is killed', () => {
  beforeAll(buildProduct, LONG_MS);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-killed-'));
    mkdirSync(join(folder, 'manifests'));
    mkdirSync(join(folder, 'enforcer'));
    writeFileSync(join(folder, 'manifests', 'shop.yaml'), MANIFESTS);
    namespace = new NetworkNamespace();
    applied = [];
  });

  afterEach(async () => {
    enforcer?.kill('SIGKILL');
    await controller?.end('SIGKILL');
    namespace.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    `loses nothing it acknowledged, leaves no revision half done, and its node goes on, ${String(KILLS)} times`,
    async () => {
      const next = random(SEED);
      const channel = await freePort();
      const acknowledged: Acknowledged[] = [];
      let url = await urlOf(begin(channel));
      await startEnforcer(channel);
      await inStep(url);
      await post(url, '/api/v1/modes', { scope: { kind: 'namespace', namespace: 'shop' }, mode: 'enforce', reason: 'it is time' });
      const { hash } = (await get(url, `/api/v1/proposals/${DB.namespace}/${DB.kind}/${DB.name}`)) as { readonly hash: string };
      const first = await post(url, '/api/v1/approvals', { proposals: [{ workload: DB, hash }], reason: 'it is what it needs' });
      expect(first).toMatchObject({ status: 200, body: { revision: 1 } });
      acknowledged.push({ seq: Number(first.body['seq']), revision: 1 });
      const closed = await inStep(url);

      for (let kill = 0; kill < KILLS; kill += 1) {
        const started = controller!;
        const killed = new AbortController();
        const dies = setTimeout(() => {
          killed.abort();
          void started.end('SIGKILL');
        }, 20 + next() * 400);
        // back and forth between nothing and what was approved, each a revision of its own
        for (let to = kill % 2; !killed.signal.aborted; to = 1 - to) {
          const answer = await post(url, '/api/v1/rollbacks', { to, reason: `round ${String(kill)}` }).catch(() => undefined);
          if (answer?.status === 200) acknowledged.push({ seq: Number(answer.body['seq']), revision: Number(answer.body['revision']) });
        }
        clearTimeout(dies);
        await started.ended;
        // nobody is there, and the kernel holds what it held
        const table = nft({ folder, namespace }, 'list', 'tables');
        expect(table).toContain('inet ringfence');

        url = await urlOf(begin(channel));
        const { entries } = (await get(url, '/api/v1/journal?limit=500')) as { readonly entries: readonly Entry[] };
        expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_entry, at) => at + 1));
        const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
        for (const { seq, revision } of acknowledged) expect(bySeq.get(seq)?.revision).toBe(revision);
        // the one under way when it was killed may be there too, and nothing else
        expect(entries.length - acknowledged.length - 1).toBeLessThanOrEqual(kill + 1);
        const now = await inStep(url);
        const current = entries.filter(({ kind }) => kind === 'approved' || kind === 'rolled-back').length;
        expect(now.revision).toBe(current);
      }

      // whatever was enforced in all that time was one of two things, each in full
      const revisions = new Map<number, string>();
      for (const { revision, hash: text } of applied) {
        expect(revisions.get(revision) ?? text).toBe(text);
        revisions.set(revision, text);
      }
      const after = new Set(applied.filter(({ revision }) => revision >= 1).map(({ hash: text }) => text));
      expect(after.size).toBe(2);
      expect(after.has(closed.hash)).toBe(true);
    },
    LONG_MS,
  );
});
