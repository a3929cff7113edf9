import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { openAuthority } from '#certificates';
import type { NodeBundle } from '#compilers/nftables';
import { DesiredBundles } from '#distribution';
import type { FlowReport, SourceUpdate } from '#model';

import { ChannelWorld, FakeTaker } from '../../../../test/support/channel-world.ts';
import type { MetadataListener } from '../../../enforcer/src/metadata/metadata-source.ts';
import { makeBundle, makePod, makeProfile, peerAddress } from '../../../../test/support/node-bundles.ts';
import { sha256 } from '../../../../test/support/sha256.ts';
import { withTrueDigests } from '../../../../test/support/true-digests.ts';

const PATIENCE_MS = 60_000;

function bundle(node: string, revision: number, pods = 2, members: readonly string[] = ['10.128.0.1']): NodeBundle {
  const made = makeBundle({ pods, peers: 0, profiles: 1 });
  const hash = sha256(`${node} ${String(revision)} ${String(pods)} ${members.join()}`).slice(0, 32);
  return withTrueDigests({ ...made, node, revision, hash, pods: Array.from({ length: pods }, (_, at) => makePod(at, 1)).sort((a, b) => (a.pod < b.pod ? -1 : 1)), profiles: [makeProfile(0, members)] });
}

function flows(from: number, connections = 3): FlowReport {
  const end = { address: '10.0.0.1' };
  const flow = { client: end, server: { address: '2001:db8::1', pod: 'shop/db' }, protocol: 'TCP' as const, port: 5432, verdict: 'allowed' as const, egressRule: 0, ingressRule: 1, connections, alive: 0, ended: 1, sentBytes: 10, receivedBytes: 20, sentPackets: 1, receivedPackets: 1, longestMs: 1.5, applications: [{ protocol: 'postgresql' as const, connections: 1 }] };
  return { reporter: 'whoever the watcher thinks it is', from, to: from + 10_000, flows: [flow], loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, overflowed: [], foreign: 0 };
}

