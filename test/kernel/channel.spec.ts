import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { openAuthority } from '#certificates';
import type { NodeBundle } from '#compilers/nftables';
import { NetlinkDriver } from '#dataplane';
import { writeBundleText } from '#distribution';
import { parseAddress } from '#model';

import type { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { describeKernel } from '../support/kernel.ts';
import { profileName } from '../support/node-bundles.ts';
import { repositoryRoot } from '../support/shared.ts';
import { withTrueDigests } from '../support/true-digests.ts';
import { clientPod, type EnforcerPlace, EnforcerProcess, type Line, nft, ringfenceNode, serverPod, shopBundle } from './enforcer-process.ts';
import { CLIENT, type Peer, SERVER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 90_000;
const WAIT_MS = 30_000;
const ALLOWED = 8080;
const DENIED = 2222;
const QUIET_MS = 300;
const NODE = 'node-a';
const NODE_ADDRESS = { four: '10.64.0.1', six: 'fd00:64::1' };
const LOGIN = 2022;

/** A controller's end of the channel, in the namespace of the node it serves. */
class ControllerProcess {
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #notify: () => void = () => undefined;

  constructor(namespace: NetworkNamespace, folder: string, host: string, port: number) {
    const args = ['--conditions=source', '--disable-warning=ExperimentalWarning', join(repositoryRoot, 'test/support/controller-process.ts'), folder, host, String(port)];
    this.#child = namespace.run(() => spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } }));
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', () => {
        resolve();
        this.#notify();
      });
    });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.#notify();
    });
  }

  desire(bundle: NodeBundle): void {
    this.#child.stdin?.write(`${writeBundleText(bundle)}\n`);
  }

  decide(what: 'confirm' | 'retry', hash: string): void {
    this.#child.stdin?.write(`${what} ${NODE} ${hash}\n`);
  }

  async told(kind: string, fits: (line: Line) => boolean = () => true): Promise<Line> {
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const found = this.lines.find((line) => line['kind'] === kind && fits(line));
      if (found !== undefined) return found;
      const left = deadline - performance.now();
      if (left <= 0 || this.#child.exitCode !== null) throw new Error(`the controller was never told ${kind}: ${JSON.stringify(this.lines)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#notify = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  count(kind: string): number {
    return this.lines.filter((line) => line['kind'] === kind).length;
  }

  kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    return this.#ended;
  }
}

