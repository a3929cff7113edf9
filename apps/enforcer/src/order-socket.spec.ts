import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { NodeOrder, NodeReply } from '#dataplane';

import { openOrderSocket, type OrderSocket } from './order-socket.ts';

describe('the socket for local orders', () => {
  let folder: string;
  let path: string;
  let orders: NodeOrder[];
  let by: string[];
  let socket: OrderSocket | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ringfence-'));
    path = join(folder, 'run', 'enforcer.sock');
    orders = [];
    by = [];
  });
  afterEach(() => {
    socket?.close();
    socket = undefined;
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<void> {
    socket = await openOrderSocket(path, (order, who): NodeReply => {
      orders.push(order);
      by.push(who);
      if (order.order === 'panic') throw new Error('the disk is full');
      return { kind: 'done', text: order.order };
    }, () => undefined);
  }

  function say(text: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let heard = '';
      const caller = createConnection(path, () => caller.end(text)).setEncoding('utf8');
      caller.on('data', (part: string) => {
        heard += part;
      });
      caller.on('end', () => {
        resolve(JSON.parse(heard));
      });
      caller.on('error', reject);
    });
  }

  it('is open to its owner only, and knows who calls', async () => {
    await open();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await say('{"order":"status"}')).toEqual({ kind: 'done', text: 'status' });
    expect(by).toEqual([`uid ${String(process.getuid?.())}, process ${String(process.pid)}`]);
  });

  it.each<[string, RegExp]>([
    ['', /no JSON/],
    ['[1', /no JSON/],
    ['null', /names no order/],
    ['{"order":"reboot"}', /no order "reboot"/],
    ['{"order":"why","from":"a","to":1,"port":"80"}', /from, to and port/],
    ['{"order":"apply"}', /needs a bundle/],
    ['{"order":"apply","bundle":"x","confirmWithinMs":1e12}', /24 hours/],
    ['{"order":"panic"}', /the disk is full/],
  ])('refuses %j, saying why', async (text, why) => {
    await open();
    expect(await say(text)).toMatchObject({ kind: 'refused', why: expect.stringMatching(why) });
    expect(await say('{"order":"show"}')).toEqual({ kind: 'done', text: 'show' });
  });

  it('takes the place of a socket a killed process left, and of nothing else', async () => {
    await open();
    const left = socket;
    await open();
    expect(await say('{"order":"status"}')).toMatchObject({ kind: 'done' });
    left?.close();
    socket?.close();
    socket = undefined;
    writeFileSync(path, 'somebody else\'s');
    await expect(open()).rejects.toThrow(/EADDRINUSE/);
  });
});
