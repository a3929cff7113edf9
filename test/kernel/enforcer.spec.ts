import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { NetlinkDriver, writeBundle } from '#dataplane';

import { schemas } from '../../apps/cli/src/schemas/published.ts';
import { describeKernel } from '../support/kernel.ts';
import { Random } from '../support/random.ts';
import { clientPod, type EnforcerPlace, EnforcerProcess, nft, putBundle, ringfenceNode, serverPod, shopBundle } from './enforcer-process.ts';
import { CLIENT, type Peer, SERVER, STRANGER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 60_000;
const ALLOWED = 8080;
const DENIED = 2222;
const QUIET_MS = 300;

describeKernel('the enforcer of a node', () => {
  let world: VisibilityWorld;
  let client: Peer;
  let place: EnforcerPlace;
  const running: EnforcerProcess[] = [];

  beforeAll(async () => {
    world = new VisibilityWorld();
    client = world.peer('client');
    const server = world.peer('server');
    for (const port of [ALLOWED, DENIED]) await server.do({ do: 'serve', host: '0.0.0.0', port });
  }, PATIENCE_MS);
  afterAll(() => world.close());

  beforeEach(() => {
    place = { folder: mkdtempSync(join(tmpdir(), 'ringfence-')), namespace: world.node };
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.end('SIGKILL')));
    reboot();
    rmSync(place.folder, { recursive: true });
  });

  function start(options: ConstructorParameters<typeof EnforcerProcess>[1] = {}): EnforcerProcess {
    const enforcer = new EnforcerProcess(place, options);
    running.push(enforcer);
    return enforcer;
  }

  /** What a reboot does to a kernel's table. */
  function reboot(): void {
    const driver = new NetlinkDriver({ namespacePath: world.node.path });
    driver.remove();
    driver.close();
  }

  function reaches(port: number, more: { readonly from?: string; readonly waitMs?: number } = {}): Promise<boolean> {
    return client.do({ do: 'talk', host: SERVER.four, port, text: 'x', waitMs: port === DENIED ? QUIET_MS : 5_000, ...more }).then(({ outcome }) => outcome === 'answered');
  }

  it('enforces at a boot what it confirmed last, with nobody to tell it', async () => {
    putBundle(place, shopBundle('a1'));
    const first = start();
    expect(await first.report('applied')).toMatchObject({ how: 'replaced', origin: 'file', hash: 'a1', generation: 1, driver: 'netlink', commitMs: expect.any(Number), elements: expect.any(Number) });
    expect(await first.report('driver')).toMatchObject({ driver: 'netlink', why: [expect.stringContaining('netlink: works')] });
    expect(await first.end()).toBe(0);
    expect(await reaches(DENIED)).toBe(false);
    reboot();
    expect(await reaches(DENIED)).toBe(true);
    world.forgetConnections();
    const second = start({ args: [] });
    expect(await second.report('applied')).toMatchObject({ how: 'replaced', origin: 'disk', hash: 'a1' });
    expect([await reaches(DENIED), await reaches(ALLOWED)]).toEqual([false, true]);
  }, PATIENCE_MS);

  it('takes the table up again after it was killed, touching nothing', async () => {
    putBundle(place, shopBundle('a1'));
    const first = start();
    await first.report('applied');
    await first.end('SIGKILL');
    // whoever owns the table stands before its first object
    const listing = (): string => nft(place, 'list', 'table', 'inet', 'ringfence').replace(/^[^]*?\n\n/, '');
    const held = listing();
    expect(held).toContain('set local4 {');
    const second = start();
    expect(await second.report('applied')).toMatchObject({ how: 'reused', hash: 'a1' });
    expect(listing()).toBe(held);
  }, PATIENCE_MS);

  it('killed at any moment, lets nothing denied through and fails nothing allowed; and ends where it should', async () => {
    putBundle(place, shopBundle('a1'));
    const first = start();
    await first.report('ready');
    const other = world.peer('client');
    const random = new Random(7);
    const traffic = { isOver: false };
    const denied = (async () => {
      const leaked: string[] = [];
      while (!traffic.isOver) if ((await other.do({ do: 'talk', host: SERVER.four, port: DENIED, text: 'x', waitMs: 50 })).outcome === 'answered') leaked.push('leaked');
      return leaked;
    })();
    const allowed = (async () => {
      const failed: string[] = [];
      while (!traffic.isOver) if (!(await reaches(ALLOWED))) failed.push('failed');
      return failed;
    })();
    await first.end('SIGKILL');
    for (let life = 0; life < 6; life += 1) {
      const enforcer = start();
      putBundle(place, shopBundle(`b${String(life)}`, { from: [CLIENT.four, ...(life % 2 === 0 ? ['192.0.2.9'] : [])] }));
      if (life % 2 === 1) await enforcer.report('applied');
      await new Promise((resolve) => setTimeout(resolve, random.below(300)));
      await enforcer.end('SIGKILL');
    }
    putBundle(place, shopBundle('last'));
    await start().report('applied', ({ hash }) => hash === 'last');
    traffic.isOver = true;
    expect([await denied, await allowed]).toEqual([[], []]);
    const status = await ringfenceNode(place, 'status', '-o', 'json');
    expect(JSON.parse(status.stdout)).toMatchObject({ via: 'enforcer', status: { state: 'enforcing', hash: 'last', differences: [] } });
  }, PATIENCE_MS);

  it('outlives a flush of everything, while it runs and while it does not', async () => {
    putBundle(place, shopBundle('a1'));
    const first = start();
    await first.report('ready');
    nft(place, 'flush', 'ruleset');
    expect(await reaches(DENIED)).toBe(false);
    await first.end('SIGKILL');
    nft(place, 'flush', 'ruleset');
    world.forgetConnections();
    expect(await start().report('applied')).toMatchObject({ how: 'replaced', hash: 'a1' });
    expect(await reaches(DENIED)).toBe(false);
  }, PATIENCE_MS);

  it('refuses a bundle file that is damaged or forged, and goes on with the one before', async () => {
    putBundle(place, shopBundle('a1'));
    const enforcer = start();
    await enforcer.report('ready');
    const text = writeBundle(shopBundle('b2'));
    const forged = writeBundle({ ...shopBundle('c3'), local4: ['10.64.0.0/14 } flush ruleset; add element inet ringfence local4 { 192.0.2.1'] });
    for (const damaged of [text.replace('shop/server', 'shop/sERVER'), text.slice(0, text.length / 2), '{"kind":"List"}', forged]) {
      enforcer.reports.length = 0;
      putBundle(place, damaged);
      expect(await enforcer.report('refused')).toMatchObject({ origin: 'file', why: expect.stringMatching(/./) });
      expect([await reaches(DENIED), await reaches(ALLOWED)]).toEqual([false, true]);
    }
    putBundle(place, shopBundle('b2'));
    await enforcer.report('applied', ({ hash }) => hash === 'b2');
  }, PATIENCE_MS);

  it('opens everything in a panic, keeps it open whatever restarts, and resumes', async () => {
    putBundle(place, shopBundle('a1'));
    const first = start();
    await first.report('ready');
    expect(await ringfenceNode(place, 'panic')).toMatchObject({ status: 2, stderr: expect.stringContaining('--yes') });
    expect(await reaches(DENIED)).toBe(false);
    expect(await ringfenceNode(place, 'panic', '--yes')).toMatchObject({ status: 0, stderr: '' });
    expect(await reaches(DENIED, { waitMs: 5_000 })).toBe(true);
    await first.end('SIGKILL');
    const second = start();
    await second.report('ready', ({ state }) => state === 'panic');
    putBundle(place, shopBundle('b2'));
    await second.report('refused', ({ hash }) => hash === 'b2');
    expect(nft(place, 'list', 'tables')).not.toContain('ringfence');
    expect(await ringfenceNode(place, 'resume')).toMatchObject({ status: 0, stderr: '' });
    world.forgetConnections();
    expect(await reaches(DENIED)).toBe(false);
  }, PATIENCE_MS);

  it('drops the first packet of a pod whose rules are on their way, and says how long it waited', async () => {
    putBundle(place, shopBundle('a1', { pods: [serverPod] }));
    const enforcer = start();
    await enforcer.report('ready');
    const connecting = reaches(ALLOWED, { waitMs: 20_000 });
    const driver = new NetlinkDriver({ namespacePath: world.node.path });
    while (!driver.counters().some(({ chain, packets }) => chain === 'unknown' && packets > 0)) await new Promise(setImmediate);
    driver.close();
    putBundle(place, shopBundle('b2', { pods: [clientPod, serverPod] }));
    await enforcer.report('applied', ({ hash }) => hash === 'b2');
    expect(await connecting).toBe(true);
    const race = await enforcer.report('start-race');
    expect(race).toMatchObject({ pod: 'shop/client', address: CLIENT.four });
    expect(race['waitedMs']).toBeGreaterThan(0);
    expect(race['waitedMs']).toBeLessThan(10_000);
  }, PATIENCE_MS);

  it('drops no stranger where nothing is enforced, and every one where something is', async () => {
    const { pod, addresses } = serverPod;
    putBundle(place, shopBundle('a1', { pods: [clientPod, { pod, addresses }] }));
    const enforcer = start();
    await enforcer.report('applied');
    expect(await reaches(ALLOWED, { from: STRANGER })).toBe(true);
    putBundle(place, shopBundle('b2', { from: [CLIENT.four, STRANGER] }));
    await enforcer.report('applied', ({ hash }) => hash === 'b2');
    expect(await reaches(ALLOWED, { from: STRANGER, waitMs: QUIET_MS })).toBe(false);
  }, PATIENCE_MS);

  it('needs CAP_NET_ADMIN and nothing else', async () => {
    putBundle(place, shopBundle('a1'));
    const enforcer = start({ prefix: ['setpriv', '--bounding-set=-all,+net_admin', '--inh-caps=-all,+net_admin', '--no-new-privs'] });
    expect(await enforcer.report('ready')).toMatchObject({ state: 'enforcing' });
    expect(enforcer.logs.filter(({ level }) => level !== 'info')).toEqual([]);
    expect(enforcer.logs.filter(({ excess }) => excess !== undefined)).toEqual([]);
    expect([await reaches(DENIED), await reaches(ALLOWED)]).toEqual([false, true]);
    expect(await ringfenceNode(place, 'status')).toMatchObject({ status: 0, stderr: '' });
  }, PATIENCE_MS);

  it('works in a network namespace it is given', async () => {
    const args = ['--bundle', join(place.folder, 'node.bundle'), '--netns', world.node.path];
    putBundle(place, shopBundle('a1'));
    const elsewhere = new EnforcerProcess({ ...place, namespace: world.server }, { args });
    running.push(elsewhere);
    await elsewhere.report('ready');
    expect(await reaches(DENIED)).toBe(false);
    expect(nft({ ...place, namespace: world.server }, 'list', 'tables')).toBe('');
  }, PATIENCE_MS);

  it('takes a bundle away again that nobody confirms, killed or not', async () => {
    const path = join(place.folder, 'other.bundle');
    putBundle(place, shopBundle('a1'));
    const first = start();
    await first.report('ready');
    writeFileSync(path, writeBundle({ ...shopBundle('b2', { from: ['192.0.2.9'] }), revision: 2 }));
    expect(await ringfenceNode(place, 'apply', path, '--confirm-within', '1')).toMatchObject({ status: 0, stderr: '' });
    expect(await first.report('reverted')).toMatchObject({ revision: 2, hash: 'b2' });
    await first.report('applied', ({ origin }) => origin === 'reverted');
    expect(await reaches(ALLOWED)).toBe(true);
    expect(await ringfenceNode(place, 'apply', path, '--confirm-within', '600')).toMatchObject({ status: 0, stderr: '' });
    await first.end('SIGKILL');
    const second = start();
    expect(await second.report('reverted')).toMatchObject({ hash: 'b2' });
    expect(await reaches(ALLOWED)).toBe(true);
    expect(await ringfenceNode(place, 'apply', path, '--confirm-within', '600')).toMatchObject({ status: 0, stderr: '' });
    expect(await ringfenceNode(place, 'confirm')).toMatchObject({ status: 0, stderr: '' });
    await second.end('SIGKILL');
    // the file still says otherwise, and is what the next start goes on to
    rmSync(join(place.folder, 'node.bundle'));
    expect(await start().report('applied')).toMatchObject({ how: 'reused', hash: 'b2' });
  }, PATIENCE_MS);

  it('shows what is enforced and why, through the enforcer and without one', async () => {
    putBundle(place, shopBundle('a1'));
    const enforcer = start();
    await enforcer.report('ready');
    expect([await reaches(DENIED), await reaches(ALLOWED)]).toEqual([false, true]);
    for (const via of ['enforcer', 'kernel']) {
      const shown = schemas['node show']!.parse(JSON.parse((await ringfenceNode(place, 'show', '-o', 'json')).stdout)) as { readonly rules: { readonly profiles: readonly { readonly refusedPackets: number }[] } };
      expect(shown).toMatchObject({ via, status: { state: 'enforcing', revision: 1, hash: 'a1', driver: 'netlink', differences: [] }, rules: { pods: [{ pod: 'shop/client' }, { pod: 'shop/server' }], profiles: [{ direction: 'ingress', pods: ['shop/server'], isolatedBy: ['NetworkPolicy team/app'] }] } });
      expect(shown.rules.profiles[0]?.refusedPackets).toBeGreaterThan(0);
      const why = async (port: string): Promise<unknown> => schemas['node why']!.parse(JSON.parse((await ringfenceNode(place, 'why', 'shop/client', 'shop/server', port, '-o', 'json')).stdout));
      expect(await why('8080')).toMatchObject({ via, answers: [{ verdict: 'accept', hook: 'forward', rules: [{ policy: 'NetworkPolicy team/app' }] }, { verdict: 'drop' }] });
      expect(await why('2222/TCP')).toMatchObject({ answers: [{ verdict: 'drop', rules: [], decidedBy: expect.stringContaining('NetworkPolicy team/app') }, { verdict: 'drop' }] });
      expect(await ringfenceNode(place, 'why', 'shop/nobody', 'shop/server', '80')).toMatchObject({ status: 2, stderr: expect.stringContaining('no pod of this node') });
      expect((await ringfenceNode(place, 'show')).stdout).toMatch(/node node-a: enforcing since .*\nrevision 1, bundle a1/);
      if (via === 'enforcer') await enforcer.end();
    }
    expect(await ringfenceNode(place, 'panic', '--yes')).toMatchObject({ status: 0, stderr: '' });
    expect(await ringfenceNode(place, 'status')).toMatchObject({ status: 1, stdout: expect.stringContaining('NOTHING IS ENFORCED') });
    expect(await reaches(DENIED, { waitMs: 5_000 })).toBe(true);
    expect(readFileSync(join(place.folder, 'state', 'panic.json'), 'utf8')).toContain('"at":');
  }, PATIENCE_MS);
});
