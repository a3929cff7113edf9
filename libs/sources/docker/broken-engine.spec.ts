import { afterEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';

import { systemClock } from '#sources/waiting';

import { FakeEngine } from '../../../test/support/fake-engine.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import { WatchedEngine } from '../../../test/support/watched-engine.ts';

import { DockerSource } from './index.ts';

const ID = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

type Answers = (path: string, response: ServerResponse) => void;

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Something on a socket that answers as it pleases. */
async function engineThat(answers: Answers): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rf-engine-'));
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    answers(request.url ?? '', response);
  });
  server.on('connection', (socket) => sockets.add(socket));
  const path = join(folder, 'docker.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  ends.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    rmSync(folder, { recursive: true });
  });
  return path;
}

function watch(path: string, options: ConstructorParameters<typeof WatchedEngine>[1] = {}): WatchedEngine {
  const engine = new WatchedEngine(path, options);
  ends.push(async () => {
    await engine.source.stop();
  });
  return engine;
}

/** Answers like an engine with these containers; `events` gets the open stream. */
function engineWith(containers: Readonly<Record<string, unknown>>, events: (response: ServerResponse) => void = () => undefined): Answers {
  return (path, response) => {
    if (path.startsWith('/events')) {
      response.writeHead(200);
      response.flushHeaders();
      events(response);
      return;
    }
    const id = /^\/containers\/([0-9a-f]+)\/json/.exec(path)?.[1];
    if (path === '/info') response.end('{"Name":"host-b"}');
    else if (path === '/networks') response.end('[]');
    else if (path.startsWith('/containers/json')) response.end(JSON.stringify(Object.keys(containers).map((Id) => ({ Id }))));
    else if (id !== undefined && containers[id] !== undefined) response.end(typeof containers[id] === 'string' ? containers[id] : JSON.stringify(containers[id]));
    else response.writeHead(500).end();
  };
}

function running(id: string, name: string, more: object = {}): object {
  return { Id: id, Name: `/${name}`, State: { Running: true, Pid: 7, Status: 'running' }, Config: {}, ...more };
}

