import { internetChecksum } from './checksum.ts';

/** What every link of a lab carries. */
const LINK_SIZE = 1500;
const FRAGMENT_HEADER = 44;

/** Cuts a packet, IP header first, into pieces that fit a link; one that fits is its only piece. */
export function fragmentsOf(packet: Buffer, identification: number): readonly Buffer[] {
  if (packet.length <= LINK_SIZE) return [packet];
  return (packet[0] ?? 0) >> 4 === 4 ? fragments4(packet, identification) : fragments6(packet, identification);
}

function fragments4(packet: Buffer, identification: number): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (const { start, end, isLast } of cuts(packet.length - 20, LINK_SIZE - 20)) {
    const header = Buffer.from(packet.subarray(0, 20));
    header.writeUInt16BE(20 + end - start, 2);
    header.writeUInt16BE(identification, 4);
    header.writeUInt16BE((isLast ? 0 : 0x2000) | (start / 8), 6);
    header.writeUInt16BE(0, 10);
    header.writeUInt16BE(internetChecksum(header), 10);
    pieces.push(Buffer.concat([header, packet.subarray(20 + start, 20 + end)]));
  }
  return pieces;
}

function fragments6(packet: Buffer, identification: number): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (const { start, end, isLast } of cuts(packet.length - 40, LINK_SIZE - 48)) {
    const header = Buffer.alloc(48);
    packet.copy(header, 0, 0, 40);
    header.writeUInt16BE(8 + end - start, 4);
    header.writeUInt8(FRAGMENT_HEADER, 6);
    header.writeUInt8(packet[6] ?? 0, 40);
    header.writeUInt16BE(start | (isLast ? 0 : 1), 42);
    header.writeUInt32BE(identification, 44);
    pieces.push(Buffer.concat([header, packet.subarray(40 + start, 40 + end)]));
  }
  return pieces;
}

// every piece but the last has a length that eight divides
function* cuts(length: number, room: number): Generator<{ readonly start: number; readonly end: number; readonly isLast: boolean }> {
  const step = room & ~7;
  for (let start = 0; start < length; start += step) yield { start, end: Math.min(start + step, length), isLast: start + step >= length };
}
