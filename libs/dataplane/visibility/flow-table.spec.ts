import { describe, expect, it } from '@jest/globals';

import { type FlowReport, parseAddress } from '#model';

import { addressBytes, connectionBytes, type ExampleConnection } from '../../../test/support/connection-bytes.ts';
import type { ConnectionChange } from './connection-listener.ts';
import { newConnectionRecord, readConnection } from './connection-record.ts';
import { FlowTable } from './flow-table.ts';
import type { LocalPod } from './local-pods.ts';
import { type LogRecord, newLogRecord } from './log-record.ts';
import { readPacket } from './packet-header.ts';

const T = 1_700_000_000_000;
const CLIENT = '10.64.0.10';
const SERVER = '10.65.0.10';
const OUTSIDE = '192.0.2.7';
const web: ExampleConnection = { protocol: 6, original: [CLIENT, 40_000, '10.96.0.1', 80], reply: [SERVER, 8_080, CLIENT, 40_000], mark: 0x81007003 };
const out: ExampleConnection = { protocol: 6, original: [CLIENT, 40_001, OUTSIDE, 443], reply: [OUTSIDE, 443, CLIENT, 40_001], mark: 0x01002000 };

const pod = (name: string, ...addresses: readonly string[]): LocalPod => ({ pod: `shop/${name}`, addresses: addresses.map((text) => parseAddress(text)!) });
const PODS = [pod('client', CLIENT), pod('server', SERVER)];

function table(options: Partial<ConstructorParameters<typeof FlowTable>[0]> = {}): FlowTable {
  const made = new FlowTable({ reporter: 'node-a', startedAt: T + 4_000, ...options });
  made.replacePods(PODS, T + 4_000);
  return made;
}

function tell(flows: FlowTable, change: ConnectionChange, ...examples: readonly ExampleConnection[]): void {
  for (const example of examples) {
    const bytes = connectionBytes(example);
    const record = newConnectionRecord();
    expect(readConnection(bytes, 0, bytes.length, record)).toBe(true);
    flows.connection(change, record, bytes);
  }
}

// a datagram or a segment without its connection, as many kernels log it
function logged(protocol: number, source: string, sourcePort: number, destination: string, destinationPort: number): [LogRecord, Buffer] {
  const bytes = Buffer.concat([Buffer.from([0x45, 0, 0, 40, 0, 0, 0, 0, 64, protocol, 0, 0]), addressBytes(source), addressBytes(destination), Buffer.alloc(20)]);
  bytes.writeUInt16BE(sourcePort, 20);
  bytes.writeUInt16BE(destinationPort, 22);
  const record = newLogRecord();
  expect(readPacket(bytes, 0, bytes.length, record.packet)).toBe(true);
  return [record, bytes];
}

const last = (flows: FlowTable): FlowReport => flows.finish(T + 9_000);

