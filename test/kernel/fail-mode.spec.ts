import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type FailMode, type NodeBundle, withNodeSettings } from '#compilers/nftables';
import { ConntrackSweep, NetlinkDriver, NodeKeeper, type NodeReport } from '#dataplane';

import { digest } from '../../apps/cli/src/offline/digest.ts';
import { describeKernel } from '../support/kernel.ts';
import { clientPod, serverPod, shopBundle } from './enforcer-process.ts';
import { type Peer, SERVER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 30_000;
const OPEN_PORT = 9050;
const QUIET_MS = 300;

describeKernel('an address nobody vouches for', () => {
  let world: VisibilityWorld;
  let client: Peer;
  let folder: string;
  let keeper: NodeKeeper;
  const reports: NodeReport[] = [];

  beforeAll(async () => {
    world = new VisibilityWorld();
    client = world.peer('client');
    await world.peer('server').do({ do: 'serve', host: '::', port: OPEN_PORT });
  }, PATIENCE_MS);
  afterAll(() => world.close());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    reports.length = 0;
    keeper = new NodeKeeper({ driver: new NetlinkDriver({ namespacePath: world.node.path }), why: [], sweep: new ConntrackSweep({ namespacePath: world.node.path }), folder, onReport: (report) => reports.push(report) });
    keeper.start();
  });
  afterEach(() => {
    keeper.stop();
    const driver = new NetlinkDriver({ namespacePath: world.node.path });
    driver.remove();
    driver.close();
    rmSync(folder, { recursive: true });
  });

  // the client is the one nobody knows; the server lets everybody in here
  const bundle = (failMode: FailMode, hash: string): NodeBundle => withNodeSettings(shopBundle(hash, { pods: [serverPod] }), { failMode }, digest);
  const passes = async (): Promise<readonly boolean[]> => {
    const outcomes = await Promise.all([SERVER.four, SERVER.six].map((host) => client.do({ do: 'talk', host, port: OPEN_PORT, text: 'x', waitMs: QUIET_MS })));
    return outcomes.map(({ outcome }) => outcome === 'answered');
  };
  const [shut, open] = [[false, false], [true, true]];

  it.each<[FailMode, readonly boolean[], readonly boolean[]]>([
    ['closed', shut, shut],
    ['open', open, open],
    ['open-unattended', shut, open],
  ])('is treated as is declared, while the controller is there and while it is away: %s', async (failMode, attended, unattended) => {
    keeper.offer(bundle(failMode, 'a1'), { origin: 'channel' });
    expect(await passes()).toEqual(attended);
    keeper.controllerAway(true);
    expect(await passes()).toEqual(unattended);
    keeper.controllerAway(true);
    keeper.controllerAway(false);
    expect(await passes()).toEqual(attended);
    expect(keeper.verify()).toEqual([]);
    expect(reports.filter(({ kind }) => kind === 'unknown')).toEqual(failMode === 'open-unattended' ? [expect.objectContaining({ areOpen: true }), expect.objectContaining({ areOpen: false })] : []);
  }, PATIENCE_MS);

  it('is treated otherwise as soon as the controller says so, and at once where it is away', async () => {
    keeper.offer(bundle('closed', 'a1'), { origin: 'channel' });
    expect(await passes()).toEqual(shut);
    keeper.controllerAway(true);
    keeper.offer(bundle('open-unattended', 'b2'), { origin: 'file' });
    expect(await passes()).toEqual(open);
    // its connections are judged again once somebody is there who does not know it
    keeper.controllerAway(false);
    expect(await passes()).toEqual(shut);
    keeper.offer(bundle('open', 'c3'), { origin: 'channel' });
    expect(await passes()).toEqual(open);
    // what is known is judged by its rules, whatever the mode
    keeper.offer({ ...bundle('open', 'd4'), pods: [clientPod, { ...serverPod, ingress: shopBundle('x').profiles[0]!.name }] }, { origin: 'channel' });
    expect((await client.do({ do: 'talk', host: SERVER.four, port: 8181, text: 'x', waitMs: QUIET_MS })).outcome).toBe('nothing');
  }, PATIENCE_MS);
});