describeKernel('an enforcer and its controller', () => {
  let world: VisibilityWorld;
  let client: Peer;
  let place: EnforcerPlace;
  const controllers: ControllerProcess[] = [];
  const enforcers: EnforcerProcess[] = [];

  beforeAll(async () => {
    world = new VisibilityWorld();
    world.node.run(() => spawnSync('ip', ['link', 'set', 'lo', 'up']));
    client = world.peer('client');
    const server = world.peer('server');
    for (const port of [ALLOWED, DENIED]) {
      await server.do({ do: 'serve', host: '0.0.0.0', port });
      await server.do({ do: 'serve', host: SERVER.six, port });
    }
  }, PATIENCE_MS);
  afterAll(() => world.close());

  beforeEach(() => {
    place = { folder: mkdtempSync(join(tmpdir(), 'ringfence-')), namespace: world.node };
  });
  afterEach(async () => {
    await Promise.all([...enforcers.splice(0).map((each) => each.end('SIGKILL')), ...controllers.splice(0).map((each) => each.kill())]);
    const driver = new NetlinkDriver({ namespacePath: world.node.path });
    driver.remove();
    driver.close();
    rmSync(place.folder, { recursive: true });
  });

  async function serve(host: string, port = 0): Promise<{ readonly controller: ControllerProcess; readonly port: number }> {
    const controller = new ControllerProcess(world.node, place.folder, host, port);
    controllers.push(controller);
    return { controller, port: Number((await controller.told('listening'))['port']) };
  }

  async function enforce(host: string, port: number, more: readonly string[] = []): Promise<EnforcerProcess> {
    const authority = await openAuthority(place.folder, Date.now());
    const issued = await authority.issueNode(NODE, 1, Date.now());
    const files = { cert: issued.certificate, key: issued.key, ca: authority.certificate };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(place.folder, `${name}.pem`), text);
    const address = `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
    const enforcer = new EnforcerProcess(place, { args: ['--controller', address, ...Object.keys(files).flatMap((name) => [`--${name}`, join(place.folder, `${name}.pem`)]), ...more] });
    enforcers.push(enforcer);
    return enforcer;
  }

  function reaches(port: number, host: string): Promise<boolean> {
    return client.do({ do: 'talk', host, port, text: 'x', waitMs: port === DENIED ? QUIET_MS : 5_000 }).then(({ outcome }) => outcome === 'answered');
  }

  const open = withTrueDigests({ ...shopBundle('a1', { from: [CLIENT.four] }), node: NODE });
  const closed = withTrueDigests({ ...shopBundle('b2', { from: ['192.0.2.9'] }), node: NODE, revision: 2 });

  it.each([['127.0.0.1', SERVER.four], ['::1', SERVER.six]])('sends the bundle, the kernel holds it, and the controller hears so (%s)', async (host, target) => {
    const { controller, port } = await serve(host);
    controller.desire(open);
    const enforcer = await enforce(host, port);
    expect(await controller.told('ack')).toMatchObject({ node: NODE, revision: 1, hash: 'a1', generation: 1, commitMs: expect.any(Number), elements: expect.any(Number) });
    expect(await enforcer.report('applied')).toMatchObject({ origin: 'channel', hash: 'a1', driver: 'netlink' });
    expect(nft(place, 'list', 'table', 'inet', 'ringfence')).toContain(CLIENT.four);
    expect(await reaches(DENIED, target)).toBe(false);
    if (target === SERVER.four) expect(await reaches(ALLOWED, target)).toBe(true);
    controller.desire(closed);
    expect(await controller.told('ack', ({ hash }) => hash === 'b2')).toMatchObject({ revision: 2 });
    // as a change of what was there
    expect(await enforcer.report('applied', ({ hash }) => hash === 'b2')).toMatchObject({ how: 'changed' });
    expect(controller.count('snapshot')).toBe(1);
    expect(await reaches(ALLOWED, target)).toBe(false);
    expect(await controller.told('report', ({ news }) => (news as Line)['kind'] === 'status')).toMatchObject({ node: NODE });
  }, PATIENCE_MS);

  it('enforces on while the controller is dead, and goes on with the next one without applying anything again', async () => {
    const { controller, port } = await serve('127.0.0.1');
    controller.desire(open);
    const enforcer = await enforce('127.0.0.1', port);
    await controller.told('ack');
    await controller.kill();
    expect([await reaches(DENIED, SERVER.four), await reaches(ALLOWED, SERVER.four)]).toEqual([false, true]);
    const next = (await serve('127.0.0.1', port)).controller;
    next.desire(open);
    expect(await next.told('connected')).toMatchObject({ hello: { node: NODE, held: { revision: 1, hash: 'a1' } } });
    next.desire(closed);
    await next.told('ack', ({ hash }) => hash === 'b2');
    expect([next.count('ack'), next.count('snapshot')]).toEqual([1, 0]);
    expect(enforcer.reports.filter(({ kind }) => kind === 'applied').map(({ hash }) => hash)).toEqual(['a1', 'b2']);
    expect(await reaches(DENIED, SERVER.four)).toBe(false);
  }, PATIENCE_MS);

  it('is killed itself, and takes up what it has before it hears anything', async () => {
    const { controller, port } = await serve('127.0.0.1');
    controller.desire(open);
    const first = await enforce('127.0.0.1', port);
    await controller.told('ack');
    await first.end();
    await controller.told('disconnected');
    const second = await enforce('127.0.0.1', port);
    expect(await second.report('applied')).toMatchObject({ how: 'reused', hash: 'a1' });
    await controller.told('connected', (line) => controller.lines.indexOf(line) > controller.lines.findIndex(({ kind }) => kind === 'disconnected'));
    expect([controller.count('ack'), controller.count('snapshot')]).toEqual([1, 1]);
  }, PATIENCE_MS);

  it('stays open in a panic whatever the controller sends, says so, and takes the newest in when somebody resumes', async () => {
    const { controller, port } = await serve('127.0.0.1');
    controller.desire(open);
    await enforce('127.0.0.1', port);
    await controller.told('ack');
    expect((await ringfenceNode(place, 'panic', '--yes')).status).toBe(0);
    await controller.told('report', ({ news }) => (news as Line)['kind'] === 'panic');
    controller.desire(closed);
    expect(await controller.told('nack')).toMatchObject({ reason: 'refused', why: expect.stringContaining('opened by hand') });
    expect([await reaches(DENIED, SERVER.four), await reaches(ALLOWED, SERVER.four)]).toEqual([true, true]);
    world.forgetConnections();
    expect((await ringfenceNode(place, 'resume')).status).toBe(0);
    await controller.told('report', ({ news }) => (news as Line)['kind'] === 'applied' && (news as Line)['hash'] === 'b2');
    expect([await reaches(DENIED, SERVER.four), await reaches(ALLOWED, SERVER.four)]).toEqual([false, false]);
  }, PATIENCE_MS);

  const judging = (hash: string, revision: number): NodeBundle =>
    withTrueDigests({ ...shopBundle(hash, { from: [CLIENT.four] }), node: NODE, revision, host: { addresses: [NODE_ADDRESS.four, NODE_ADDRESS.six].map((text) => parseAddress(text)!), ingress: profileName(0), sshPort: LOGIN } });
  const stands = (controller: ControllerProcess, kind: string, revision: number): Promise<Line> => controller.told('stands', ({ realisation }) => (realisation as Line)['kind'] === kind && (realisation as Line)['revision'] === revision);

  it('takes rules for the node itself on trial: they go away by themselves, and it is known why', async () => {
    const { controller, port } = await serve('127.0.0.1');
    controller.desire(open);
    const enforcer = await enforce('127.0.0.1', port, ['--confirm-within', '3']);
    await stands(controller, 'realised', 1);
    const from = Date.now();
    controller.desire(judging('b2', 2));
    const { realisation } = await stands(controller, 'trial', 2);
    expect(realisation).toMatchObject({ hash: 'b2' });
    const left = Number((realisation as Line)['until']) - from;
    expect(left).toBeGreaterThan(2_000);
    expect(left).toBeLessThan(20_000);
    // nobody looked at this one
    controller.decide('confirm', 'a1');
    expect(await stands(controller, 'failed', 2)).toMatchObject({ realisation: { why: expect.stringContaining('nobody confirmed it in time, so the node went back to what it had') } });
    expect(Date.now() - from).toBeGreaterThanOrEqual(3_000);
    expect(await enforcer.report('reverted')).toMatchObject({ hash: 'b2' });
    expect(JSON.parse((await ringfenceNode(place, 'status', '-o', 'json')).stdout)).toMatchObject({ status: { state: 'enforcing', revision: 1, hash: 'a1' } });
    const seen = controller.lines.length;
    controller.decide('retry', 'b2');
    await controller.told('stands', (line) => controller.lines.indexOf(line) >= seen && (line['realisation'] as Line)['kind'] === 'trial');
    controller.decide('confirm', 'b2');
    expect(await stands(controller, 'realised', 2)).toMatchObject({ realisation: { hash: 'b2' } });
  }, PATIENCE_MS);

  it('keeps what was on trial for good once somebody confirms it, who is named in the log of the node', async () => {
    const { controller, port } = await serve('::1');
    controller.desire(open);
    const enforcer = await enforce('::1', port, ['--confirm-within', '600']);
    await stands(controller, 'realised', 1);
    controller.desire(judging('b2', 2));
    await stands(controller, 'trial', 2);
    // a controller that comes in the middle is told what is left of it
    await controller.kill();
    const next = (await serve('::1', port)).controller;
    next.desire(judging('b2', 2));
    const { realisation } = await stands(next, 'trial', 2);
    expect(Number((realisation as Line)['until']) - Date.now()).toBeGreaterThan(400_000);
    next.decide('confirm', 'b2');
    await stands(next, 'realised', 2);
    expect(await enforcer.report('confirmed')).toMatchObject({ hash: 'b2', by: 'controller: alice' });
    await enforcer.end('SIGKILL');
    const second = await enforce('::1', port);
    expect(await second.report('applied')).toMatchObject({ how: 'reused', hash: 'b2' });
    expect(second.reports.filter(({ kind }) => kind === 'reverted')).toEqual([]);
  }, PATIENCE_MS);

  it('refuses what is no bundle of this node, and enforces on', async () => {
    const { controller, port } = await serve('127.0.0.1');
    controller.desire(open);
    await enforce('127.0.0.1', port);
    await controller.told('ack');
    controller.desire(withTrueDigests({ ...shopBundle('c3', { pods: [clientPod, { ...serverPod, ingress: undefined as unknown as string }] }), node: NODE, revision: 3, local4: ['10.64.0.0/14 } flush ruleset; table ip x {'] }));
    expect(await controller.told('nack')).toMatchObject({ reason: 'refused', why: expect.stringContaining('no element of ours') });
    expect([await reaches(DENIED, SERVER.four), await reaches(ALLOWED, SERVER.four)]).toEqual([false, true]);
  }, PATIENCE_MS);

  it('sees what happens on the node, and hears it again after a break', async () => {
    const { controller, port } = await serve('127.0.0.1');
    controller.desire(open);
    await enforce('127.0.0.1', port);
    await controller.told('ack');
    await controller.kill();
    expect(await reaches(ALLOWED, SERVER.four)).toBe(true);
    const next = (await serve('127.0.0.1', port)).controller;
    next.desire(open);
    const seen = await next.told('flows', ({ report }) => JSON.stringify(report).includes('shop/server'));
    expect(seen).toMatchObject({ node: NODE, report: { reporter: NODE } });
  }, PATIENCE_MS);
});