describe('an engine that is not well', () => {
  it('keeps the rest where it will not tell of one container', async () => {
    const engine = watch(await engineThat(engineWith({ [ID]: running(ID, 'web'), [OTHER]: '{"Id": 1' })));
    const { pods } = await engine.inSync();
    expect([...pods.keys()]).toEqual(['host-a/web']);
    expect(engine.problems.map(({ code, message }) => `${code} ${message.slice(0, 40)}`)).toEqual(['engine-answer-unreadable does not say what the container bbbbbbbb']);
  });

  it.each([
    ['names', running(ID, '../../\u001b[2J\n"; drop')],
    ['labels', running(ID, 'web', { Config: { Labels: { 'com.docker.compose.project': 'a/b\n', 'com.docker.compose.service': '__proto__', constructor: 'x', long: 'x'.repeat(100_000) } } })],
    ['addresses', running(ID, 'web', { NetworkSettings: { Networks: { a: { EndpointID: 'x', IPAddress: '300.1.2.3', GlobalIPv6Address: 'fe80::1%eth0', MacAddress: 'zz' } } } })],
    ['shapes', { Id: ID, Name: 7, State: [], Config: null, HostConfig: 'x', NetworkSettings: { Networks: [1, null], Ports: { '99999/tcp': 1, 'x/y': [] } } }],
    ['a network mode that leads to itself', running(ID, 'web', { HostConfig: { NetworkMode: `container:${ID}` } })],
  ])('says nothing harmful with odd %s', async (_what, container) => {
    const engine = watch(await engineThat(engineWith({ [ID]: container })));
    const { pods, diagnostics } = await engine.inSync();
    const [pod] = [...pods.values()];
    expect(pod?.name).toMatch(/^(?:web|a{12})$/);
    expect(pod?.namespace).toBe('host-a');
    expect(pod?.addresses).toEqual([]);
    expect(JSON.stringify([...pods.keys(), ...diagnostics.map(({ message }) => message)])).not.toMatch(/\\u001b|\\n/);
    expect(Object.values(pod?.labels ?? {}).every((value) => value.length < 5_000)).toBe(true);
  });

  it('is read again where an event cannot be read, is too long, or comes in pieces', async () => {
    const containers: Record<string, unknown> = {};
    let stream: ServerResponse | undefined;
    const engine = watch(await engineThat(engineWith(containers, (response) => {
      stream = response;
    })));
    await engine.inSync();
    const seen = async (name: string): Promise<void> => {
      await engine.until(({ pods }) => [...pods.values()].some((pod) => pod.name === name));
    };
    containers[ID] = running(ID, 'one');
    stream?.write('no json at all\n');
    await seen('one');
    containers[ID] = running(ID, 'two');
    const event = `{"Type":"container","Action":"rename","Actor":{"ID":"${ID}","Attributes":{}}}`;
    stream?.write(event.slice(0, 30));
    await turn();
    stream?.write(`${event.slice(30)}\n\n`);
    await seen('two');
    containers[ID] = running(ID, 'three');
    stream?.write(`{"Type":"${'x'.repeat(2_000_000)}"}\n`);
    await seen('three');
    expect(engine.problems).toEqual([]);
    expect(engine.syncs).toBe(1);
  });

  it('has told who gives an address back before it tells who gets it, also when it was away meanwhile', async () => {
    const on = (address: string): object => ({ NetworkSettings: { Networks: { bridge: { NetworkID: OTHER, EndpointID: 'e', IPAddress: address } } } });
    const containers: Record<string, unknown> = { [ID]: running(ID, 'new', { State: { Running: false, Pid: 0, Status: 'created' } }), [OTHER]: running(OTHER, 'old', on('198.51.100.2')) };
    let stream: ServerResponse | undefined;
    const engine = watch(await engineThat(engineWith(containers, (response) => {
      stream = response;
    })));
    await engine.inSync();
    const before = engine.updates.length;
    containers[ID] = running(ID, 'new', on('198.51.100.2'));
    containers[OTHER] = running(OTHER, 'old', on('198.51.100.3'));
    stream?.end();
    await engine.inSync(2);
    expect(engine.updates.slice(before).map(({ key }) => key)).toEqual([`container/${OTHER}`, `container/${ID}`]);
  });

  it('is waited for longer and longer, but never longer than half a minute', async () => {
    const clock = new ManualClock();
    const engine = watch(join(tmpdir(), 'rf-no-engine-here', 'docker.sock'), { clock });
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 12; attempt += 1) {
      await engine.until((_, { problems }) => problems.length === attempt);
      await turn();
      waits.push(clock.next ?? 0);
      clock.advance(clock.next ?? 0);
    }
    expect(waits).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000, 15_000]);
    expect(engine.problems.every(({ code, message }) => code === 'engine-unreachable' && message.includes('ENOENT'))).toBe(true);
    expect(engine.syncs).toBe(0);
  });

  it('is asked for what came after the last event it told', async () => {
    const fake = await FakeEngine.start();
    ends.push(async () => {
      await fake.close();
    });
    const engine = watch(fake.socketPath);
    await engine.inSync();
    await fake.control.run({ name: 'web' });
    await engine.until(({ pods }) => pods.get('host-a/web')?.phase === 'running');
    const [last] = fake.state.events.slice(-1);
    await fake.restart();
    await engine.inSync(2);
    const opened = fake.asked.filter((each) => each.includes('/events'));
    expect(opened[0]).not.toContain('since=');
    expect(Number(/since=(\d+)/.exec(opened.at(-1) ?? '')?.[1])).toBeGreaterThanOrEqual(Number(last?.['time']));
  });

  it('is left and tried again where it stays silent when asked', async () => {
    const clock = new ManualClock();
    let isDeaf = false;
    let opened = 0;
    const answers = engineWith({ [ID]: running(ID, 'web') }, () => {
      opened += 1;
    });
    const engine = watch(await engineThat((path, response) => {
      if (!isDeaf) answers(path, response);
    }), { clock, quietMs: 1_000 });
    await engine.inSync();
    await turn();
    isDeaf = true;
    clock.advance(1_000);
    // the question is asked in the meantime, and gets no answer
    while (clock.next !== 15_000) await turn();
    clock.advance(15_000);
    await engine.until((_, { problems }) => problems.length === 1);
    expect(engine.problems[0]?.message).toContain('no answer');
    expect(engine.snapshot.pods.size).toBe(1);
    isDeaf = false;
    await turn();
    clock.advance(30_000);
    await engine.inSync(2);
    expect(opened).toBe(2);
  });

  it('is read again from time to time, for it drops events', async () => {
    const clock = new ManualClock();
    const containers: Record<string, unknown> = {};
    const answers = engineWith(containers);
    const engine = watch(await engineThat((path, response) => {
      if (path === '/_ping') response.end('OK');
      else answers(path, response);
    }), { clock, quietMs: 1_000, rereadMs: 3_000 });
    await engine.inSync();
    containers[ID] = running(ID, 'web');
    for (let second = 0; second < 3; second += 1) {
      while (clock.next !== 1_000) await turn();
      clock.advance(1_000);
    }
    await engine.until(({ pods }) => pods.has('host-a/web'));
    expect(engine.syncs).toBe(1);
  });

  it('is left at once, whatever it is being asked', async () => {
    const engine = watch(await engineThat(() => undefined));
    await turn();
    await engine.source.stop();
    expect(engine.updates).toEqual([]);
    expect(engine.problems).toEqual([]);
  });

  it('goes on being told of where a handler throws', async () => {
    const path = await engineThat(engineWith({ [ID]: running(ID, 'web'), [OTHER]: running(OTHER, 'db') }));
    const keys: string[] = [];
    const problems: string[] = [];
    const synced = new Promise<void>((resolve) => {
      const source = new DockerSource({
        socketPath: path,
        clock: systemClock,
        random: () => 0,
        handlers: {
          update: ({ key }) => {
            keys.push(key);
            throw new Error('no');
          },
          inSync: resolve,
          problem: ({ code }) => {
            problems.push(code);
          },
        },
      });
      ends.push(async () => {
        await source.stop();
      });
      source.start();
    });
    await synced;
    expect(keys.sort()).toEqual([`container/${ID}`, `container/${OTHER}`, 'host']);
    expect(problems).toEqual(['handler-failed', 'handler-failed', 'handler-failed']);
  });
});
