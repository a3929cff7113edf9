import { describe, expect, it } from '@jest/globals';

import { addressText } from './address-text.ts';
import { addressBytes } from '../../../test/support/connection-bytes.ts';
import { newPacketHeader, type PacketHeader, readPacket } from './packet-header.ts';

const ports = [0x9c, 0x40, 0x1f, 0x90];
const tcp = [...ports, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 0, 0, 0, 0, 0, 0];
const udp = [...ports, 0, 12, 0, 0];
const sctp = [...ports, 0, 0, 0, 0, 0, 0, 0, 0];
const payload = [0x68, 0x65, 0x6c, 0x6c, 0x6f]; // hello

function four(protocol: number, rest: readonly number[], options: readonly number[] = [], fragment = 0): Buffer {
  const length = 20 + options.length + rest.length;
  const head = [0x40 | ((20 + options.length) / 4), 0, length >> 8, length & 255, 0, 0, fragment >> 8, fragment & 255, 64, protocol, 0, 0];
  return Buffer.from([...head, ...addressBytes('10.64.0.10'), ...addressBytes('10.65.0.10'), ...options, ...rest]);
}

function six(next: number, rest: readonly number[]): Buffer {
  return Buffer.from([0x60, 0, 0, 0, rest.length >> 8, rest.length & 255, next, 64, ...addressBytes('fd00:64::10'), ...addressBytes('fd00:65::10'), ...rest]);
}

function read(bytes: Buffer, end = bytes.length): PacketHeader | undefined {
  const header = newPacketHeader();
  return readPacket(bytes, 0, end, header) ? header : undefined;
}

describe('the headers of a packet', () => {
  it.each([
    ['TCP', four(6, [...tcp, ...payload]), { protocol: 6, sourcePort: 40_000, destinationPort: 8_080, tcpFlags: 2 }, 'hello'],
    ['TCP with options', four(6, [...tcp.slice(0, 12), 0x60, ...tcp.slice(13), 1, 1, 1, 1, ...payload]), { protocol: 6 }, 'hello'],
    ['IPv4 with options', four(17, [...udp, ...payload], [1, 1, 1, 1]), { protocol: 17, destinationPort: 8_080 }, 'hello'],
    ['SCTP', four(132, [...sctp, ...payload]), { protocol: 132, sourcePort: 40_000, destinationPort: 8_080 }, 'hello'],
    ['ICMP', four(1, [8, 0, 0, 0, 0, 1, 0, 1]), { protocol: 1, icmpType: 8, sourcePort: 0 }, ''],
    ['IPv6', six(17, [...udp, ...payload]), { family: 6, protocol: 17, destinationPort: 8_080 }, 'hello'],
    ['IPv6 behind extensions', six(0, [60, 0, 1, 2, 0, 0, 0, 0, 6, 1, ...Array.from({ length: 14 }, () => 0), ...tcp, ...payload]), { protocol: 6, destinationPort: 8_080 }, 'hello'],
    ['ICMPv6', six(58, [128, 0, 0, 0]), { protocol: 58, icmpType: 128 }, ''],
    ['a first fragment', six(44, [17, 0, 0, 1, 0, 0, 0, 9, ...udp, ...payload]), { protocol: 17, destinationPort: 8_080, isLaterFragment: false }, 'hello'],
    ['a later fragment of IPv6', six(44, [17, 0, 0, 0x41, 0, 0, 0, 9, ...payload]), { protocol: 17, destinationPort: 0, isLaterFragment: true }, ''],
    ['a later fragment of IPv4', four(17, payload, [], 0x2003), { protocol: 17, destinationPort: 0, isLaterFragment: true }, ''],
    ['a protocol without ports', four(47, [...ports, ...payload]), { protocol: 47, destinationPort: 0 }, ''],
  ] as const)('%s', (_what, bytes, expected, text) => {
    const header = read(bytes);
    expect(header).toMatchObject(expected);
    expect(bytes.toString('latin1', header!.payloadStart, header!.payloadEnd)).toBe(text);
    expect(addressText(bytes, header!.sourceAt, header!.addressLength)).toMatch(/^(?:10\.64\.0\.10|fd00:64::10)$/);
    expect(addressText(bytes, header!.destinationAt, header!.addressLength)).toMatch(/^(?:10\.65\.0\.10|fd00:65::10)$/);
  });

  it('padding behind the packet is no payload', () => {
    const bytes = Buffer.concat([four(17, [...udp, ...payload]), Buffer.alloc(18)]);
    const header = read(bytes);
    expect(bytes.toString('latin1', header!.payloadStart, header!.payloadEnd)).toBe('hello');
  });

  it('extensions without end are given up', () => {
    const chain = Array.from({ length: 20 }, () => [60, 0, 0, 0, 0, 0, 0, 0]).flat();
    expect(read(six(60, chain))).toMatchObject({ protocol: 60, destinationPort: 0 });
  });

  it('however it is cut or spoilt, the payload stays inside', () => {
    for (const whole of [four(6, [...tcp, ...payload]), six(0, [60, 0, 1, 2, 0, 0, 0, 0, 6, 1, ...Array.from({ length: 14 }, () => 0), ...tcp, ...payload])]) {
      for (let end = 0; end <= whole.length; end += 1) {
        for (let at = 0; at < whole.length; at += 1) {
          const spoilt = Buffer.from(whole.subarray(0, end));
          if (at < end) spoilt[at] = 0xff;
          const header = read(spoilt);
          if (header === undefined) continue;
          expect(header.payloadStart <= header.payloadEnd && header.payloadEnd <= end).toBe(true);
        }
      }
    }
  });

  it.each([['nothing', Buffer.alloc(0)], ['another version', Buffer.from([0x50, ...Array.from({ length: 60 }, () => 0)])], ['a header too short', Buffer.from([0x42, ...Array.from({ length: 60 }, () => 0)])]])('%s is no packet', (_what, bytes) => {
    expect(read(bytes)).toBeUndefined();
  });
});
