import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { openRedisStore } from '#store';

import { urlWithPassword } from '../../apps/controller/src/redis-password.ts';
import { describeWithTool } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';

const SECRET = 's3cret%20/@:ü';

describeWithTool('redis-server', 'a Redis that asks for a password', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start(['--requirepass', SECRET]);
  });
  afterAll(async () => {
    await server.close();
  });

  it('is opened with it, whatever is in it, and not without; nothing that is said holds it', async () => {
    const store = await openRedisStore({ url: urlWithPassword(server.url, { password: SECRET }) });
    expect(await store.journal.read(0, 1)).toEqual([]);
    await store.close();
    await expect(openRedisStore({ url: server.url })).rejects.toThrow(/NOAUTH|Authentication required/);
    const wrong = await openRedisStore({ url: urlWithPassword(server.url, { password: 'wr0ng' }) }).catch((error: unknown) => String(error));
    expect(wrong).toContain('WRONGPASS');
    expect(wrong).not.toContain('wr0ng');
  });
});
