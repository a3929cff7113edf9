import { afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { existingAuthority } from '#certificates';
import type { FlowShape, ModePreviewShape } from '#operator-api';

import { commandLine } from '../../apps/cli/src/command-line.ts';
import { describeKernel } from '../support/kernel.ts';
import { EnforcerProcess } from './enforcer-process.ts';
import { buildProduct, get, StartedController } from './started-controller.ts';
import { CLIENT, type Peer, SERVER, VisibilityWorld } from './visibility-world.ts';

const LONG_MS = 300_000;
const NODE = 'node-a';
const WEB = 'shop/Deployment/web';
const DB = 'shop/Deployment/db';
/** web is configured to talk to the first, and to nobody on the second. */
const DECLARED = 5432;
const STRAY = 6379;
const QUIET_MS = 400;

const MANIFESTS = `
apiVersion: v1
kind: Node
metadata: { name: ${NODE} }
spec: { podCIDRs: [10.64.0.0/15, 'fd00:64::/31'] }
status: { addresses: [{ type: InternalIP, address: 198.51.100.1 }, { type: InternalIP, address: '2001:db8::1' }] }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
${([['web', CLIENT], ['db', SERVER]] as const).map(([name, { four, six }]) => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { automountServiceAccountToken: false, containers: [{ name: main, image: 'registry.example/${name}:1'${name === 'db' ? `, ports: [{ containerPort: ${String(DECLARED)} }]` : `, env: [{ name: DATABASE_URL, value: 'postgres://db.shop:${String(DECLARED)}/shop' }]`} }] }
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}-a, namespace: shop, labels: { app: ${name} }, ownerReferences: [{ apiVersion: apps/v1, kind: Deployment, name: ${name}, uid: ${name}, controller: true }] }
spec: { nodeName: ${NODE}, automountServiceAccountToken: false, containers: [{ name: main, image: 'registry.example/${name}:1' }] }
status: { phase: Running, podIP: ${four}, podIPs: [{ ip: ${four} }, { ip: '${six}' }] }
`).join('')}---
apiVersion: v1
kind: Service
metadata: { name: db, namespace: shop }
spec: { selector: { app: db }, ports: [{ port: ${String(DECLARED)} }] }
`;

let folder: string;
let world: VisibilityWorld;
let client: Peer;
let controller: StartedController | undefined;
let enforcer: EnforcerProcess | undefined;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function begin(channel: number): Promise<string> {
  controller = new StartedController(['--watch', join(folder, 'manifests'), '--state', join(folder, 'state'), '--port', '0', '--listen', `127.0.0.1:${String(channel)}`]);
  const [, url = ''] = await controller.line(/"urls":\["(http:[^"]+)".*"the controller is up"/);
  return url;
}

async function startEnforcer(channel: number): Promise<EnforcerProcess> {
  const authority = existingAuthority(join(folder, 'state'), Date.now());
  if (authority === undefined) throw new Error('the controller has made no authority');
  const { certificate, key } = await authority.issueNode(NODE, 1, Date.now());
  const files = { cert: join(folder, 'node.crt'), key: join(folder, 'node.key'), ca: join(folder, 'ca.crt') };
  writeFileSync(files.cert, certificate);
  writeFileSync(files.key, key, { mode: 0o600 });
  writeFileSync(files.ca, authority.certificate);
  enforcer = new EnforcerProcess({ folder, namespace: world.node }, { isOutside: true, args: ['--controller', `127.0.0.1:${String(channel)}`, '--docker', 'off', '--cert', files.cert, '--key', files.key, '--ca', files.ca] });
  return enforcer;
}

/** A command as people give it, and what it prints. */
async function ringfence(url: string, ...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  const said = { code: -1, out: '', err: '' };
  const terminal = { out: (text: string) => { said.out += text; }, err: (text: string) => { said.err += text; }, progress: () => undefined, readStdin: () => '', ask: () => undefined, columns: 200 };
  await commandLine('0.0.0', terminal, (code) => { said.code = code; }).parseAsync([...args, '--server', url], { from: 'user' });
  if (said.code === 2) throw new Error(`ringfence ${args.join(' ')}: ${said.err}`);
  return said;
}

/** Asks again whenever the controller says that something has changed, and once a second, until it holds. */
async function until<Value>(url: string, ask: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  const reader = (await fetch(`${url}/api/v1/events`)).body?.getReader();
  const deadline = performance.now() + LONG_MS / 3;
  try {
    for (;;) {
      const value = await ask();
      if (holds(value)) return value;
      if (performance.now() > deadline) throw new Error(`it never came to that: ${JSON.stringify(value)}`);
      await Promise.race([reader?.read(), new Promise((resolve) => setTimeout(resolve, 1_000))]);
    }
  } finally {
    await reader?.cancel();
  }
}

/** Until the node has confirmed rules it had not before. */
async function afterApplying(change: () => Promise<unknown>): Promise<void> {
  const known = new Set(enforcer?.reports.filter(({ kind }) => kind === 'applied').map(({ hash }) => hash));
  await change();
  await enforcer?.report('applied', ({ hash }) => !known.has(hash));
}

async function flowsOn(url: string, port: number): Promise<readonly FlowShape[]> {
  const { flows } = JSON.parse((await ringfence(url, 'flows', '-o', 'json')).out) as { readonly flows: readonly FlowShape[] };
  return flows.filter((flow) => flow.port === port && flow.from.kind === 'workload' && flow.to.kind === 'workload');
}

async function talk(port: number, times: { readonly four?: number; readonly six?: number }): Promise<readonly string[]> {
  const hosts = [...Array.from({ length: times.four ?? 0 }, () => SERVER.four), ...Array.from({ length: times.six ?? 0 }, () => SERVER.six)];
  const outcomes: string[] = [];
  for (const host of hosts) outcomes.push((await client.do({ do: 'talk', host, port, text: 'x', waitMs: port === STRAY ? QUIET_MS * 5 : 15_000 })).outcome);
  return outcomes;
}

function counted(url: string, wanted: number): Promise<readonly FlowShape[]> {
  return until(url, () => flowsOn(url, STRAY), ([flow]) => (flow?.wouldBeDenied ?? 0) >= wanted);
}

describeKernel('a namespace on its way from audit to enforce', () => {
  beforeAll(buildProduct, LONG_MS);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-audit-'));
    mkdirSync(join(folder, 'manifests'));
    mkdirSync(join(folder, 'state'));
    writeFileSync(join(folder, 'manifests', 'shop.yaml'), MANIFESTS);
    world = new VisibilityWorld();
    client = world.peer('client');
    const server = world.peer('server');
    for (const port of [DECLARED, STRAY]) await server.do({ do: 'serve', host: '::', port });
  }, LONG_MS);

  afterEach(async () => {
    await enforcer?.end('SIGKILL');
    await controller?.end('SIGKILL');
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(
    'drops nothing in audit, counts each connection once, says what it lacks, and drops it once enforced',
    async () => {
      const channel = await freePort();
      let url = await begin(channel);
      await startEnforcer(channel);
      await until(url, () => ringfence(url, 'proposals', '-o', 'json'), ({ out }) => (JSON.parse(out) as { readonly proposals: readonly unknown[] }).proposals.length === 2);
      await ringfence(url, 'mode', 'shop', 'audit', '--yes', '--reason', 'the ramp begins');
      await afterApplying(() => ringfence(url, 'approve', WEB, DB, '--yes', '--reason', 'what they are configured to do'));
      expect((await ringfence(url, 'status')).out).toContain('2 audited: what would be denied is counted');

      const from = Date.now();
      expect(await talk(DECLARED, { four: 1, six: 1 })).toEqual(['answered', 'answered']);
      expect(await talk(STRAY, { four: 2, six: 3 })).toEqual(Array.from({ length: 5 }, () => 'answered'));
      // the rules of both ends would refuse it, and both are on this node
      const [stray, ...others] = await counted(url, 5);
      expect(others).toEqual([]);
      expect(stray).toMatchObject({ from: { workload: { name: 'web' } }, to: { workload: { name: 'db' } }, protocol: 'TCP', wouldBeDenied: 5, denied: 0, connections: 5 });
      // a stretch of flows may have begun before
      expect(stray!.wouldBeDeniedIn!.first).toBeGreaterThan(from - 11_000);
      expect(stray!.wouldBeDeniedIn!.last).toBeLessThanOrEqual(Date.now() + 11_000);
      expect(stray!.missing).toBe(`missing: egress of ${WEB} to ${DB} on ${String(STRAY)}/TCP; missing: ingress of ${DB} from ${WEB} on ${String(STRAY)}/TCP`);
      expect(await flowsOn(url, DECLARED)).toMatchObject([{ connections: 2, wouldBeDenied: 0 }]);
      const why = (await ringfence(url, 'why', WEB, DB, `${String(STRAY)}/TCP`)).out;
      expect(why).toContain('WOULD BE DENIED');
      expect(why).toContain('5 connections would be refused');
      const pending = 'would drop 5 connections of 1 kind';
      expect((await ringfence(url, 'status')).out).toContain(pending);
      for (const scope of [[], ['shop'], [WEB]]) expect((await ringfence(url, 'mode', ...scope)).out).toContain(pending);

      // connected anew, to a controller that was started anew, and nothing counts twice
      await controller?.end('SIGINT');
      url = await begin(channel);
      await until(url, () => get(url, '/api/v1/nodes'), (value) => (value as { readonly nodes: readonly { readonly realisation: { readonly kind: string } }[] }).nodes.some(({ realisation }) => realisation.kind === 'realised'));
      expect(await talk(STRAY, { six: 1 })).toEqual(['answered']);
      expect(await counted(url, 6)).toMatchObject([{ wouldBeDenied: 6, connections: 6 }]);

      const { code, out } = await ringfence(url, 'mode', 'shop', 'enforce', '--dry-run', '-o', 'json');
      const { preview } = JSON.parse(out) as { readonly preview: ModePreviewShape };
      expect({ code, changes: preview.changes.map(({ before, after }) => `${before} ${after}`) }).toEqual({ code: 1, changes: ['audit enforce', 'audit enforce'] });
      expect(preview.lost).toMatchObject([{ port: STRAY, wouldBeDenied: 6, decision: 'deny', missing: [expect.stringContaining(`egress of ${WEB}`), expect.stringContaining(`ingress of ${DB}`)] }]);
      const { remedies } = preview.lost[0]!;
      expect(remedies.map(({ workload }) => workload.name).sort()).toEqual(['db', 'web']);

      await afterApplying(() => ringfence(url, 'mode', 'shop', 'enforce', '--yes'));
      expect(await talk(STRAY, { four: 1, six: 1 })).not.toContain('answered');
      expect(await talk(DECLARED, { four: 1, six: 1 })).toEqual(['answered', 'answered']);
      const enforced = await until(url, () => ringfence(url, 'status'), (status) => status.out.includes('2 enforced, in force wherever they run'));
      expect(enforced.out).not.toContain('would drop');

      // what was said to help does
      for (const { workload, kind, rule, direction = '', admit } of remedies) {
        const key = `shop/Deployment/${workload.name}`;
        if (kind === 'add-rule' && rule !== undefined) await ringfence(url, 'edit', key, '--add', direction, '--peer', workload.name === 'web' ? DB : WEB, '--port', `${String(STRAY)}/TCP`, '--why', 'a cache');
        await afterApplying(() => ringfence(url, 'approve', key, '--yes', '--reason', 'it is needed', ...(admit.length === 0 ? [] : ['--admit', ...admit])));
      }
      expect(await talk(STRAY, { four: 1, six: 1 })).toEqual(['answered', 'answered']);
      expect((await flowsOn(url, STRAY)).map(({ missing }) => missing)).toEqual([undefined]);
    },
    LONG_MS,
  );
});