describe('what a table of flows reports', () => {
  it('connections of one flow add up, and the Service is told apart from the pod', () => {
    const flows = table();
    tell(flows, 'new', web, { ...web, original: [CLIENT, 40_002, '10.96.0.1', 80], reply: [SERVER, 8_080, CLIENT, 40_002] });
    tell(flows, 'destroy', { ...web, counters: { sent: [5, 700], received: [4, 900] }, times: [T, T + 1_500] });
    const { reporter, from, flows: reported } = last(flows);
    expect([reporter, from]).toEqual(['node-a', T + 4_000]);
    expect(reported).toEqual([
      {
        client: { address: CLIENT, pod: 'shop/client' },
        server: { address: SERVER, pod: 'shop/server' },
        service: { address: '10.96.0.1', port: 80 },
        protocol: 'TCP',
        port: 8_080,
        verdict: 'allowed',
        egressRule: 7,
        ingressRule: 3,
        connections: 2,
        alive: 0,
        ended: 1,
        replied: 0,
        sentBytes: 700,
        receivedBytes: 900,
        sentPackets: 5,
        receivedPackets: 4,
        longestMs: 1_500,
        applications: [],
      },
    ]);
  });

  it('what is found alive after a loss is noted and not counted again', () => {
    const flows = table();
    tell(flows, 'new', web);
    tell(flows, 'alive', web, out);
    tell(flows, 'update', out);
    expect(last(flows).flows.map(({ connections, alive }) => [connections, alive])).toEqual([
      [1, 1],
      [0, 1],
    ]);
  });

  it('ICMP has no port', () => {
    const flows = table();
    tell(flows, 'new', { ...web, protocol: 1, icmpType: 8, original: [CLIENT, 0, SERVER, 0], reply: [SERVER, 0, CLIENT, 0] });
    const [flow] = last(flows).flows;
    expect(flow).toMatchObject({ protocol: 'ICMP', port: null });
    expect(flow).not.toHaveProperty('service');
  });

  it.each([
    ['another rule', { ...web, mark: 0x81007004 }],
    ['another port', { ...web, reply: [SERVER, 8_081, CLIENT, 40_000] as const }],
    ['another protocol', { ...web, protocol: 132 }],
    ['asked for directly', { ...web, original: [CLIENT, 40_000, SERVER, 8_080] as const }],
  ])('a flow of its own: %s', (_what, other) => {
    const flows = table();
    tell(flows, 'new', web, other);
    expect(last(flows).flows).toHaveLength(2);
  });

  it('a generation in the mark makes no other flow', () => {
    const flows = table();
    tell(flows, 'new', web, { ...web, mark: 0x02007003 });
    expect(last(flows).flows).toHaveLength(1);
  });

  it('what no pod of the node takes part in, or no rule can name, is counted only', () => {
    const flows = table();
    tell(flows, 'new', { ...out, original: ['192.0.2.1', 1, OUTSIDE, 443], reply: [OUTSIDE, 443, '192.0.2.1', 1] }, { ...web, protocol: 47 });
    expect(last(flows)).toMatchObject({ flows: [], foreign: 2 });
  });

  it('what the node translates for others is listed, within an eighth of the room', () => {
    const flows = table({ mostFlows: 80 });
    const through = (client: string): ExampleConnection => ({ protocol: 6, original: [client, 1, '192.0.2.11', 30_080], reply: ['10.65.9.9', 8_080, '192.0.2.11', 1], mark: 0 });
    tell(flows, 'new', ...Array.from({ length: 15 }, (_, at) => through(`198.51.100.${at}`)));
    const { flows: reported, foreign, overflowed } = last(flows);
    expect(reported[0]).toMatchObject({ client: { address: '198.51.100.0' }, server: { address: '10.65.9.9' }, service: { address: '192.0.2.11', port: 30_080 }, port: 8_080, verdict: 'allowed' });
    expect([reported.length, foreign, overflowed]).toEqual([10, 5, []]);
  });

  it('refusals count packets, and an answer has its ends turned round', () => {
    const flows = table();
    flows.refused('denied', 'i_server', ...logged(6, CLIENT, 40_000, SERVER, 2_222));
    const [answer, bytes] = logged(6, SERVER, 2_222, CLIENT, 40_000);
    answer.isAnswer = true;
    flows.refused('denied', 'i_server', answer, bytes);
    expect(last(flows).flows).toMatchObject([{ client: { address: CLIENT }, server: { address: SERVER }, port: 2_222, verdict: 'denied', profile: 'i_server', connections: 2, egressRule: 0 }]);
  });

  it('what would be refused counts where it begins, and goes on where its rules are asked again', () => {
    const flows = table();
    const packet = (port: number, tcpFlags: number, isAnswer = false): [LogRecord, Buffer] => {
      const [record, bytes] = isAnswer ? logged(6, SERVER, 2_222, CLIENT, port) : logged(6, CLIENT, port, SERVER, 2_222);
      record.isAnswer = isAnswer;
      record.packet.tcpFlags = tcpFlags;
      return [record, bytes];
    };
    const [SYN, ACK] = [2, 16];
    // two that begin, with all that is told of them, one that is tried again, and two of which only what comes later is seen
    for (const [port, flags, isAnswer] of [[1, SYN, false], [1, SYN | ACK, true], [1, ACK, false], [1, ACK, false], [2, SYN, false], [2, SYN, false], [3, ACK, false], [3, ACK, true], [4, ACK, true]] as const) flows.refused('would-be-denied', 'i_server', ...packet(port, flags, isAnswer));
    flows.refused('would-be-denied', 'o_client', ...logged(17, CLIENT, 40_000, SERVER, 53));
    // what it speaks is told by what comes behind its beginning
    flows.refused('would-be-denied', '7:postgresql', ...packet(5, ACK));
    expect(last(flows).flows.map(({ profile, connections, alive }) => [profile, connections, alive])).toEqual([['7:postgresql', 1, 0], ['i_server', 2, 2], ['o_client', 1, 0]]);
  });

  it('an unknown sender is shown though no pod holds its address', () => {
    const flows = table();
    flows.refused('unknown-pod', '', ...logged(6, '10.64.0.99', 1, OUTSIDE, 80));
    flows.refused('denied', '', ...logged(6, '10.64.0.99', 1, OUTSIDE, 80));
    expect(last(flows)).toMatchObject({ flows: [{ verdict: 'unknown-pod', client: { address: '10.64.0.99' } }], foreign: 1 });
  });

  it('names of an address outside', () => {
    const flows = table({ namesOf: (address) => (address === OUTSIDE ? ['b.example.com', 'a.example.com'] : ['never']) });
    tell(flows, 'new', out, web);
    expect(last(flows).flows.map(({ server }) => server.names)).toEqual([undefined, ['a.example.com', 'b.example.com']]);
  });
});

