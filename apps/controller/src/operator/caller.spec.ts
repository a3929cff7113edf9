import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

import { describe, expect, it } from '@jest/globals';

import { actorOf, CallerGate } from './caller.ts';
import { canTellOwners, ownerOfPeer } from './socket-owner.ts';

/*
 * Who is at the other end, asked of the kernel. Another user takes root to become.
 */
const ASK = `
const { get } = require('node:http');
if (process.argv[2] !== '') process.setuid(Number(process.argv[2]));
get(process.argv[1], (response) => { response.on('data', (part) => process.stdout.write(part)); });
`;
const isRoot = process.getuid?.() === 0;
const OTHER = 65_533;

async function asked(host: string, uid: number | '', answer: (request: IncomingMessage) => Promise<unknown>): Promise<string> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    answer(request).then((value) => response.end(JSON.stringify(value)), (error: unknown) => response.end(JSON.stringify({ error: (error as Error).message })));
  });
  server.listen(0, host.replace(/^\[|\]$/g, '').replace('::ffff:', ''));
  await once(server, 'listening');
  const child = spawn(process.execPath, ['-e', ASK, `http://${host}:${String((server.address() as AddressInfo).port)}`, String(uid)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (part: Buffer) => { text += part.toString(); });
  await once(child, 'close');
  server.close();
  return text;
}

describe.each([['IPv4', '127.0.0.1'], ['IPv6', '[::1]'], ['IPv4 out of an IPv6 socket', '[::ffff:127.0.0.1]']])('over %s', (_family, host) => {
  it('the kernel names who runs the client', async () => {
    expect(await asked(host, '', ({ socket }) => ownerOfPeer(socket))).toBe(String(process.getuid?.()));
  });

  (isRoot ? it : it.skip)(`another user is named, and not admitted${isRoot ? '' : ' (skipped: not root)'}`, async () => {
    const gate = new CallerGate([0]);
    expect(await asked(host, OTHER, ({ socket }) => ownerOfPeer(socket))).toBe(String(OTHER));
    expect(await asked(host, OTHER, (request) => gate.callerOf(request, 'viewer'))).toContain(`user ${String(OTHER)}: may not use this controller; it admits uid 0`);
    expect(await asked(host, OTHER, (request) => new CallerGate([0, OTHER]).callerOf(request, 'viewer'))).toContain('"role":"admin"');
  });

  (isRoot ? it : it.skip)(`whoever it is may ask what anyone may${isRoot ? '' : ' (skipped: not root)'}`, async () => {
    expect(await asked(host, OTHER, (request) => new CallerGate([0]).callerOf(request, 'anyone'))).toContain('"role":"anyone"');
  });
});

describe('the actor of a decision', () => {
  it.each([
    [{ role: 'admin', uid: 1000, claimedName: 'alice' }, 'alice (claimed, uid 1000)'],
    [{ role: 'admin', uid: undefined, claimedName: 'alice' }, 'alice (claimed)'],
    [{ role: 'admin', uid: 1000, claimedName: undefined }, 'uid 1000'],
  ] as const)('%j is %s', (caller, name) => {
    expect(actorOf(caller)).toEqual({ kind: 'person', name });
  });

  it('is asked for where nobody is known', () => {
    expect(() => actorOf({ role: 'admin', uid: undefined, claimedName: undefined })).toThrow(/does not say who decides/);
  });
});

it('nobody is let in because the kernel could not be asked for a moment', async () => {
  expect(await Promise.all(['/proc/net/no-such-table', '/dev/null/tcp', '/'].map(canTellOwners))).toEqual([false, false, true]);
  // a path that is too long is no absent table
  expect(await canTellOwners(`/${'x'.repeat(5_000)}`)).toBe(true);
});
