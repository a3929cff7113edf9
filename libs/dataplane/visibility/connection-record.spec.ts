import { describe, expect, it } from '@jest/globals';

import { AttributeWriter } from '../netlink/attribute-writer.ts';
import { addressText } from './address-text.ts';
import { attributeAt, newConnectionRecord, readConnection } from './connection-record.ts';
import { connectionBytes, type ExampleConnection } from '../../../test/support/connection-bytes.ts';

const base: ExampleConnection = { protocol: 6, original: ['10.64.0.10', 40_000, '10.96.0.1', 80], reply: ['10.65.0.10', 8_080, '10.64.0.10', 40_000], mark: 0x81007003 };

function read(example: ExampleConnection): { readonly record: ReturnType<typeof newConnectionRecord>; readonly bytes: Buffer; readonly isWhole: boolean } {
  const bytes = connectionBytes(example);
  const record = newConnectionRecord();
  return { record, bytes, isWhole: readConnection(bytes, 0, bytes.length, record) };
}

describe('a connection as the kernel tells it', () => {
  it.each([
    ['TCP', base, 4],
    ['UDP', { ...base, protocol: 17 }, 4],
    ['SCTP', { ...base, protocol: 132 }, 4],
    ['IPv6', { ...base, original: ['fd00:64::10', 40_000, 'fd00:96::1', 80], reply: ['fd00:65::10', 8_080, 'fd00:64::10', 40_000] }, 6],
  ] as const)('%s: both tuples, ports and mark', (_what, example, family) => {
    const { record, bytes, isWhole } = read(example);
    const { original, reply } = record;
    expect(isWhole).toBe(true);
    expect([addressText(bytes, original.sourceAt, original.addressLength), original.sourcePort, addressText(bytes, original.destinationAt, original.addressLength), original.destinationPort]).toEqual(example.original);
    expect([addressText(bytes, reply.sourceAt, reply.addressLength), reply.sourcePort, addressText(bytes, reply.destinationAt, reply.addressLength), reply.destinationPort]).toEqual(example.reply);
    expect(record).toMatchObject({ family, mark: 0x81007003, originalBytes: -1, startedAt: 0 });
    expect(original).toMatchObject({ protocol: example.protocol, icmpType: -1 });
  });

  it('ICMP has a type and no ports', () => {
    const { record, isWhole } = read({ ...base, protocol: 1, icmpType: 8 });
    expect(isWhole).toBe(true);
    expect(record.original).toMatchObject({ protocol: 1, icmpType: 8, sourcePort: 0, destinationPort: 0 });
  });

  it('the end: packets, bytes and times', () => {
    const { record } = read({ ...base, counters: { sent: [5, 700], received: [4, 2 ** 33] }, times: [1_700_000_000_000, 1_700_000_001_500] });
    expect(record).toMatchObject({ originalPackets: 5, originalBytes: 700, replyPackets: 4, replyBytes: 2 ** 33, startedAt: 1_700_000_000_000, stoppedAt: 1_700_000_001_500 });
  });

  it('nothing stays of the connection before', () => {
    const record = newConnectionRecord();
    const first = connectionBytes({ ...base, counters: { sent: [5, 700], received: [4, 9] }, times: [1, 2] });
    const second = connectionBytes({ ...base, mark: 0 });
    readConnection(first, 0, first.length, record);
    readConnection(second, 0, second.length, record);
    expect(record).toMatchObject({ mark: 0, originalPackets: -1, replyBytes: -1, startedAt: 0, stoppedAt: 0 });
  });

  it('however it is cut or spoilt it is read or refused, and never fails', () => {
    const whole = connectionBytes({ ...base, counters: { sent: [5, 700], received: [4, 9] }, times: [1, 2] });
    const record = newConnectionRecord();
    let refused = 0;
    for (let end = 0; end < whole.length; end += 1) if (!readConnection(whole.subarray(0, end), 0, end, record)) refused += 1;
    expect(refused).toBeGreaterThan(0);
    for (let at = 0; at < whole.length; at += 1) {
      for (const value of [0, 1, 5, 0x7f, 0xff]) {
        const spoilt = Buffer.from(whole);
        spoilt[at] = value;
        readConnection(spoilt, 0, spoilt.length, record);
      }
    }
  });

  it('an attribute that is too short is not there', () => {
    const bytes = Buffer.from(new AttributeWriter().u16(3, 7).bytes());
    expect([attributeAt(bytes, 0, bytes.length, 3, 2), attributeAt(bytes, 0, bytes.length, 3, 4), attributeAt(bytes, 0, bytes.length, 4, 1)]).toEqual([4, -1, -1]);
  });
});
