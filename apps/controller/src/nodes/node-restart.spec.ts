import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { SourceUpdate, WorkloadRef } from '#model';

import { alice, approve, ControllerWorld, waitFor } from '../../../../test/support/controller-world.ts';
import type { FakeTaker } from '../../../../test/support/channel-world.ts';
import { dockerContainer, dockerHost, FixedSource } from '../../../../test/support/docker-node.ts';

jest.setTimeout(60_000);

const DB: WorkloadRef = { namespace: 'shop', kind: 'ComposeService', name: 'db' };
const WEB = ['172.20.1.2', 'fd00:1::2'];
const nodeA = [dockerHost('a', 1), dockerContainer('a', 1, 'web', 2, { env: { DATABASE_URL: 'postgres://db:5432/shop' } })];
const nodeB = [dockerHost('b', 2), dockerContainer('b', 2, 'db', 3)];

let world: ControllerWorld;

beforeEach(async () => {
  world = await ControllerWorld.make();
});
afterEach(() => world.close());

async function connect(node: string, port: number, updates: readonly SourceUpdate[]): Promise<FakeTaker> {
  return world.channel.connect(node, port, await world.channel.credentials(node), undefined, { sources: [new FixedSource(node, updates)] }).taker;
}

/** Whether the database may be reached from the web, by what its node was given. */
function admitsWeb(bundle: FakeTaker['held']): boolean {
  const text = JSON.stringify(bundle?.profiles, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return WEB.every((address) => text.includes(address));
}

const isEnforced = (bundle: FakeTaker['held']): boolean => bundle?.pods.some(({ pod, ingress, ingressMode }) => pod === 'shop/db-b' && ingress !== undefined && ingressMode === undefined) === true;

describe('a controller that begins again', () => {
  it('takes no workload of a node for gone before the node has spoken, or a person has removed it', async () => {
    const first = await world.start({ keeps: 'sqlite' });
    world.tell(first.controller, []);
    await connect('a', first.port, nodeA);
    const before = await connect('b', first.port, nodeB);
    for (const node of ['a', 'b']) await first.controller.command({ kind: 'set-project-node', project: 'shop', node, admission: 'admitted' }, alice);
    await waitFor(first.controller, () => first.controller.operator.status(), ({ workloads }) => workloads === 2, 'both workloads');
    await first.controller.command({ kind: 'set-mode', scope: { kind: 'namespace', namespace: 'shop' }, mode: 'enforce', reason: 'it is time' }, alice);
    expect(await approve(first.controller, DB)).toMatchObject({ kind: 'done', revision: 1 });
    await world.channel.until(() => isEnforced(before.held) && admitsWeb(before.held), 'the database enforced, and open to the web');
    await world.stop(first.controller);

    const second = await world.start({ keeps: 'sqlite' });
    world.tell(second.controller, []);
    const after = await connect('b', second.port, nodeB);
    await world.channel.until(() => after.held !== undefined, 'a bundle');
    await waitFor(second.controller, () => second.controller.nodes.sayings.unheard, (unheard) => unheard.join() === 'a', 'what b says');
    // the web is on a node that has not come back: its database stays open to it, and to nobody else
    expect(after.taken.map((bundle) => [isEnforced(bundle), admitsWeb(bundle)])).toEqual(after.taken.map(() => [true, true]));
    const status = await second.controller.operator.status();
    expect(status.sources).toContainEqual(expect.objectContaining({ name: 'docker:a', state: 'syncing', objects: 2, why: expect.stringContaining('ringfence nodes remove a') as unknown }));
    expect(status.sources).toContainEqual(expect.objectContaining({ name: 'docker:b', state: 'in sync' }));
    expect(status.diagnostics.map(({ code }) => code)).toContain('node-not-heard');

    const remove = (node: string): Promise<unknown> => second.controller.command({ kind: 'remove-node', node, reason: 'scrapped' }, alice);
    expect(await remove('b')).toMatchObject({ kind: 'refused', diagnostics: [{ code: 'node-connected' }] });
    expect(await remove('nobody')).toMatchObject({ kind: 'refused', diagnostics: [{ code: 'node-unknown' }] });
    expect(await remove('a')).toMatchObject({ kind: 'done' });
    await world.channel.until(() => isEnforced(after.held) && !admitsWeb(after.held), 'a database that no removed node reaches');
    expect((await second.controller.operator.status()).sources.map(({ name }) => name)).toEqual(['docker:b', 'kubernetes']);
    await world.stop(second.controller);

    const third = await world.start({ keeps: 'sqlite' });
    expect(third.controller.nodes.sayings.unheard).toEqual(['b']);
  });
});
