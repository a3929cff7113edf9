import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';

import { openRedisStore } from '#store';

import { ControllerWorld } from '../support/controller-world.ts';
import { everythingTold, MARKER } from '../support/kept-secrets.ts';
import { describeWithTool } from '../support/needs.ts';
import { RedisServer } from '../support/redis-server.ts';

jest.setTimeout(60_000);

const PASSWORD = 'pW8xLq3vHt5z';

describeWithTool('redis-server', 'passwords and Redis', () => {
  let server: RedisServer;
  let admin: Redis;
  let world: ControllerWorld;
  beforeEach(async () => {
    server = await RedisServer.start();
    admin = new Redis(server.url);
    world = await ControllerWorld.make();
  });
  afterEach(async () => {
    await world.close();
    admin.disconnect();
    await server.close();
  });

  it('has none of those in the cluster in any key, and tells nobody its own', async () => {
    await admin.config('SET', 'requirepass', PASSWORD);
    const url = new URL(server.url);
    url.password = PASSWORD;
    const texts = await everythingTold(world, await openRedisStore({ url: url.href }));
    expect([...texts].filter(([, text]) => text.includes(PASSWORD) || text.includes(MARKER)).map(([name]) => name)).toEqual([]);
    const kept = await everyText(admin);
    expect(kept).toContain('approved');
    expect(kept).not.toContain(MARKER);
  });

  it('tells nobody its own where it does not take it', async () => {
    await admin.config('SET', 'requirepass', `${PASSWORD}-another`);
    const url = new URL(server.url);
    url.password = PASSWORD;
    const troubles: Error[] = [];
    const error: unknown = await openRedisStore({ url: url.href, onTrouble: (trouble) => troubles.push(trouble) }).then(
      () => undefined,
      (why: unknown) => why,
    );
    expect(error).toBeInstanceOf(Error);
    for (const each of [error, ...troubles]) for (let at: unknown = each; at instanceof Error; at = at.cause) expect(`${at.message} ${at.stack ?? ''} ${JSON.stringify(at)}`).not.toContain(PASSWORD);
  });
});

async function everyText(redis: Redis): Promise<string> {
  const texts: string[] = [];
  for (const key of await redis.keys('*')) {
    const kind = await redis.type(key);
    if (kind === 'hash') texts.push(JSON.stringify(await redis.hgetall(key)));
    else if (kind === 'stream') texts.push(JSON.stringify(await redis.xrange(key, '-', '+')));
    else texts.push((await redis.get(key)) ?? '');
  }
  return texts.join('\n');
}
