import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';

import type { SourceUpdate } from '#model';

import { alice, ControllerWorld, waitFor } from '../../../test/support/controller-world.ts';
import { address, origin, ref, workload } from '../../../test/support/worlds.ts';
import type { MetadataSource } from '../../enforcer/src/metadata/metadata-source.ts';
import type { Controller } from './controller.ts';

jest.setTimeout(60_000);

let world: ControllerWorld;

beforeEach(async () => {
  world = await ControllerWorld.make();
});
afterEach(() => world.close());

/** A node whose engine says that it runs a container of project crm. */
async function connect(node: string, port: number, addresses: readonly string[]): Promise<{ readonly stop: () => void }> {
  const source = `docker:${node}`;
  const pod = { namespace: 'crm', name: `web-${node}`, labels: {}, node, hostNetwork: false, addresses: addresses.map(address), ports: [], workload: ref('crm/ComposeService/web'), phase: 'running', isExample: false, origin } as const;
  const update: SourceUpdate = { source, key: 'web', value: { kind: 'container', pod, workload: { ...workload('crm/ComposeService/web'), platform: 'compose' }, networks: [], diagnostics: [] } };
  const engine: MetadataSource = {
    name: source,
    start: (listener) => {
      listener.updates([update]);
      listener.inSync();
    },
    stop: () => Promise.resolve(),
  };
  const { client } = world.channel.connect(node, port, await world.channel.credentials(node), undefined, { sources: [engine] });
  return { stop: () => { client.stop(); } };
}

/** How many containers of a node are taken in, once it has said what it has. */
async function takenOf(controller: Controller, node: string, wanted: number): Promise<void> {
  const objects = async (): Promise<number | undefined> => (await controller.operator.status()).sources.find(({ name }) => name === `docker:${node}`)?.objects;
  await waitFor(controller, objects, (found) => found === wanted, `${String(wanted)} containers of node ${node}`);
}

it('a stolen node puts no address of its own where a project is let in, whoever comes first after a restart, until a person says so', async () => {
  const first = await world.start({ keeps: 'sqlite' });
  const honest = await connect('a', first.port, ['172.18.0.2', 'fd00:1::2']);
  await takenOf(first.controller, 'a', 1);
  const stolen = await connect('b', first.port, ['172.19.0.66', 'fd00:2::66']);
  const waits = [{ project: 'crm', node: 'b', containers: 1 }];
  await waitFor(first.controller, () => first.controller.operator.waitingProjects(), (waiting) => waiting.length > 0, 'node b to wait');
  expect(await first.controller.operator.waitingProjects()).toEqual(waits);
  await takenOf(first.controller, 'b', 0);
  expect((await first.controller.operator.status()).diagnostics).toContainEqual(expect.objectContaining({ code: 'project-waits', subject: 'node b' }));
  for (const node of [honest, stolen]) node.stop();
  await world.stop(first.controller);

  const { controller, port } = await world.start({ keeps: 'sqlite' });
  await connect('b', port, ['172.19.0.66', 'fd00:2::66']);
  await waitFor(controller, () => controller.operator.waitingProjects(), (waiting) => waiting.length > 0, 'node b to wait again');
  await connect('a', port, ['172.18.0.2', 'fd00:1::2']);
  await takenOf(controller, 'a', 1);
  expect(await controller.operator.waitingProjects()).toEqual(waits);
  expect(await controller.command({ kind: 'set-project-node', project: 'crm', node: 'b', admission: 'admitted' }, { kind: 'rule', name: 'any' })).toMatchObject({ kind: 'refused' });
  expect(await controller.command({ kind: 'set-project-node', project: 'crm', node: 'b', admission: 'admitted', reason: 'it grows' }, alice)).toMatchObject({ kind: 'done' });
  await takenOf(controller, 'b', 1);
  expect(await controller.operator.waitingProjects()).toEqual([]);
});
