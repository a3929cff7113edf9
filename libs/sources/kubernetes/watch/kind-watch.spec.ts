import { afterEach, describe, expect, it } from '@jest/globals';

import { systemClock } from '#sources/waiting';

import { events, page, refusal, ScriptedApiServer, thing } from '../../../../test/support/scripted-api-server.ts';
import { ClusterConnection } from './cluster-connection.ts';
import { KindWatch } from './kind-watch.ts';
import { Places } from './turns.ts';
import type { WatchedKind } from './watched-kind.ts';

const kind: WatchedKind = { group: 'example.com', version: 'v1', kind: 'Thing', resource: 'things', isNamespaced: true, need: 'never' };
const LONGEST_MS = 20_000;

function event(type: string, object: object): object {
  return { type, object };
}

interface Settings {
  readonly quietMs?: number;
  readonly mostObjects?: number;
}

class Followed {
  readonly told: string[] = [];
  readonly server: ScriptedApiServer;
  readonly watch: KindWatch;
  readonly states: string[] = [];
  readonly #connection: ClusterConnection;
  #changed: () => void = () => undefined;

  constructor(server: ScriptedApiServer, { quietMs = 60_000, mostObjects = 100 }: Settings = {}) {
    this.server = server;
    this.#connection = new ClusterConnection(server.access);
    const changed = (): void => {
      this.#changed();
    };
    this.watch = new KindWatch(kind, {
      connection: this.#connection,
      clock: systemClock,
      random: () => 0,
      pageSize: 2,
      watchMs: 60_000,
      quietMs,
      mostObjects,
      places: new Places(1),
      tell: (key, value) => {
        const name = key.split('/').at(-1) ?? '';
        this.told.push(value === undefined ? `${name} gone` : `${name}=${(value.body['spec'] as { readonly text: string }).text}`);
        changed();
      },
      changed: () => {
        this.states.push(this.watch.status.state);
        changed();
      },
    });
    this.watch.start();
  }

  async until(holds: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const ceiling = setTimeout(() => {
        reject(new Error(`waited in vain: ${JSON.stringify([this.told, this.states, this.watch.status, this.server.whats()])}`));
      }, LONGEST_MS);
      const look = setInterval(() => {
        this.#changed();
      }, 20);
      this.#changed = () => {
        if (!holds()) return;
        clearTimeout(ceiling);
        clearInterval(look);
        this.#changed = () => undefined;
        resolve();
      };
      this.#changed();
    });
  }

  async end(): Promise<void> {
    await this.watch.stop();
    this.#connection.close();
    this.server.close();
  }
}