describe('what is spoken finds its flow', () => {
  const http = { protocol: 'http', serverName: 'shop.example.com' } as const;
  const expected = [{ service: { address: '10.96.0.1', port: 80 }, egressRule: 7, applications: [{ protocol: 'http', connections: 1 }], server: { names: ['shop.example.com'] } }];

  it('behind the beginning', () => {
    const flows = table();
    tell(flows, 'new', web);
    flows.spoken(http, ...logged(6, CLIENT, 40_000, SERVER, 8_080));
    expect(last(flows).flows).toMatchObject(expected);
  });

  it('before the beginning', () => {
    const flows = table();
    flows.spoken(http, ...logged(6, CLIENT, 40_000, SERVER, 8_080));
    tell(flows, 'new', web);
    expect(last(flows).flows).toMatchObject(expected);
  });

  it('in the stretch behind that of the beginning, or before it', () => {
    const flows = table();
    tell(flows, 'new', web);
    flows.turn(T + 10_000);
    flows.spoken(http, ...logged(6, CLIENT, 40_000, SERVER, 8_080));
    flows.spoken({ protocol: 'tls' }, ...logged(6, CLIENT, 40_001, OUTSIDE, 443));
    tell(flows, 'new', web);
    expect(flows.turn(T + 20_000)!.flows).toMatchObject([{ ...expected[0], connections: 1 }]);
    tell(flows, 'new', out);
    expect(flows.finish(T + 29_000).flows).toMatchObject([{ server: { address: OUTSIDE }, applications: [{ protocol: 'tls' }] }]);
  });
});

describe('stretches', () => {
  it('the first ends at a round time, and each begins where the one before ended', () => {
    const flows = table();
    expect(flows.turn(T + 9_999)).toBeUndefined();
    const first = flows.turn(T + 10_200);
    const second = flows.turn(T + 20_000);
    expect([first?.from, first?.to, second?.from, second?.to]).toEqual([T + 4_000, T + 10_200, T + 10_200, T + 20_000]);
  });

  it('a clock that goes back makes none that overlap', () => {
    const flows = table();
    flows.turn(T + 10_000);
    expect(flows.turn(T + 5_000)).toBeUndefined();
    expect(flows.finish(T + 5_000)).toMatchObject({ from: T + 10_000, to: T + 10_001 });
  });

  it('nothing of one is in the next, also no loss', () => {
    const flows = table();
    tell(flows, 'new', web);
    flows.lost('connectionEvents', 7);
    flows.lost('resyncs', 1);
    expect(flows.turn(T + 10_000)).toMatchObject({ loss: { connectionEvents: 7, resyncs: 1 } });
    expect(flows.turn(T + 20_000)).toMatchObject({ flows: [], loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, foreign: 0, overflowed: [] });
  });
});

describe('addresses that change hands', () => {
  it('what was seen before stays with who held it then', () => {
    const flows = table();
    tell(flows, 'new', web);
    flows.replacePods([pod('client', CLIENT), pod('other', SERVER)], T + 6_000);
    tell(flows, 'new', web, web);
    expect(last(flows).flows.map(({ server, connections }) => [server.pod, connections])).toEqual([
      ['shop/other', 2],
      ['shop/server', 1],
    ]);
  });

  it('a connection that began before its holder came is not put down to it when it ends', () => {
    const flows = table();
    flows.replacePods([pod('client', CLIENT), pod('other', SERVER)], T + 6_000);
    tell(flows, 'new', web);
    tell(flows, 'destroy', { ...web, counters: { sent: [1, 1], received: [1, 1] }, times: [T + 5_000, T + 7_000] });
    tell(flows, 'new', web);
    expect(last(flows).flows.map(({ server, connections, ended }) => [server.pod, connections, ended])).toEqual([
      [undefined, 0, 1],
      ['shop/other', 2, 0],
    ]);
  });

  it('one that two pods claim belongs to neither', () => {
    const flows = table();
    flows.replacePods([...PODS, pod('impostor', SERVER)], T + 6_000);
    tell(flows, 'new', web);
    expect(last(flows).flows[0]!.server).toEqual({ address: SERVER });
  });
});

describe('bounds', () => {
  it('a scan by one pod is cut short and counted, and hides no other', () => {
    const flows = table({ mostFlows: 80 });
    const scan = Array.from({ length: 50 }, (_, at): ExampleConnection => ({ ...out, original: [CLIENT, 1, OUTSIDE, 1_000 + at], reply: [OUTSIDE, 1_000 + at, CLIENT, 1] }));
    tell(flows, 'new', ...scan, { ...out, original: [SERVER, 1, OUTSIDE, 443], reply: [OUTSIDE, 443, SERVER, 1] });
    const { flows: reported, overflowed } = last(flows);
    expect(reported.filter(({ client }) => client.pod === 'shop/client')).toHaveLength(10);
    expect(reported.filter(({ client }) => client.pod === 'shop/server')).toHaveLength(1);
    expect(overflowed).toEqual([{ pod: 'shop/client', connections: 40 }]);
  });

  it('names of one server are few, however many a client asks for', () => {
    const flows = table();
    tell(flows, 'new', out);
    for (let at = 0; at < 100; at += 1) flows.spoken({ protocol: 'tls', serverName: `n${String(at)}.example.com` }, ...logged(6, CLIENT, 40_001, OUTSIDE, 443));
    const [flow] = last(flows).flows;
    expect(flow!.server.names).toHaveLength(8);
    expect(flow!.applications).toEqual([{ protocol: 'tls', connections: 100 }]);
  });
});