describe('the node channel', () => {
  let world: ChannelWorld;

  beforeEach(async () => {
    world = await ChannelWorld.make();
  });
  afterEach(() => world.close());

  it.each(['127.0.0.1', '::1'])('sends a node its bundle, then what changes, and hears that it is in (%s)', async (host) => {
    const server = await world.serve({ listen: [{ host, port: 0 }] });
    world.desire(server, bundle('n1', 1));
    world.desire(server, bundle('n2', 1, 3));
    const { taker } = world.connect('n1', server.ports[0]!, await world.credentials('n1'), undefined, { host });
    await world.until(() => world.of('ack').length === 1);
    expect(taker.held).toEqual(bundle('n1', 1));
    world.desire(server, bundle('n1', 2, 3));
    await world.until(() => world.of('ack').length === 2);
    expect(taker.taken).toEqual([bundle('n1', 1), bundle('n1', 2, 3)]);
    expect(world.of('ack').map(({ ack }) => ack)).toMatchObject([{ revision: 1, commitMs: 0.5, elements: 2, generation: 1 }, { revision: 2, elements: 3, generation: 2 }]);
    // a change is sent as a change
    expect(world.of('snapshot asked')).toHaveLength(1);
    expect(world.of('connected').map(({ hello }) => hello)).toMatchObject([{ node: 'n1', driver: 'fake', enforcerVersion: '0.0.0' }]);
    expect(server.connected()).toEqual(['n1']);
  }, PATIENCE_MS);

  it('resumes where it broke off: nothing where it has the newest, a change where it has an older one, all of it otherwise', async () => {
    const server = await world.serve();
    const credentials = await world.credentials('n1');
    world.desire(server, bundle('n1', 1));
    const first = world.connect('n1', server.ports[0]!, credentials);
    await world.until(() => world.of('ack').length === 1);
    first.client.stop();
    await world.until(() => world.of('disconnected').length === 1);
    const again = world.connect('n1', server.ports[0]!, credentials, first.taker);
    await world.until(() => world.of('connected').length === 2 && world.of('report').length === 2);
    again.client.stop();
    await world.until(() => world.of('disconnected').length === 2);
    expect([first.taker.taken.length, world.of('snapshot asked').length]).toEqual([1, 1]);
    world.desire(server, bundle('n1', 2, 3));
    world.desire(server, bundle('n1', 3, 4));
    const third = world.connect('n1', server.ports[0]!, credentials, first.taker);
    await world.until(() => world.of('ack').length === 2);
    third.client.stop();
    // both changes came at once, and one bundle went in
    expect(first.taker.taken.map(({ revision }) => revision)).toEqual([1, 3]);
    expect(world.of('snapshot asked')).toHaveLength(1);
    const stranger = new FakeTaker();
    stranger.held = bundle('n1', 99);
    await world.until(() => world.of('disconnected').length === 3);
    world.connect('n1', server.ports[0]!, credentials, stranger);
    await world.until(() => world.of('ack').length === 3);
    expect(stranger.held).toEqual(bundle('n1', 3, 4));
    expect(world.of('snapshot asked')).toHaveLength(2);
  }, PATIENCE_MS);

  it('outlives the controller: what is held is not sent again by the next one', async () => {
    const server = await world.serve();
    world.desire(server, bundle('n1', 1));
    const { taker } = world.connect('n1', server.ports[0]!, await world.credentials('n1'));
    await world.until(() => world.of('ack').length === 1);
    const [port] = server.ports;
    await server.close();
    const next = await world.serve({ listen: [{ host: '127.0.0.1', port: port! }] });
    // it has compiled the same, and knows nothing of how the last one numbered it
    const fresh = new DesiredBundles(sha256);
    next.setDesired(fresh.set([bundle('n1', 1)])[0]!);
    await world.until(() => world.of('connected').length === 2);
    const changed = fresh.set([bundle('n1', 2, 3)])[0]!;
    next.setDesired(changed);
    await world.until(() => world.of('ack').length === 2);
    expect(taker.taken.map(({ revision }) => revision)).toEqual([1, 2]);
    expect(world.of('snapshot asked')).toHaveLength(1);
  }, PATIENCE_MS);

  it('tells what a node would not take, and goes on with the next', async () => {
    const server = await world.serve();
    const taker = new FakeTaker();
    taker.refuse = ({ revision }) => (revision === 2 ? 'the kernel says no' : undefined);
    world.desire(server, bundle('n1', 1));
    world.connect('n1', server.ports[0]!, await world.credentials('n1'), taker);
    await world.until(() => world.of('ack').length === 1);
    world.desire(server, bundle('n1', 2, 3));
    await world.until(() => world.of('nack').length === 1);
    expect(world.of('nack')[0]?.nack).toMatchObject({ reason: 'refused', why: 'the kernel says no' });
    world.desire(server, bundle('n1', 3, 4));
    await world.until(() => world.of('ack').length === 2);
    expect(taker.held).toEqual(bundle('n1', 3, 4));
    expect(world.of('snapshot asked')).toHaveLength(1);
  }, PATIENCE_MS);

  it('sends all of it to a node that can make nothing of a change', async () => {
    const server = await world.serve();
    world.desire(server, bundle('n1', 1));
    const { taker } = world.connect('n1', server.ports[0]!, await world.credentials('n1'));
    await world.until(() => world.of('ack').length === 1);
    const { version } = world.bundles.snapshot('n1')!;
    const { revision, hash } = bundle('n1', 1);
    const wanted = bundle('n1', 2, 3);
    world.bundles.set([wanted]);
    // what leads there from somewhere else
    server.setDesired({ node: 'n1', version: version + 1, revision: 2, hash: wanted.hash, delta: { revision, hash, text: '{"from":[7,"x"],"to":[8,"y"]}' } });
    await world.until(() => world.of('ack').length === 2);
    expect(world.of('nack').map(({ nack }) => nack.reason)).toEqual(['unreadable']);
    expect(taker.held).toEqual(wanted);
  }, PATIENCE_MS);

  it('keeps no queue for a node that is slow: it is sent the way to what is newest by then', async () => {
    const server = await world.serve();
    world.desire(server, bundle('n1', 1));
    const { taker } = world.connect('n1', server.ports[0]!, await world.credentials('n1'));
    await world.until(() => world.of('ack').length === 1);
    for (let revision = 2; revision <= 50; revision += 1) world.desire(server, bundle('n1', revision, 1 + (revision % 7)));
    await world.until(() => world.of('ack').at(-1)?.ack.revision === 50);
    // the first change went out at once, the other 48 as one
    expect(taker.taken.map(({ revision }) => revision)).toEqual([1, 2, 50]);
    expect(taker.held).toEqual(bundle('n1', 50, 2));
    expect(world.of('snapshot asked')).toHaveLength(1);
  }, PATIENCE_MS);

  it('sends a bundle that is longer than a message, in parts', async () => {
    const server = await world.serve();
    const members = Array.from({ length: 400_000 }, (_, at) => peerAddress(at).text);
    const large = bundle('n1', 1, 2, members);
    expect(JSON.stringify(members).length).toBeGreaterThan(4 * 2 ** 20);
    world.desire(server, large);
    const { taker } = world.connect('n1', server.ports[0]!, await world.credentials('n1'));
    await world.until(() => world.of('ack').length === 1);
    expect(taker.held).toEqual(large);
  }, PATIENCE_MS);

  it('tries files again that are not whole yet, as it tries a controller again', async () => {
    const server = await world.serve();
    const credentials = await world.credentials('n1');
    const key = readFileSync(credentials.key);
    writeFileSync(credentials.key, key.subarray(0, 60));
    world.connect('n1', server.ports[0]!, credentials);
    await world.until(() => world.logs.length === 1);
    writeFileSync(credentials.key, key);
    await world.until(() => server.connected().length === 1);
  }, PATIENCE_MS);

  it('lets the newer of two connections of one node be the one', async () => {
    const server = await world.serve();
    const credentials = await world.credentials('n1');
    world.desire(server, bundle('n1', 1));
    const older = world.connect('n1', server.ports[0]!, credentials);
    await world.until(() => world.of('ack').length === 1);
    const newer = world.connect('n1', server.ports[0]!, credentials);
    await world.until(() => world.of('ack').length === 2 && world.logs.some(({ why }) => String(why).includes('another connection of node n1')));
    older.client.stop();
    world.desire(server, bundle('n1', 2, 3));
    await world.until(() => world.of('ack').length === 3);
    expect([older.taker.taken.length, newer.taker.taken.length]).toEqual([1, 2]);
    // the node never was away
    expect(world.of('disconnected')).toEqual([]);
  }, PATIENCE_MS);

  it('says to a node that its trial is over', async () => {
    const server = await world.serve();
    const { taker } = world.connect('n1', server.ports[0]!, await world.credentials('n1'));
    await world.until(() => server.connected().length === 1);
    expect([server.confirm('n1', 'a1', 'alice'), server.confirm('n2', 'a1', 'alice')]).toEqual([true, false]);
    await world.until(() => taker.confirmed.length === 1);
    expect(taker.confirmed).toEqual([{ hash: 'a1', by: 'alice' }]);
  }, PATIENCE_MS);

  describe('sends away', () => {
    it.each<[string, (world: ChannelWorld) => Promise<Awaited<ReturnType<ChannelWorld['credentials']>>>, string, RegExp]>([
      ['a certificate of another authority', async (made) => made.credentials('n1', { authority: await openAuthority(join(made.folder, 'other'), Date.now()) }), 'n1', /.*/],
      ['a certificate that has run out', (made) => made.credentials('n1', { now: Date.now() - 3 * 86_400_000, days: 1 }), 'n1', /.*/],
      ['a certificate that is revoked', async (made) => {
        const files = await made.credentials('n1');
        made.revoke('n1');
        return files;
      }, 'n1', /the certificate of node n1 is revoked/],
    ])('%s', async (_what, credentialsIn, node, why) => {
      const server = await world.serve();
      world.desire(server, bundle('n1', 1));
      const { client, taker } = world.connect(node, server.ports[0]!, await credentialsIn(world));
      await world.until(() => world.logs.length > 0);
      client.stop();
      expect(String(world.logs[0]?.why)).toMatch(why);
      expect([world.of('connected'), taker.held, world.logs[0]?.message]).toEqual([[], undefined, 'no controller; what is enforced stays']);
    }, PATIENCE_MS);

    it('a connection whose certificate runs out meanwhile', async () => {
      const server = await world.serve({ reviewEveryMs: 200 });
      const { client } = world.connect('n1', server.ports[0]!, await world.credentials('n1', { days: 3 / 86_400 }));
      await world.until(() => server.connected().length === 1);
      await world.until(() => world.of('disconnected').length === 1);
      client.stop();
      expect([world.of('disconnected')[0]?.why, server.connected()]).toEqual(['the certificate of node n1 has run out', []]);
    }, PATIENCE_MS);

    it('a connection whose certificate is revoked meanwhile', async () => {
      const server = await world.serve();
      const { client } = world.connect('n1', server.ports[0]!, await world.credentials('n1'));
      await world.until(() => server.connected().length === 1);
      world.revoke('n1');
      server.review();
      await world.until(() => world.of('disconnected').length === 1);
      expect(world.of('disconnected')[0]?.why).toContain('is revoked');
      await world.until(() => world.of('refused').length > 0);
      client.stop();
      expect(server.connected()).toEqual([]);
    }, PATIENCE_MS);

    it('nobody when the controller gets another certificate', async () => {
      const server = await world.serve();
      const credentials = await world.credentials('n1');
      const first = world.connect('n1', server.ports[0]!, credentials);
      await world.until(() => server.connected().length === 1);
      const issued = await world.authority.issueController(30, Date.now());
      server.setCredentials({ certificate: issued.certificate, key: issued.key, authority: world.authority.certificate });
      world.desire(server, bundle('n1', 1));
      await world.until(() => world.of('ack').length === 1);
      first.client.stop();
      world.connect('n2', server.ports[0]!, await world.credentials('n2'));
      await world.until(() => server.connected().join() === 'n2');
    }, PATIENCE_MS);
  });

  it('takes flows in once they are kept, in the name of the node, and hears them again after a break', async () => {
    const server = await world.serve();
    const [port] = server.ports;
    let isKept = false;
    world.onFlows = () => (isKept ? Promise.resolve() : new Promise(() => undefined));
    const { client } = world.connect('n1', port!, await world.credentials('n1'));
    await world.until(() => server.connected().length === 1);
    client.flowsSeen(flows(1_000));
    client.flowsSeen(flows(11_000));
    await server.close();
    isKept = true;
    await world.serve({ listen: [{ host: '127.0.0.1', port: port! }] });
    await world.until(() => world.of('flows').length === 2);
    expect(world.of('flows').map(({ report }) => report)).toEqual([{ ...flows(1_000), reporter: 'n1' }, { ...flows(11_000), reporter: 'n1' }]);
  }, PATIENCE_MS);

  it('hears all metadata again on every connection, and nothing that is not the node’s to say', async () => {
    const server = await world.serve();
    const node = { name: 'n1', labels: { '@': 'x' }, addresses: [peerAddress(1)], podCidrs: ['172.17.0.0/16'], isExample: false };
    const mine = { source: 'docker:n1', key: 'host', value: { kind: 'container-host' as const, node, diagnostics: [] } };
    const source = {
      name: 'docker:n1',
      start: (listener: MetadataListener) => {
        const manifest = { source: 'kubernetes', key: 'x', value: { kind: 'manifest', body: {} } } as unknown as SourceUpdate;
        listener.updates([mine, { ...mine, key: 'other', value: { ...mine.value, node: { ...node, name: 'n2' } } }, manifest]);
        listener.inSync();
      },
      stop: () => Promise.resolve(),
    };
    const credentials = await world.credentials('n1');
    const { client } = world.connect('n1', server.ports[0]!, credentials, undefined, { sources: [source] });
    await world.until(() => world.of('metadata').length === 1 && world.of('refused').length === 1);
    expect(world.of('metadata')[0]?.metadata).toEqual({ isFirst: true, updates: [mine], inSync: ['docker:n1'] });
    expect(world.of('refused')[0]).toMatchObject({ peer: 'node n1', why: expect.stringContaining('2 updates are thrown away') });
    client.stop();
    await world.until(() => world.of('disconnected').length === 1);
    world.connect('n1', server.ports[0]!, credentials, undefined, { sources: [source] });
    await world.until(() => world.of('metadata').length === 2);
    expect(world.of('metadata')[1]?.metadata.isFirst).toBe(true);
  }, PATIENCE_MS);
});
