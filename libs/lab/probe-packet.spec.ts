import { describe, expect, it } from '@jest/globals';

import { type Address, parseAddress, type Protocol } from '#model';

import { crc32c, internetChecksum } from './checksum.ts';
import { fragmentsOf } from './fragments.ts';
import { packetBytes, type ProbePacket, tagIn } from './probe-packet.ts';
import { addressBytes } from './route-message.ts';

const ends = { 4: ['192.0.2.1', '198.51.100.2'], 6: ['2001:db8::1', '2001:db8:1::2'] } as const;
const numbers = { 4: { TCP: 6, UDP: 17, SCTP: 132, ICMP: 1 }, 6: { TCP: 6, UDP: 17, SCTP: 132, ICMP: 58 } } as const;

function probe(family: 4 | 6, protocol: Protocol, fields: Partial<ProbePacket> = {}): ProbePacket {
  const [source, destination] = ends[family].map((text) => parseAddress(text)!) as [Address, Address];
  return { source, destination, protocol, sourcePort: 40_000, destinationPort: 8080, tag: 0x12345678, ...fields };
}

describe.each([4, 6] as const)('a probe over IPv%d', (family) => {
  const header = family === 4 ? 20 : 40;

  it.each(['TCP', 'UDP', 'SCTP', 'ICMP'] as const)('of %s carries its tag', (protocol) => {
    const bytes = packetBytes(probe(family, protocol));
    expect(bytes[family === 4 ? 9 : 6]).toBe(numbers[family][protocol]);
    expect(tagIn(bytes, bytes.length)).toBe(0x12345678);
    expect(tagIn(bytes, header + 8)).toBeUndefined();
  });

  it.each(['TCP', 'UDP', 'ICMP'] as const)('of %s has a right checksum', (protocol) => {
    const packet = probe(family, protocol);
    const body = packetBytes(packet).subarray(header);
    const tail = Buffer.alloc(8);
    tail.writeUInt32BE(body.length, 0);
    tail.writeUInt32BE(numbers[family][protocol], 4);
    const pseudo = protocol === 'ICMP' && family === 4 ? [] : [addressBytes(packet.source), addressBytes(packet.destination), tail];
    expect(internetChecksum(...pseudo, body)).toBe(0);
  });

  it('of SCTP has a right checksum', () => {
    const body = Buffer.from(packetBytes(probe(family, 'SCTP')).subarray(header));
    const said = body.readUInt32LE(8);
    body.writeUInt32LE(0, 8);
    expect(crc32c(body)).toBe(said);
  });

  it('is a tag only where it begins something', () => {
    const answer = packetBytes(probe(family, 'TCP'));
    answer.writeUInt8(0x14, header + 13);
    expect(tagIn(answer, answer.length)).toBeUndefined();
    const reply = packetBytes(probe(family, 'ICMP'));
    reply.writeUInt8(family === 4 ? 0 : 129, header);
    expect(tagIn(reply, reply.length)).toBeUndefined();
  });

  it('too large for a link is cut into pieces that fit, of which the first has the tag', () => {
    const whole = packetBytes(probe(family, 'UDP', { dataBytes: 4_001 }));
    const pieces = fragmentsOf(whole, 7);
    expect(pieces).toHaveLength(3);
    expect(pieces.map((piece) => tagIn(piece, piece.length))).toEqual([0x12345678, undefined, undefined]);
    expect(pieces.every((piece) => piece.length <= 1500)).toBe(true);
    const parts = pieces.map((piece) => {
      const start = family === 4 ? (piece.readUInt16BE(6) & 0x1fff) * 8 : piece.readUInt16BE(42) & 0xfff8;
      return { start, bytes: piece.subarray(family === 4 ? 20 : 48) };
    });
    let end = 0;
    for (const { start, bytes } of parts) {
      expect(start).toBe(end);
      end += bytes.length;
    }
    expect(Buffer.concat(parts.map(({ bytes }) => bytes))).toEqual(whole.subarray(header));
    expect(fragmentsOf(packetBytes(probe(family, 'UDP')), 7)).toHaveLength(1);
  });
});
