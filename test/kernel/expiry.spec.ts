import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { compileNodes } from '#compilers/nftables';
import { ConntrackSweep, NetlinkDriver, NodeKeeper } from '#dataplane';
import { adoptPolicies } from '#policy';

import { digest } from '../../apps/cli/src/offline/digest.ts';
import { describeKernel } from '../support/kernel.ts';
import { namespaced, rule } from '../support/policy-worlds.ts';
import { address, namespace, node, podsOf, workload, world as makeWorld } from '../support/worlds.ts';
import { CLIENT, SERVER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 40_000;
const PORT = 8080;
const LASTS_MS = 4_000;

const host = node('node-a', ['10.64.0.1']);
const [client, server] = [workload('shop/Deployment/client'), workload('shop/Deployment/server')];
const cluster = makeWorld({
  namespaces: [namespace('shop')],
  nodes: [host],
  workloads: [client, server],
  pods: [
    ...podsOf(client, 1, host).map((pod) => ({ ...pod, addresses: [CLIENT.four, CLIENT.six].map(address) })),
    ...podsOf(server, 2, host).map((pod) => ({ ...pod, addresses: [SERVER.four, SERVER.six].map(address) })),
  ],
});

describeKernel('a rule of a revision that ends', () => {
  let lab: VisibilityWorld;
  let folder: string;
  beforeAll(async () => {
    lab = new VisibilityWorld();
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    await lab.peer('server').do({ do: 'serve', host: '::', port: PORT });
  }, PATIENCE_MS);
  afterAll(async () => {
    await lab.close();
    rmSync(folder, { recursive: true });
  });

  it('ends in the kernel, though nobody is left who could end it', async () => {
    const expiresAt = Date.now() + LASTS_MS;
    const temporary = { ...rule('for-now', [{ kind: 'workload', workload: client.ref }], [{ kind: 'range', protocol: 'TCP', from: PORT, to: PORT }]), expiresAt };
    const revision = adoptPolicies([namespaced('NetworkPolicy shop/server', { kind: 'workload', workload: server.ref }, { ingress: [temporary] })]);
    const keeper = new NodeKeeper({ driver: new NetlinkDriver({ namespacePath: lab.node.path }), why: [], sweep: new ConntrackSweep({ namespacePath: lab.node.path }), folder, onReport: () => undefined });
    keeper.start();
    expect(keeper.offer(compileNodes(revision, cluster, { digest }).bundles[0]!, { origin: 'channel' })).toMatchObject({ kind: 'done' });
    // neither the controller nor the enforcer is there from now on
    keeper.stop();
    for (const to of [SERVER.four, SERVER.six]) {
      expect((await lab.peer('client').do({ do: 'talk', host: to, port: PORT, text: 'x' })).outcome).toBe('answered');
    }
    const reaches = async (to: string): Promise<boolean> => (await lab.peer('client').do({ do: 'talk', host: to, port: PORT, text: 'x', waitMs: 300 })).outcome === 'answered';
    while (Date.now() < expiresAt + 500) await new Promise((resolve) => setTimeout(resolve, 100));
    expect([await reaches(SERVER.four), await reaches(SERVER.six)]).toEqual([false, false]);
    const again = new NodeKeeper({ driver: new NetlinkDriver({ namespacePath: lab.node.path }), why: [], folder, onReport: () => undefined });
    again.look();
    expect(again.state.kind).toBe('enforcing');
    expect(again.verify()).toEqual([]);
    again.stop();
  }, PATIENCE_MS);
});
