import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { openRedisStore, type Store } from '#store';

import { Leader } from '../../apps/controller/src/decisions/leadership.ts';
import { describeWithTool } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';

const PATIENCE_MS = 60_000;

describeWithTool('redis-server', 'a Redis with a replica', () => {
  let primary: RedisServer;
  let replica: RedisServer;
  let admin: Redis;
  const stores: Store[] = [];

  beforeEach(async () => {
    primary = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always', '--repl-diskless-sync-delay', '0']);
    replica = await RedisServer.start(['--appendonly', 'yes', '--replicaof', '127.0.0.1', String(primary.port)]);
    admin = new Redis(replica.url);
    const follower = new Redis(primary.url, { lazyConnect: true });
    await follower.set('begun', '1');
    while ((await follower.wait(1, 1_000)) < 1);
    follower.disconnect();
  }, PATIENCE_MS);
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    admin.disconnect();
    await replica.close();
    await primary.close();
  });

  async function open(url: string, replicas = 1): Promise<Store> {
    const store = await openRedisStore({ url, replicas });
    stores.push(store);
    return store;
  }

  it('has lost nothing that was acknowledged when the replica takes over, and the old leader’s fence is known there', async () => {
    const store = await open(primary.url);
    expect(await store.leases.acquire('controller', 'old', 60_000)).toEqual({ kind: 'held', fence: 1 });
    expect(await store.raiseFence(1)).toBe(true);
    let seq = 0;
    for (; seq < 50; seq += 1) expect(await store.journal.append([{ at: 1, content: seq }], { expectedSeq: seq, fence: 1 })).toMatchObject({ kind: 'appended' });
    await primary.kill();
    await admin.replicaof('NO', 'ONE');
    const after = await open(replica.url, 0);
    expect(await after.journal.verify()).toMatchObject({ kind: 'whole', entries: 50 });
    expect(await after.leases.acquire('controller', 'new', 60_000)).toMatchObject({ kind: 'taken', by: 'old' });
    expect(await after.raiseFence(2)).toBe(true);
    expect(await after.journal.append([{ at: 1, content: 'late' }], { expectedSeq: 50, fence: 1 })).toEqual({ kind: 'fenced', fence: 2 });
  }, PATIENCE_MS);

  it('acknowledges nothing where the replica does not answer, and whoever led by it leads no more', async () => {
    const store = await open(primary.url);
    const lost = Promise.withResolvers<undefined>();
    const leader = new Leader({
      leases: store.leases,
      raiseFence: (fence) => store.raiseFence(fence),
      holder: 'old',
      ttlMs: 3_000,
      onChange: ({ kind }) => { if (kind === 'follower') lost.resolve(undefined); },
      onTrouble: () => undefined,
    });
    await leader.start();
    expect(leader.fence).toBe(1);
    replica.pause();
    await expect(store.journal.append([{ at: 1, content: 'a' }], { expectedSeq: 0, fence: 1 })).rejects.toMatchObject({ code: 'unreachable', isOutcomeUnknown: true, message: expect.stringContaining('0 of 1 replicas have it') as unknown });
    await lost.promise;
    expect(leader.fence).toBeUndefined();
    replica.resume();
    // it may have arrived all the same: whoever reads decides again
    expect(await store.journal.lastSeq()).toBe(1);
    await leader.close();
  }, PATIENCE_MS);

  it('is said to be weaker than it could be where nobody waits for it, or writes go on without it', async () => {
    const [unwaited, waited, missing] = [await open(primary.url, 0), await open(primary.url), await open(primary.url, 2)];
    expect((await unwaited.weaknesses()).map(({ code }) => code)).toEqual(['store-replicas-not-waited-for']);
    expect((await waited.weaknesses()).map(({ code }) => code)).toEqual(['store-min-replicas-to-write']);
    expect((await missing.weaknesses()).map(({ code }) => code)).toEqual(['store-replicas-missing']);
    await expect(missing.raiseFence(1)).rejects.toThrow('1 of 2 replicas have it');
    const server = new Redis(primary.url);
    await server.config('SET', 'min-replicas-to-write', '1');
    expect(await waited.weaknesses()).toEqual([]);
    await replica.kill();
    await server.call('CLIENT', 'KILL', 'TYPE', 'replica');
    expect((await waited.weaknesses()).map(({ code }) => code)).toEqual(['store-replicas-missing']);
    await expect(waited.journal.append([{ at: 1, content: 'a' }], { expectedSeq: 0 })).rejects.toMatchObject({ code: 'unreachable', message: expect.stringContaining('too few of its replicas') as unknown });
    expect(await waited.journal.lastSeq()).toBe(0);
    server.disconnect();
  }, PATIENCE_MS);
});
