import { Client, type ClientDuplexStream, credentials as channelCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

import { CONTROLLER_NAME } from '#certificates';
import { connectMethod } from '#channel';
import type { NodeBundle } from '#compilers/nftables';
import type { ControllerMessage, NodeMessage } from '#distribution';

import { ChannelWorld } from '../../../../test/support/channel-world.ts';
import { makeBundle } from '../../../../test/support/node-bundles.ts';
import type { CredentialFiles } from '../../../enforcer/src/channel/node-credentials.ts';
import type { NodeChannelServer } from './node-channel-server.ts';

const PATIENCE_MS = 30_000;
const hello: NodeMessage = { kind: 'hello', newestProtocol: 1, oldestProtocol: 1, node: 'n1', enforcerVersion: '0', driver: 'fake', capabilities: [] };

interface RawCall {
  readonly call: ClientDuplexStream<NodeMessage | undefined, ControllerMessage | undefined>;
  readonly received: (ControllerMessage | undefined)[];
  /** Why it ended. */
  readonly end: Promise<{ readonly code: number; readonly details: string }>;
}

describe('the controller, towards whoever connects', () => {
  let world: ChannelWorld;
  let server: NodeChannelServer;
  let files: CredentialFiles;
  const clients: Client[] = [];

  beforeEach(async () => {
    world = await ChannelWorld.make();
    server = await world.serve();
    files = await world.credentials('n1');
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await world.close();
  });

  /** A client that is held to nothing. `messages` are written as they are, or as raw bytes. */
  function open(messages: readonly (NodeMessage | Buffer)[], keys = channelCredentials.createSsl(readFileSync(files.authority), readFileSync(files.key), readFileSync(files.certificate))): RawCall {
    const method = connectMethod();
    const client = new Client(`127.0.0.1:${String(server.ports[0])}`, keys, { 'grpc.ssl_target_name_override': CONTROLLER_NAME, 'grpc.use_local_subchannel_pool': 1, 'grpc.max_send_message_length': -1 });
    clients.push(client);
    const serialize = (message: NodeMessage | Buffer | undefined): Buffer => (Buffer.isBuffer(message) ? message : method.requestSerialize(message));
    const call = client.makeBidiStreamRequest(method.path, serialize, method.responseDeserialize);
    const received: (ControllerMessage | undefined)[] = [];
    call.on('data', (message: ControllerMessage | undefined) => received.push(message));
    const end = new Promise<{ readonly code: number; readonly details: string }>((resolve) => {
      call.on('error', ({ code, details }: ServiceError) => {
        resolve({ code, details });
      });
      call.on('end', () => {
        resolve({ code: 0, details: '' });
      });
    });
    for (const message of messages) call.write(message);
    return { call, received, end };
  }

  it('lets nobody in without a certificate', async () => {
    const { end } = open([hello], channelCredentials.createSsl(readFileSync(files.authority)));
    expect((await end).code).toBe(status.UNAVAILABLE);
    expect(world.of('connected')).toEqual([]);
  }, PATIENCE_MS);

  it('lets nobody in without TLS', async () => {
    const { end } = open([hello], channelCredentials.createInsecure());
    expect((await end).code).toBe(status.UNAVAILABLE);
    expect(world.of('connected')).toEqual([]);
  }, PATIENCE_MS);

  it.each<[string, NodeMessage, number, string]>([
    ['another node', { ...hello, node: 'n2' }, status.PERMISSION_DENIED, 'it says it is node "n2", and its certificate is of node n1'],
    ['no node', { ...hello, node: '' }, status.PERMISSION_DENIED, 'it says it is node ""'],
    ['a protocol that is too new', { ...hello, newestProtocol: 9, oldestProtocol: 8 }, status.FAILED_PRECONDITION, 'it speaks protocol 8 to 9, and this controller 1 to 1: bring the older of both up to date'],
    ['a protocol that is too old', { ...hello, newestProtocol: 0, oldestProtocol: 0 }, status.FAILED_PRECONDITION, 'it speaks protocol 0 to 0'],
    ['no hello', { kind: 'report', text: '{}' }, status.FAILED_PRECONDITION, 'node n1 did not begin with hello'],
  ])('sends away who names %s', async (_what, message, code, details) => {
    const { end } = open([message]);
    expect(await end).toEqual({ code, details: expect.stringContaining(details) });
    expect(world.of('connected')).toEqual([]);
    expect(world.of('refused')).toMatchObject([{ why: expect.stringContaining(details) }]);
  }, PATIENCE_MS);

  it.each(['127.0.0.1', '::1'])('has so many connections of nobody from %s, and for so long', async (host) => {
    await server.close();
    server = await world.serve({ listen: [{ host, port: 0 }], halfOpen: { mostAnAddress: 3, withinMs: 3_000 } });
    const dial = (): { readonly socket: Socket; readonly closed: Promise<void> } => {
      const socket = connect(server.ports[0]!, host).on('error', () => undefined);
      return { socket, closed: new Promise((resolve) => socket.once('close', () => { resolve(); }).resume()) };
    };
    const silent = [dial(), dial(), dial()];
    await Promise.all(silent.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
    await dial().closed;
    expect(world.of('refused')).toMatchObject([{ peer: host, why: expect.stringContaining('are of nobody yet') }]);
    // whoever said nothing in time makes room
    await Promise.all(silent.map(({ closed }) => closed));
    for (const node of ['n1', 'n2', 'n3', 'n4']) {
      world.connect(node, server.ports[0]!, await world.credentials(node), undefined, { host });
      await world.until(() => server.connected().includes(node));
    }
  }, PATIENCE_MS);

  it('sends away a node that connects again and again, and no other', async () => {
    await server.close();
    let now = 1_000;
    server = await world.serve({ monotonicNow: () => now });
    for (let at = 0; at < 5; at += 1) {
      open([hello]);
      await world.until(() => world.of('connected').length === at + 1);
    }
    expect(await open([hello]).end).toEqual({ code: status.RESOURCE_EXHAUSTED, details: expect.stringContaining('node n1 connects too often') });
    expect(server.connected()).toEqual(['n1']);
    world.connect('n2', server.ports[0]!, await world.credentials('n2'));
    await world.until(() => server.connected().join() === 'n1,n2');
    now = 2_000;
    open([hello]);
    await world.until(() => world.of('connected', 'n1').length === 6);
  }, PATIENCE_MS);

  it('agrees on a protocol both speak, and passes over what it does not know', async () => {
    // field 99 of the message, and of hello: of a later version
    const later = Buffer.from([0x9a, 0x06, 0x01, 0x41]);
    const { received, call } = open([{ ...hello, newestProtocol: 7 }, later, { kind: 'report', text: '{"kind":"panic","by":"root"}' }]);
    await world.until(() => world.of('report').length === 1);
    expect(received[0]).toMatchObject({ kind: 'welcome', protocol: 1 });
    expect(world.of('report')[0]?.news).toEqual({ kind: 'panic', by: 'root' });
    call.end();
    await world.until(() => world.of('disconnected').length === 1);
    expect(world.of('disconnected')[0]?.why).toBe('it said goodbye');
  }, PATIENCE_MS);

  it('writes no more than a node reads, however large its bundle', async () => {
    const method = connectMethod();
    const serialize = method.responseSerialize;
    let written = 0;
    Object.assign(method, { responseSerialize: (message: Parameters<typeof serialize>[0]) => {
      if (message?.kind === 'snapshot') written += 1;
      return serialize(message);
    } });
    try {
      await server.close();
      server = await world.serve();
      const bundle = (node: string, peers: number): NodeBundle => ({ ...makeBundle({ pods: 1, peers, profiles: 1 }), node });
      world.desire(server, bundle('n1', 600_000));
      const { call, received } = open([hello]);
      call.pause();
      await world.until(() => world.of('snapshot asked', 'n1').length === 1);
      // as long as another node needs for all of it
      world.desire(server, bundle('n2', 10));
      world.connect('n2', server.ports[0]!, await world.credentials('n2'));
      await world.until(() => world.of('ack', 'n2').length === 1);
      const parts = Math.ceil(world.bundles.snapshot('n1')!.text.length / 1_000_000);
      expect(parts).toBeGreaterThan(6);
      expect(written).toBeLessThan(5);
      call.resume();
      await world.until(() => received.filter((message) => message?.kind === 'snapshot').length === parts);
    } finally {
      Object.assign(method, { responseSerialize: serialize });
    }
  }, PATIENCE_MS);

  it('ends a conversation with a message no message may be as large as', async () => {
    const { end } = open([hello, { kind: 'report', text: 'x'.repeat(5 * 2 ** 20) }]);
    expect((await end).code).toBe(status.RESOURCE_EXHAUSTED);
    await world.until(() => world.of('disconnected').length === 1);
  }, PATIENCE_MS);

  it.each<[string, NodeMessage, string]>([
    ['more flows than there can be', { kind: 'flows', number: 1, part: { total: 2 ** 40, offset: 0, bytes: Buffer.from('x') } }, 'is the most'],
    ['a piece out of order', { kind: 'flows', number: 1, part: { total: 10, offset: 5, bytes: Buffer.from('x') } }, 'its pieces do not follow each other'],
    ['a piece of nothing', { kind: 'metadata', number: 1, part: { total: 10, offset: 0, bytes: Buffer.from('') } }, 'its pieces do not follow each other'],
    ['hello again', hello, 'it says hello twice'],
  ])('ends a conversation with %s', async (_what, message, why) => {
    const { end } = open([hello, message]);
    expect(await end).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining(why) });
    await world.until(() => world.of('disconnected').length === 1);
  }, PATIENCE_MS);

  it.each<[string, string, string]>([
    ['flows of another node', JSON.stringify({ reporter: 'n2', from: 0, to: 1, flows: [], loss: {}, overflowed: [], foreign: 0 }), 'it is in the name of "n2"'],
    ['flows from the future', JSON.stringify({ reporter: 'n1', from: 0, to: 9e15, flows: [], loss: {}, overflowed: [], foreign: 0 }), 'from the future'],
    ['flows that are none', '{"reporter":"n1","from":0,"to":1,"flows":[{}]}', 'a flow has no protocol'],
    ['flows with a count that is none', JSON.stringify({ reporter: 'n1', from: 0, to: 1, flows: [], loss: { connectionEvents: -1 }, overflowed: [], foreign: 0 }), 'connectionEvents is no count'],
    ['no JSON', '{', 'flows are thrown away'],
  ])('throws %s away, and says that it need not be sent again', async (_what, text, why) => {
    const { received } = open([hello, { kind: 'flows', number: 7, part: { total: Buffer.byteLength(text), offset: 0, bytes: Buffer.from(text) } }]);
    await world.until(() => world.of('refused').length === 1);
    expect(world.of('refused')[0]?.why).toContain(why);
    const taken = (): boolean => received.some((message) => message?.kind === 'flows-taken' && message.number === 7);
    await world.until(taken);
    expect(world.of('flows')).toEqual([]);
  }, PATIENCE_MS);

  const flowsOf = (node: string, padding: number): Buffer => Buffer.from(JSON.stringify({ reporter: node, from: 0, to: 1, flows: [], loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, overflowed: [], foreign: 0, padding: 'x'.repeat(padding) }));
  const part = (bytes: Buffer, offset = 0, until = bytes.length): NodeMessage => ({ kind: 'flows', number: 1, part: { total: bytes.length, offset, bytes: bytes.subarray(offset, until) } });

  async function keysOf(node: string): Promise<ReturnType<typeof channelCredentials.createSsl>> {
    const own = await world.credentials(node);
    return channelCredentials.createSsl(readFileSync(own.authority), readFileSync(own.key), readFileSync(own.certificate));
  }

  it('holds no more of all nodes than there is room for, and lets nobody keep it who does not go on', async () => {
    await server.close();
    server = await world.serve({ intake: { mostBytes: 1_000_000, nodeBytes: 10_000 }, textWithinMs: 1_500 });
    const large = (node: string): Buffer => flowsOf(node, 900_000);
    const evil = open([hello, part(large('n1'), 0, 10)]);
    await world.until(() => server.connected().includes('n1'));
    const good = open([{ ...hello, node: 'n2' }, part(large('n2'))], await keysOf('n2'));
    await world.until(() => server.connected().includes('n2'));
    // what is small has room whatever others take
    const small = open([{ ...hello, node: 'n3' }, part(flowsOf('n3', 10))], await keysOf('n3'));
    await world.until(() => world.of('flows', 'n3').length === 1);
    expect(world.of('flows', 'n2')).toEqual([]);
    expect(await evil.end).toEqual({ code: status.RESOURCE_EXHAUSTED, details: 'its flows do not come, and others wait for the room' });
    await world.until(() => world.of('flows', 'n2').length === 1);
    expect(world.of('disconnected').map(({ node }) => node)).toEqual(['n1']);
    for (const { call } of [good, small]) call.end();
  }, PATIENCE_MS);

  it('keeps nothing of a connection that is over, however often a node connects while flows are not taken', async () => {
    await server.close();
    server = await world.serve({ intake: { mostBytes: 1_000, nodeBytes: 1_000 } });
    world.takesFlows = false;
    for (let at = 0; at < 4; at += 1) {
      const { call } = open([hello, part(flowsOf('n1', 700))]);
      await world.until(() => world.of('connected').length === at + 1);
      call.cancel();
      await world.until(() => world.of('disconnected').length === at + 1);
    }
    world.takesFlows = true;
    open([hello, part(flowsOf('n1', 700))]);
    await world.until(() => world.of('flows').length > 0);
    expect(world.of('flows')).toHaveLength(1);
  }, PATIENCE_MS);
});
