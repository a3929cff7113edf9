import { afterEach, describe, expect, it } from '@jest/globals';
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';

import type { EngineContainer, SourceUpdate } from '#model';

import { HostSource } from './host-source.ts';

const isLinux = process.platform === 'linux';
const skipped = isLinux ? '' : ' (skipped: not Linux)';
const linux = (name: string, body: () => Promise<void>): void => { (isLinux ? it : it.skip)(`${name}${skipped}`, body); };

describe('programs of a host that listen', () => {
  const servers: Server[] = [];
  const datagrams: Socket[] = [];
  const sources: HostSource[] = [];
  afterEach(async () => {
    await Promise.all(sources.splice(0).map((source) => source.stop()));
    for (const each of servers.splice(0)) each.close();
    for (const each of datagrams.splice(0)) each.close();
  });

  async function listen(host: string): Promise<number> {
    const server = createServer();
    servers.push(server);
    server.listen(0, host);
    await once(server, 'listening');
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : 0;
  }

  function watch(): { readonly updates: SourceUpdate[]; readonly until: (holds: () => boolean) => Promise<void> } {
    const updates: SourceUpdate[] = [];
    let wake: () => void = () => undefined;
    const source = new HostSource({
      node: 'host-a',
      everyMs: 20,
      handlers: {
        updates: (some) => {
          updates.push(...some);
          wake();
        },
        inSync: () => {
          wake();
        },
        problem: ({ message }) => {
          throw new Error(message);
        },
      },
    });
    sources.push(source);
    source.start();
    return {
      updates,
      until: async (holds) => {
        while (!holds()) await new Promise<void>((resolve) => { wake = resolve; });
      },
    };
  }

  const mine = (updates: readonly SourceUpdate[], port: number): EngineContainer | undefined => {
    const last = new Map(updates.map(({ key, value }) => [key, value]));
    return [...last.values()].find((value): value is EngineContainer => value?.kind === 'container' && value.pod.ports.some((each) => each.port === port));
  };

  linux('come with their ports and go with them; loopback is nobody else\'s', async () => {
    const [open, loopback, six] = [await listen('0.0.0.0'), await listen('127.0.0.1'), await listen('::')];
    const { updates, until } = watch();
    await until(() => mine(updates, open) !== undefined);
    const found = mine(updates, open);
    expect(found?.pod).toMatchObject({ namespace: 'host-a', node: 'host-a', hostNetwork: true, phase: 'running', workload: { namespace: 'host-a' } });
    expect(found?.workload).toMatchObject({ platform: 'host', ref: found?.pod.workload });
    const ports = found?.pod.ports.map(({ port }) => port) ?? [];
    expect([ports.includes(open), ports.includes(six), ports.includes(loopback)]).toEqual([true, true, false]);
    expect(updates.find(({ key }) => key === 'host')?.value).toMatchObject({ kind: 'container-host', node: { name: 'host-a', podCidrs: [] } });
    const later = await listen('0.0.0.0');
    await until(() => mine(updates, later) !== undefined);
    servers.splice(0).forEach((each) => each.close());
    await until(() => mine(updates, open) === undefined && mine(updates, later) === undefined);
  });

  linux('are told once, while nothing changes', async () => {
    const port = await listen('0.0.0.0');
    const { updates, until } = watch();
    await until(() => mine(updates, port) !== undefined);
    const told = updates.filter(({ key }) => key === 'host').length;
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(updates.filter(({ key }) => key === 'host')).toHaveLength(told);
  });

  linux('are no clients: a datagram socket on a port the kernel chose waits for an answer', async () => {
    const socket = createSocket('udp4');
    datagrams.push(socket);
    socket.bind(0, '0.0.0.0');
    await once(socket, 'listening');
    const port = await listen('0.0.0.0');
    const { updates, until } = watch();
    await until(() => mine(updates, port) !== undefined);
    expect(mine(updates, socket.address().port)).toBeUndefined();
  });
});
