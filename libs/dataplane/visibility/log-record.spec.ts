import { describe, expect, it } from '@jest/globals';

import { connectionBytes } from '../../../test/support/connection-bytes.ts';
import { AttributeWriter } from '../netlink/attribute-writer.ts';
import { readLogPrefix } from './log-prefix.ts';
import { newLogRecord, readLogRecord } from './log-record.ts';
import { dropsIn } from './socket-drops.ts';

const PACKET = Buffer.from([0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 64, 0, 10, 10, 65, 0, 10, 0x9c, 0x40, 0, 53, 0, 8, 0, 0]);

describe('a logged packet', () => {
  it('has its prefix, number, interfaces, headers, and the connection where it is sent along', () => {
    const connection = connectionBytes({ protocol: 17, original: ['10.64.0.10', 40_000, '10.96.0.10', 53], reply: ['10.65.0.10', 53, '10.64.0.10', 40_000], mark: 7 });
    const bytes = Buffer.from(new AttributeWriter().text(10, 'ringfence:U').u32(12, 9).u32(4, 2).u32(5, 3).raw(18, connection).raw(9, PACKET).bytes());
    const record = newLogRecord();
    expect(readLogRecord(bytes, 0, bytes.length, record)).toBe(true);
    expect(record).toMatchObject({ prefix: 'ringfence:U', sequence: 9, inInterface: 2, outInterface: 3, hasConnection: true, isAnswer: false, packet: { protocol: 17, destinationPort: 53 }, connection: { mark: 7 } });
    const bare = Buffer.from(new AttributeWriter().raw(9, PACKET).bytes());
    expect(readLogRecord(bare, 0, bare.length, record)).toBe(true);
    expect(record).toMatchObject({ prefix: '', sequence: -1, inInterface: 0, hasConnection: false });
  });

  it('without a packet is none, however it is cut', () => {
    const bytes = Buffer.from(new AttributeWriter().text(10, 'ringfence:U').raw(9, PACKET).bytes());
    const record = newLogRecord();
    for (let end = 0; end < bytes.length; end += 1) expect(readLogRecord(bytes.subarray(0, end), 0, end, record)).toBe(false);
  });
});

describe('a prefix', () => {
  it.each([
    ['ringfence:D:i_web', { kind: 'verdict', verdict: 'denied', profile: 'i_web', isAnswer: false }],
    ['ringfence:DR:i_web', { kind: 'verdict', verdict: 'denied', profile: 'i_web', isAnswer: true }],
    ['ringfence:A:o_web ', { kind: 'verdict', verdict: 'would-be-denied', profile: 'o_web', isAnswer: false }],
    ['ringfence:U', { kind: 'verdict', verdict: 'unknown-pod', profile: '', isAnswer: false }],
    ['ringfence:S', { kind: 'verdict', verdict: 'spoofed', profile: '', isAnswer: false }],
    ['ringfence:7:postgresql', { kind: 'verdict', verdict: 'wrong-protocol', profile: 'postgresql', isAnswer: false }],
    ['ringfence:P', { kind: 'payload', isAnswer: false }],
    ['ringfence:PR', { kind: 'payload', isAnswer: true }],
    ['ringfence:N', { kind: 'names' }],
    ['ringfence:X', { kind: 'foreign' }],
    ['ringfence:', { kind: 'foreign' }],
    ['kube-router', { kind: 'foreign' }],
    ['__proto__', { kind: 'foreign' }],
    ['', { kind: 'foreign' }],
  ])('%j', (prefix, reason) => {
    expect(readLogPrefix(prefix)).toEqual(reason);
  });
});

describe('the kernel’s table of netlink sockets', () => {
  const TABLE = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
00000000c190afbd 12  0          00000000 0        0        0     2        0        491621
00000000fe7830e8 12  23452      00000005 0        0        0     2        1462     491926
00000000fe7830e8 16  23452      00000000 0        0        0     2        3        491927
`;

  it.each([[12, 23_452, 1_462], [16, 23_452, 3], [12, 99, undefined]])('drops of protocol %d, port id %d', (protocol, portId, drops) => {
    expect(dropsIn(TABLE, protocol, portId)).toBe(drops);
  });
});
