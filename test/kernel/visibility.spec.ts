import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { parseAddress } from '#model';

import { countConnections, FlowWatcher } from '../../libs/dataplane/visibility/flow-watcher.ts';
import { PacketSender } from '../../libs/lab/packet-socket.ts';
import { packetBytes } from '../../libs/lab/probe-packet.ts';
import { describeKernel } from '../support/kernel.ts';
import { NODE_RULES } from './visibility-rules.ts';
import { CLIENT, OUTSIDE, PODS, type Peer, Reports, SERVER, STRANGER, VIRTUAL, VisibilityWorld } from './visibility-world.ts';

const PATIENCE_MS = 60_000;
const noCounts = { alive: 0, ended: expect.any(Number), sentBytes: expect.any(Number), receivedBytes: expect.any(Number), sentPackets: expect.any(Number), receivedPackets: expect.any(Number), longestMs: expect.any(Number), connections: expect.any(Number), applications: expect.any(Array) };

describeKernel('what a node reports of its flows', () => {
  let world: VisibilityWorld;
  let client: Peer;
  let server: Peer;
  let watcher: FlowWatcher;
  const reports = new Reports();

  beforeAll(async () => {
    world = new VisibilityWorld();
    world.load(NODE_RULES);
    countConnections(world.node.path);
    watcher = new FlowWatcher({ reporter: 'node-a', namespacePath: world.node.path, onReport: reports.add, bucketMs: 250 });
    watcher.replacePods(PODS);
    client = world.peer('client');
    server = world.peer('server');
    for (const port of [8080, 3333, 5432]) await server.do({ do: 'serve', host: '0.0.0.0', port });
    await server.do({ do: 'serve', host: SERVER.six, port: 8443 });
    await server.do({ do: 'serve', host: '0.0.0.0', port: 3306, greeting: '\x4a\0\0\0\x0a8.4.2\0\x01\0\0\0abcdefgh\0' });
    await server.do({ do: 'names', host: SERVER.four, answers: [{ type: 'CNAME', name: 'api.example.com', data: 'edge.example.net', ttl: 60 }, { type: 'A', name: 'edge.example.net', data: '192.0.2.7', ttl: 30 }] });
  }, PATIENCE_MS);

  afterAll(async () => {
    watcher.close();
    await world.close();
  });

  it('an allowed connection through a Service: both addresses, the rules, what it spoke and how much', async () => {
    const { outcome } = await client.do({ do: 'talk', host: VIRTUAL, port: 80, text: 'GET / HTTP/1.1\r\nHost: shop.example.com\r\n\r\n' });
    expect(outcome).toBe('answered');
    const flows = await reports.some(({ server: { address }, port, applications }) => address === SERVER.four && port === 8080 && applications.length > 0);
    expect(flows[0]).toEqual({
      ...noCounts,
      client: { address: CLIENT.four, pod: 'shop/client' },
      server: { address: SERVER.four, pod: 'shop/server', names: ['shop.example.com'] },
      service: { address: VIRTUAL, port: 80 },
      protocol: 'TCP',
      port: 8080,
      verdict: 'allowed',
      egressRule: 7,
      ingressRule: 3,
      applications: [{ protocol: 'http', connections: 1 }],
    });
    const [begun] = await reports.some(({ port, connections }) => port === 8080 && connections > 0);
    expect(begun).toMatchObject({ connections: 1, verdict: 'allowed', egressRule: 7, ingressRule: 3 });
  }, PATIENCE_MS);

  it('bytes, packets and time, when it ended', async () => {
    world.forgetConnections();
    const [flow] = await reports.some(({ port, ended }) => port === 8080 && ended > 0);
    expect(flow).toMatchObject({ egressRule: 7, ingressRule: 3 });
    expect(flow!.sentBytes).toBeGreaterThan(200);
    expect(flow!.receivedPackets).toBeGreaterThanOrEqual(3);
    expect(flow!.longestMs).toBeGreaterThan(0);
  }, PATIENCE_MS);

  it('IPv6', async () => {
    await client.do({ do: 'talk', host: SERVER.six, port: 8443, text: '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03' });
    const flows = await reports.some(({ server: { address } }) => address === SERVER.six);
    expect(flows[0]).toMatchObject({ client: { address: CLIENT.six, pod: 'shop/client' }, server: { pod: 'shop/server' }, port: 8443, protocol: 'TCP', egressRule: 8, ingressRule: 4 });
    expect(flows[0]).not.toHaveProperty('service');
  }, PATIENCE_MS);

  it.each([
    ['SCTP', 4, 5_000, 5_000],
    ['SCTP', 6, 5_000, 5_000],
    ['UDP', 4, 5_001, 5_001],
    ['UDP', 6, 5_001, 5_001],
    ['ICMP', 4, 0, null],
    ['ICMP', 6, 0, null],
  ] as const)('%s over IPv%d', async (protocol, family, destinationPort, port) => {
    const [from, to] = family === 4 ? [CLIENT.four, SERVER.four] : [CLIENT.six, SERVER.six];
    const sender = new PacketSender(world.client);
    const destination = parseAddress(to)!;
    const packet = packetBytes({ source: parseAddress(from)!, destination, protocol, sourcePort: 40_000, destinationPort, tag: 7 });
    try {
      expect(sender.send(packet, destination)).toBe(0);
    } finally {
      sender.close();
    }
    const flows = await reports.some((flow) => flow.protocol === protocol && flow.port === port && flow.server.address === to);
    expect(flows).toMatchObject([{ client: { pod: 'shop/client' }, server: { pod: 'shop/server' }, verdict: 'allowed', egressRule: family === 4 ? 7 : 8, connections: 1 }]);
  }, PATIENCE_MS);

  it('a protocol whose server speaks first', async () => {
    await client.do({ do: 'talk', host: SERVER.four, port: 3306, text: '' });
    const [flow] = await reports.some(({ port, applications }) => port === 3306 && applications.length > 0);
    expect(flow!.applications).toEqual([{ protocol: 'mysql', connections: 1 }]);
  }, PATIENCE_MS);

  it('a connection that was denied, by which profile', async () => {
    const { outcome } = await client.do({ do: 'talk', host: SERVER.four, port: 2222, text: 'x', waitMs: 300 });
    expect(outcome).toBe('nothing');
    const [flow] = await reports.some(({ verdict }) => verdict === 'denied');
    expect(flow).toMatchObject({ client: { pod: 'shop/client' }, server: { pod: 'shop/server' }, port: 2222, profile: 'i_server', egressRule: 0, ingressRule: 0 });
    expect(reports.all.flatMap(({ flows }) => flows).filter(({ port, verdict }) => port === 2222 && verdict === 'allowed')).toEqual([]);
  }, PATIENCE_MS);

  it('one that would have been denied got through', async () => {
    const { outcome } = await client.do({ do: 'talk', host: SERVER.four, port: 3333, text: 'x' });
    expect(outcome).toBe('answered');
    const [flow] = await reports.some(({ verdict }) => verdict === 'would-be-denied');
    expect(flow).toMatchObject({ port: 3333, profile: 'i_server' });
    expect(await reports.some(({ port, verdict }) => port === 3333 && verdict === 'allowed')).not.toEqual([]);
  }, PATIENCE_MS);

  it('a spoofed sender, and an address nobody knows', async () => {
    await client.do({ do: 'talk', host: SERVER.four, port: 4444, text: 'x', waitMs: 100 });
    await reports.some(({ verdict, port }) => verdict === 'spoofed' && port === 4444);
    await client.do({ do: 'talk', host: SERVER.four, port: 8080, text: 'x', waitMs: 100, from: STRANGER });
    const [flow] = await reports.some(({ verdict }) => verdict === 'unknown-pod');
    expect(flow!.client).toEqual({ address: STRANGER });
  }, PATIENCE_MS);

  it('the wrong protocol on an allowed port, and which it was', async () => {
    const { outcome } = await client.do({ do: 'talk', host: SERVER.four, port: 5432, text: 'SSH-2.0-OpenSSH_9.2\r\n' });
    expect(outcome).not.toBe('answered');
    const [flow] = await reports.some(({ verdict }) => verdict === 'wrong-protocol');
    expect(flow).toMatchObject({ port: 5432, profile: 'postgresql', applications: [{ protocol: 'ssh', connections: expect.any(Number) }] });
  }, PATIENCE_MS);

  it('names of an address outside, from the answer that gave it', async () => {
    const { outcome } = await client.do({ do: 'ask', host: SERVER.four, name: 'api.example.com' });
    expect(outcome).toBe('answered');
    await client.do({ do: 'talk', host: OUTSIDE, port: 443, text: 'x' });
    const [flow] = await reports.some(({ server: { address, names } }) => address === OUTSIDE && names !== undefined);
    expect(flow!.server).toEqual({ address: OUTSIDE, names: ['api.example.com'] });
  }, PATIENCE_MS);

  it('nothing was lost, and no stretch overlaps another', () => {
    expect(reports.all.map(({ loss }) => loss).filter(({ connectionEvents, logRecords, unreadable }) => connectionEvents + logRecords + unreadable > 0)).toEqual([]);
    const sorted = [...reports.all].sort((a, b) => a.from - b.from);
    expect(sorted.slice(1).every(({ from }, at) => from >= sorted[at]!.to)).toBe(true);
    expect(new Set(sorted.map(({ from }) => from)).size).toBe(sorted.length);
  });
});
