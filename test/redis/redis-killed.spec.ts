import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { inspect } from 'node:util';

import { type JournalEntry, openRedisStore, type Store } from '#store';

import { appendUntilKilled } from '../support/appending-child.ts';
import { batchAt, batchFaults } from '../support/journal-batches.ts';
import { describeWithTool } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';

const PATIENCE_MS = 120_000;

describeWithTool('redis-server', 'a Redis store whose server is killed', () => {
  let server: RedisServer;
  const stores: Store[] = [];
  beforeEach(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await server.close();
  });
  const open = async (): Promise<Store> => {
    const store = await openRedisStore({ url: server.url });
    stores.push(store);
    return store;
  };

  it('has every entry that was acknowledged, in batches that are whole, and the writer goes on by itself', async () => {
    const store = await open();
    const acknowledged: JournalEntry[] = [];
    const run = { isOver: false };
    const heard: (() => void)[] = [];
    const writing = (async () => {
      while (!run.isOver) {
        const result = await store.journal.append(batchAt(acknowledged.length), { expectedSeq: acknowledged.length });
        // after an outage nobody is told that what they wrote themselves is in the way
        if (result.kind !== 'appended') throw new Error(`append at ${String(acknowledged.length)}: ${JSON.stringify(result)}`);
        acknowledged.push(...result.entries);
        for (const resolve of heard.splice(0)) resolve();
      }
    })();
    for (const more of [1, 7, 23, 40, 3, 61]) {
      const until = acknowledged.length + more;
      while (acknowledged.length < until) await Promise.race([new Promise<void>((resolve) => heard.push(resolve)), writing]);
      await server.kill();
      await server.restart();
    }
    const until = acknowledged.length + 10;
    while (acknowledged.length < until) await Promise.race([new Promise<void>((resolve) => heard.push(resolve)), writing]);
    run.isOver = true;
    await writing;
    const after = await open();
    const entries = await after.journal.read(0, 1_000_000);
    expect(entries).toEqual(acknowledged);
    expect(batchFaults(entries)).toEqual([]);
    expect(await after.journal.verify()).toMatchObject({ kind: 'whole', entries: acknowledged.length });
  }, PATIENCE_MS);

  it('has every entry a killed writer was told of', async () => {
    const store = await open();
    for (const acknowledgements of [1, 9, 30]) {
      const last = await appendUntilKilled(server.url, acknowledgements);
      const [entry] = await store.journal.read(last!.seq - 1, 1);
      expect(entry?.digest).toBe(last?.digest);
      expect(batchFaults(await store.journal.read(0, 1_000_000))).toEqual([]);
      expect(await store.journal.verify()).toMatchObject({ kind: 'whole' });
    }
  }, PATIENCE_MS);

  it('moves the lead with a higher fence, and refuses what the old leader still writes', async () => {
    const [old, next] = [await open(), await open()];
    const first = await old.leases.acquire('leader', 'old', 700);
    expect(first).toEqual({ kind: 'held', fence: 1 });
    expect(await old.raiseFence(1)).toBe(true);
    for (let seq = 0; seq < 20; seq += 1) expect(await old.journal.append([{ at: 1, content: seq }], { expectedSeq: seq, fence: 1 })).toMatchObject({ kind: 'appended' });
    expect(await next.leases.acquire('leader', 'next', 10_000)).toMatchObject({ kind: 'taken', by: 'old' });
    // a lease that was acknowledged outlives the server too
    await server.kill();
    await server.restart();
    let taken = await next.leases.acquire('leader', 'next', 10_000);
    while (taken.kind === 'taken') {
      const { forMs } = taken;
      await new Promise((resolve) => setTimeout(resolve, forMs + 1));
      taken = await next.leases.acquire('leader', 'next', 10_000);
    }
    expect(taken).toEqual({ kind: 'held', fence: 2 });
    expect(await next.raiseFence(2)).toBe(true);
    // the old one has not noticed
    expect(await old.journal.append([{ at: 1, content: 'late' }], { expectedSeq: 20, fence: 1 })).toEqual({ kind: 'fenced', fence: 2 });
    expect(await old.evidence.put([{ key: 'late', value: 1 }], { fence: 1 })).toEqual({ kind: 'fenced', fence: 2 });
    expect(await old.leases.renew('leader', 'old', 1, 1_000)).toBe(false);
    expect((await next.journal.read(0, 100)).map(({ content }) => content)).toEqual(Array.from({ length: 20 }, (_, at) => at));
    expect(await next.journal.append([{ at: 1, content: 'next' }], { expectedSeq: 20, fence: 2 })).toMatchObject({ kind: 'appended' });
  }, PATIENCE_MS);

  it('tells its subscribers again when it is back', async () => {
    const [writer, reader] = [await open(), await open()];
    let heard: () => void = () => undefined;
    const hears = (): Promise<void> => new Promise((resolve) => (heard = resolve));
    const first = hears();
    const leave = reader.journal.subscribe(() => {
      heard();
    });
    await first;
    await server.kill();
    const back = hears();
    await server.restart();
    await back;
    const appended = hears();
    await writer.journal.append([{ at: 1, content: 'a' }], { expectedSeq: 0 });
    await appended;
    leave();
  }, PATIENCE_MS);

  it('says that it cannot be reached, and that a write may have arrived, in bounded time', async () => {
    const store = await open();
    await server.kill();
    await expect(store.journal.lastSeq()).rejects.toMatchObject({ code: 'unreachable', isOutcomeUnknown: false });
    await expect(store.raiseFence(1)).rejects.toMatchObject({ code: 'unreachable', isOutcomeUnknown: true, message: expect.stringMatching(/^write to redis 127\.0\.0\.1:\d+: connect ECONNREFUSED/) as unknown });
    await expect(openRedisStore({ url: server.url })).rejects.toMatchObject({ code: 'unreachable' });
    await server.restart();
    expect(await store.raiseFence(1)).toBe(true);
  }, PATIENCE_MS);
});

describeWithTool('redis-server', 'a Redis store', () => {
  it('says what of the server makes it weaker than it should be', async () => {
    const server = await RedisServer.start(['--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru']);
    const store = await openRedisStore({ url: server.url });
    expect((await store.weaknesses()).map(({ code }) => code)).toEqual(['store-appendonly', 'store-maxmemory-policy']);
    await store.close();
    await server.kill();
    await server.restart(['--appendonly', 'yes', '--appendfsync', 'everysec']);
    const again = await openRedisStore({ url: server.url });
    expect((await again.weaknesses()).map(({ code }) => code)).toEqual(['store-appendfsync']);
    await again.close();
    await server.kill();
    await server.restart(['--appendonly', 'yes', '--appendfsync', 'always']);
    const strong = await openRedisStore({ url: server.url });
    expect(await strong.weaknesses()).toEqual([]);
    await strong.close();
    await server.close();
  }, PATIENCE_MS);

  it('says that a password is wrong and never which', async () => {
    const server = await RedisServer.start(['--requirepass', 'correct-horse']);
    const troubles: Error[] = [];
    const failure: unknown = await openRedisStore({ url: `redis://:hunter2@127.0.0.1:${String(server.port)}`, onTrouble: (error) => troubles.push(error) }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'StoreError', code: 'failed' });
    expect(inspect([failure, troubles], { depth: 20 })).not.toContain('hunter2');
    const store = await openRedisStore({ url: `redis://:correct-horse@127.0.0.1:${String(server.port)}` });
    expect(await store.journal.lastSeq()).toBe(0);
    await store.close();
    await server.close();
  }, PATIENCE_MS);
});
