import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NodeBundle } from '#compilers/nftables';
import { NetlinkDriver, writeBundle } from '#dataplane';
import { parseAddress } from '#model';

import { describeKernel } from '../support/kernel.ts';
import { profileName } from '../support/node-bundles.ts';
import { clientPod, type EnforcerPlace, EnforcerProcess, putBundle, ringfenceNode, serverPod, shopBundle } from './enforcer-process.ts';
import { CLIENT, type Peer, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 60_000;
const NODE = { four: '10.64.0.1', six: 'fd00:64::1' };
const [PODS_PORT, LOGIN_PORT, CHANNEL_PORT] = [8080, 2022, 7443];
const QUIET_MS = 300;

/** A bundle with rules for the node itself, that takes people for coming in somewhere else than they do. */
function lockingOut(hash: string, login: number): NodeBundle {
  const host = { addresses: [NODE.four, NODE.six].map((text) => parseAddress(text)!), ingress: profileName(0), sshPort: login, channelPort: CHANNEL_PORT };
  return { ...shopBundle(hash, { from: [CLIENT.four] }), revision: 2, host };
}

describeKernel('rules for the node itself, on trial', () => {
  let world: VisibilityWorld;
  let client: Peer;
  let place: EnforcerPlace;
  const running: EnforcerProcess[] = [];

  beforeAll(async () => {
    world = new VisibilityWorld();
    client = world.peer('client');
    const node = world.peer('node');
    for (const port of [PODS_PORT, LOGIN_PORT, CHANNEL_PORT]) await node.do({ do: 'serve', host: '::', port });
  }, PATIENCE_MS);
  afterAll(() => world.close());
  beforeEach(() => {
    place = { folder: mkdtempSync(join(tmpdir(), 'ringfence-')), namespace: world.node };
    putBundle(place, shopBundle('a1', { pods: [clientPod, serverPod] }));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.end('SIGKILL')));
    const driver = new NetlinkDriver({ namespacePath: world.node.path });
    driver.remove();
    driver.close();
    rmSync(place.folder, { recursive: true });
  });

  const start = async (): Promise<EnforcerProcess> => {
    const enforcer = new EnforcerProcess(place);
    running.push(enforcer);
    await enforcer.report('ready');
    return enforcer;
  };
  const logsIn = async (waitMs: number): Promise<readonly boolean[]> => {
    const outcomes = [];
    for (const host of [NODE.four, NODE.six]) outcomes.push((await client.do({ do: 'talk', host, port: LOGIN_PORT, text: 'x', waitMs })).outcome === 'answered');
    return outcomes;
  };
  const apply = async (bundle: NodeBundle, seconds: number): Promise<void> => {
    const path = join(place.folder, 'other.bundle');
    writeFileSync(path, writeBundle(bundle));
    expect(await ringfenceNode(place, 'apply', path, '--confirm-within', String(seconds))).toMatchObject({ status: 0, stderr: '' });
  };

  it('end in the kernel by themselves when the enforcer is killed, and whoever was locked out is back', async () => {
    const enforcer = await start();
    expect(await logsIn(5_000)).toEqual([true, true]);
    const from = performance.now();
    await apply(lockingOut('b2', 22), 4);
    await enforcer.end('SIGKILL');
    expect(await logsIn(QUIET_MS)).toEqual([false, false]);
    // the client goes on asking, as people do
    expect(await logsIn(20_000)).toEqual([true, true]);
    expect(performance.now() - from).toBeGreaterThan(3_000);
    expect(performance.now() - from).toBeLessThan(15_000);
    // pods are kept as they were tried; the next start takes that back as well
    expect(await ringfenceNode(place, 'status', '-o', 'json')).toMatchObject({ stdout: expect.stringContaining('"trial"') });
    const next = await start();
    expect(await next.report('reverted')).toMatchObject({ hash: 'b2' });
    expect(await logsIn(5_000)).toEqual([true, true]);
  }, PATIENCE_MS);

  it('stay for good once confirmed, by the enforcer or without one, and are tried again only when they change', async () => {
    const enforcer = await start();
    await apply(lockingOut('b2', LOGIN_PORT), 600);
    expect(await ringfenceNode(place, 'confirm')).toMatchObject({ status: 0, stderr: '' });
    const listed = (): string => judgedFamilies(place);
    expect(listed()).not.toContain('~');
    putBundle(place, { ...lockingOut('c3', LOGIN_PORT), pods: [serverPod] });
    await enforcer.report('applied', ({ hash }) => hash === 'c3');
    expect(await ringfenceNode(place, 'status', '-o', 'json')).toMatchObject({ stdout: expect.stringContaining('"enforcing"') });
    putBundle(place, lockingOut('d4', 22));
    await enforcer.report('trial', ({ hash }) => hash === 'd4');
    expect(listed()).toContain('~');
    await enforcer.end('SIGKILL');
    expect(await ringfenceNode(place, 'confirm')).toMatchObject({ status: 0, stderr: '' });
    expect(listed()).not.toContain('~');
  }, PATIENCE_MS);

  it('leave the ways in that are said to be there: for logging in, and for our own channel', async () => {
    await start();
    await apply(lockingOut('b2', LOGIN_PORT), 600);
    expect(await logsIn(5_000)).toEqual([true, true]);
    for (const host of [NODE.four, NODE.six]) {
      expect((await client.do({ do: 'talk', host, port: CHANNEL_PORT, text: 'x' })).outcome).toBe('answered');
      expect((await client.do({ do: 'talk', host, port: PODS_PORT, text: 'x', waitMs: host === NODE.four ? 5_000 : QUIET_MS })).outcome).toBe(host === NODE.four ? 'answered' : 'nothing');
    }
  }, PATIENCE_MS);
});

/** Which families of the node itself are judged, with a `~` behind what ends by itself. */
function judgedFamilies({ namespace }: EnforcerPlace): string {
  const driver = new NetlinkDriver({ namespacePath: namespace.path });
  try {
    return [...(driver.readBack()?.sets.get('host') ?? [])].map(([key, value]) => `${key}${value}`).join();
  } finally {
    driver.close();
  }
}
