import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';

import { openRedisStore } from '#store';

import { storeContract } from '../contract/store-contract.ts';
import { describeWithTool } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';

describeWithTool('redis-server', 'Redis', () => {
  let server: RedisServer;
  let admin: Redis;
  let count = 0;
  beforeAll(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
  });
  afterAll(async () => {
    admin.disconnect();
    await server.close();
  });

  storeContract('in Redis', () => {
    count += 1;
    const namespace = `test-${String(count)}`;
    const key = (name: string): string => `{${namespace}}:${name}`;
    return Promise.resolve({
      open: (journalKey) => openRedisStore({ url: server.url, namespace, ...(journalKey === undefined ? {} : { journalKey }) }),
      // entries of a stream cannot be changed, so whoever wants to writes the stream anew
      tamper: async ({ seq, content }) => {
        const entries = await admin.xrange(key('journal'), '-', '+');
        await admin.del(key('journal'));
        for (const [id, fields] of entries) await admin.xadd(key('journal'), id, ...fields.with(5, id === `${String(seq)}-0` ? content : (fields[5] ?? '')));
      },
      cut: async () => {
        const [last] = await admin.xrevrange(key('journal'), '+', '-', 'COUNT', 1);
        await admin.xdel(key('journal'), last?.[0] ?? '');
      },
      passMs: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      close: () => Promise.resolve(),
    });
  });

  it('refuses what a newer release wrote, and leaves it as it is', async () => {
    await admin.set('{newer}:schema', '99');
    await expect(openRedisStore({ url: server.url, namespace: 'newer' })).rejects.toMatchObject({ code: 'too-new', message: `open redis 127.0.0.1:${String(server.port)}: a newer release wrote it (schema 99, this one knows 3)` });
    expect(await admin.keys('{newer}:*')).toEqual(['{newer}:schema']);
  });

  it('brings what the first release wrote to the current schema', async () => {
    // as that release left it: two entries, no fence
    const key = (name: string): string => `{first}:${name}`;
    const texts = ['{"format":1,"kind":"mode-set"}', '{"format":1,"kind":"edits-discarded"}'];
    let digest = '0'.repeat(64);
    for (const [index, text] of texts.entries()) {
      digest = createHash('sha256').update(`${digest}\n${String(index + 1)}\n1700000000000\n${text}`).digest('hex');
      await admin.xadd(key('journal'), `${String(index + 1)}-0`, 'at', '1700000000000', 'digest', digest, 'text', text);
    }
    await admin.set(key('schema'), '1');
    await admin.hset(key('head'), 'seq', '2', 'digest', digest);
    await admin.hset(key('documents'), 'ca/root', '3\n{"pem":"-"}');
    const store = await openRedisStore({ url: server.url, namespace: 'first' });
    expect(await admin.get(key('schema'))).toBe('3');
    expect(await admin.hget(key('head'), 'fence')).toBe('0');
    expect(await store.journal.verify()).toMatchObject({ kind: 'whole', entries: 2 });
    expect((await store.journal.read(0, 10)).map(({ content }) => JSON.stringify(content))).toEqual(texts);
    expect(await store.leases.acquire('leader', 'a', 1_000)).toEqual({ kind: 'held', fence: 1 });
    expect(await store.journal.append([{ at: 1, content: 'next' }], { expectedSeq: 2, fence: 1 })).toMatchObject({ kind: 'appended' });
    expect(await store.documents.list('')).toEqual([{ name: 'ca/root', version: 3, value: { pem: '-' } }]);
    await store.close();
  });
});