describe('one kind, listed and watched', () => {
  let followed: Followed | undefined;

  async function follow(server: ScriptedApiServer, settings?: Settings): Promise<Followed> {
    followed = new Followed(server, settings);
    return Promise.resolve(followed);
  }

  afterEach(async () => {
    await followed?.end();
    followed = undefined;
  });

  it.each(['127.0.0.1', '::1'] as const)('is read page by page and followed from the version of the list, at %s', async (address) => {
    const changes = events([event('MODIFIED', thing('b', 'new', '8')), event('DELETED', thing('a', '', '9')), event('BOOKMARK', { metadata: { resourceVersion: '20' } })], 'ends');
    const { told, server, until } = bind(await follow(await ScriptedApiServer.startAt(address, page('7', [thing('a'), thing('b')], 'x'), page('7', [thing('c')]), changes, events([]))));
    await until(() => server.asked.length === 4);
    expect(told).toEqual(['a=', 'b=', 'c=', 'b=new', 'a gone']);
    expect(server.whats()).toEqual(['list', 'list after x', 'watch from 7', 'watch from 20']);
    expect(server.asked.map(({ query }) => query.get('limit') ?? query.get('allowWatchBookmarks'))).toEqual(['2', '2', 'true', 'true']);
  });

  it.each([
    ['an event', events([event('ERROR', { kind: 'Status', code: 410, message: 'too old' })], 'ends')],
    ['an answer', refusal(410)],
  ])('is listed again when it is told by %s that it is too late, and only what differs is told, the gone first', async (_name, late) => {
    const server = await ScriptedApiServer.start(page('7', [thing('a'), thing('b'), thing('c')]), late, page('30', [thing('d', 'has the address of a'), thing('b'), thing('c', 'new')]), events([]));
    const { told, until, watch } = bind(await follow(server));
    await until(() => server.asked.length === 4);
    expect(told).toEqual(['a=', 'b=', 'c=', 'a gone', 'd=has the address of a', 'c=new']);
    expect(server.whats().slice(2)).toEqual(['list', 'watch from 30']);
    expect(watch.status).toMatchObject({ state: 'in sync', objects: 3, lists: 2 });
  });

  it('is listed from the beginning, in larger pages, when the server forgets the list in the middle', async () => {
    const server = await ScriptedApiServer.start(page('7', [thing('a'), thing('b')], 'x'), refusal(410), page('9', [thing('b'), thing('c')]), events([]));
    const { told, until } = bind(await follow(server));
    await until(() => server.asked.length === 4);
    expect(told).toEqual(['a=', 'b=', 'c=', 'a gone']);
    expect(server.asked.map(({ what, query }) => `${what} ${query.get('limit') ?? ''}`)).toEqual(['list 2', 'list after x 2', 'list 8', 'watch from 9 ']);
  });

  it('goes on from where it was when a connection breaks or is silent for too long', async () => {
    const server = await ScriptedApiServer.start(page('7', [thing('a')]), events([event('ADDED', thing('b', '', '8'))]), events([event('ADDED', thing('c', '', '9'))]), events([]));
    const { told, until, states } = bind(await follow(server, { quietMs: 300 }));
    await until(() => told.includes('b='));
    server.breakConnections();
    await until(() => server.asked.length === 4);
    expect(told).toEqual(['a=', 'b=', 'c=']);
    expect(server.whats()).toEqual(['list', 'watch from 7', 'watch from 8', 'watch from 9']);
    expect(states).toEqual(['listing', 'in sync', 'failing', 'in sync', 'failing', 'in sync']);
  });

  it('is asked as seldom as the server wants', async () => {
    const server = await ScriptedApiServer.start(refusal(429, { 'retry-after': '1' }), page('7', []), events([]));
    const began = performance.now();
    const { until } = bind(await follow(server));
    await until(() => server.asked.length === 3);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  it('is not asked without end by a server that ends every watch at once', async () => {
    const server = await ScriptedApiServer.start(page('7', []), events([], 'ends'));
    const { until } = bind(await follow(server));
    await until(() => server.asked.length >= 4);
    const before = server.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(server.asked.length - before).toBeLessThan(4);
  });

  it('is listed again where an event cannot be read', async () => {
    const broken = events(['{"type":"ADDED","object":{"metadata":'], 'ends');
    const server = await ScriptedApiServer.start(page('7', [thing('a')]), broken, broken, broken, broken, broken, page('9', [thing('a'), thing('b')]), events([]));
    const { told, until } = bind(await follow(server));
    await until(() => server.whats().at(-1) === 'watch from 9');
    expect(told).toEqual(['a=', 'b=']);
  });

  it('is asked for with new credentials when the old ones are refused', async () => {
    const server = await ScriptedApiServer.start(page('7', [thing('a')]), events([], 'ends'), events([]));
    const { until } = bind(await follow(server));
    server.token = 'second';
    await until(() => server.asked.filter(({ what }) => what === 'watch from 7').length >= 2);
    expect(server.asked.at(-1)?.authorization).toBe('Bearer second');
  });

  it('is not kept where nobody knows it and there is too much of it', async () => {
    const server = await ScriptedApiServer.start(page('7', [thing('a'), thing('b')], 'x'));
    const { until, watch } = bind(await follow(server, { mostObjects: 50 }));
    await until(() => watch.status.state === 'failing');
    expect(watch.status.why).toContain('more than 50 objects');
  });

  it('is told as it is, whatever names are in it', async () => {
    const hostile = JSON.stringify({ type: 'ADDED', object: thing('x', 'y', '8') }).replace('"spec":{', '"spec":{"__proto__":{"admin":true},');
    const server = await ScriptedApiServer.start(page('7', []), events([hostile, { type: 'ADDED' }, { type: 'ADDED', object: 'text' }, { type: 'NEW', object: {} }, 'null', event('ADDED', thing('z', '', '9'))]));
    const { told, until } = bind(await follow(server));
    await until(() => told.length === 2);
    expect(told).toEqual(['x=y', 'z=']);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  it('ends at once, whatever is under way', async () => {
    const server = await ScriptedApiServer.start(() => undefined);
    const { until, watch } = bind(await follow(server));
    await until(() => server.asked.length === 1);
    // the server never answers: whoever waited for it would wait for ever
    await watch.stop();
    expect(server.asked).toHaveLength(1);
  });
});

function bind(followed: Followed): Pick<Followed, 'told' | 'states' | 'server' | 'watch'> & { readonly until: Followed['until'] } {
  const { told, states, server, watch } = followed;
  return { told, states, server, watch, until: async (holds) => followed.until(holds) };
}
