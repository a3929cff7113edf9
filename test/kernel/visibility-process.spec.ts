import { statSync } from 'node:fs';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { parseAddress } from '#model';

import { findNamespace } from '../../libs/dataplane/visibility/pod-namespace.ts';
import { findProcesses } from '../../libs/dataplane/visibility/process-lookup.ts';
import { describeKernel } from '../support/kernel.ts';
import { CLIENT, type Peer, SERVER, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 60_000;

describeKernel('which process holds a connection', () => {
  let world: VisibilityWorld;
  let client: Peer;
  let server: Peer;

  beforeAll(async () => {
    world = new VisibilityWorld();
    client = world.peer('client');
    server = world.peer('server');
    await server.do({ do: 'serve', host: SERVER.four, port: 8080 });
    await server.do({ do: 'serve', host: SERVER.six, port: 8080 });
    await server.do({ do: 'names', host: SERVER.four, answers: [] });
  }, PATIENCE_MS);
  afterAll(async () => {
    await world.close();
  });

  it.each([
    ['IPv4', CLIENT.four, SERVER.four],
    ['IPv6', CLIENT.six, SERVER.six],
  ])('at both ends, %s', async (_family, from, to) => {
    const { outcome, localPort = 0 } = await client.do({ do: 'talk', host: to, port: 8080, text: 'x', keep: true });
    expect(outcome).toBe('answered');
    const clientEnd = { address: parseAddress(from)!, port: localPort };
    const serverEnd = { address: parseAddress(to)!, port: 8080 };
    const atClient = findProcesses({ namespacePath: world.client.path, protocol: 'TCP', local: clientEnd, remote: serverEnd });
    expect(atClient).toEqual({ kind: 'found', uid: 0, processes: [{ pid: client.pid, command: expect.any(String), commandLine: expect.stringContaining('visibility-peer.ts'), cgroup: expect.stringMatching(/^\//) }] });
    const atServer = findProcesses({ namespacePath: world.server.path, protocol: 'TCP', local: serverEnd, remote: clientEnd });
    expect(atServer).toMatchObject({ kind: 'found', processes: [{ pid: server.pid }] });
  }, PATIENCE_MS);

  it.each(['198.51.100.244', '2001:db8:ffff::244'])('of a pod that is known by its address only, %s', (text) => {
    // no other test's pods have it
    world.give('client', text);
    const namespacePath = findNamespace(parseAddress(text)!);
    expect(namespacePath).toMatch(/^\/proc\/\d+\/ns\/net$/);
    expect(statSync(namespacePath!).ino).toBe(statSync(world.client.path).ino);
  });

  it('an address nobody has is in no namespace', () => {
    expect(findNamespace(parseAddress('203.0.113.77')!)).toBeUndefined();
  });

  it('of datagrams', () => {
    const local = { address: parseAddress(SERVER.four)!, port: 53 };
    const remote = { address: parseAddress(CLIENT.four)!, port: 40_000 };
    expect(findProcesses({ namespacePath: world.server.path, protocol: 'UDP', local, remote })).toMatchObject({ kind: 'found', processes: [{ pid: server.pid }] });
  });

  it('is missed, and says so, when the connection has ended', async () => {
    const { localPort = 0 } = await client.do({ do: 'talk', host: SERVER.four, port: 8080, text: 'x' });
    const local = { address: parseAddress(CLIENT.four)!, port: localPort };
    const remote = { address: parseAddress(SERVER.four)!, port: 8080 };
    expect(findProcesses({ namespacePath: world.client.path, protocol: 'TCP', local, remote })).toMatchObject({ kind: 'missed' });
  }, PATIENCE_MS);

  it('looks at no more than it may', async () => {
    const { localPort = 0 } = await client.do({ do: 'talk', host: SERVER.four, port: 8080, text: 'x', keep: true });
    const local = { address: parseAddress(CLIENT.four)!, port: localPort };
    const remote = { address: parseAddress(SERVER.four)!, port: 8080 };
    expect(findProcesses({ namespacePath: world.client.path, protocol: 'TCP', local, remote }, { mostProcesses: 0 })).toEqual({ kind: 'missed', why: expect.stringContaining('not among the first') });
  }, PATIENCE_MS);
});
