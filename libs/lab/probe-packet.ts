import { type Address, assertNever, type Protocol } from '#model';

import { crc32c, internetChecksum } from './checksum.ts';
import { addressBytes } from './route-message.ts';

/** The beginning of a connection, with a tag that tells it from every other on arrival. */
export interface ProbePacket {
  readonly source: Address;
  readonly destination: Address;
  readonly protocol: Protocol;
  /** The identifier, for ICMP. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** 1 to 2³² − 1; it stands where address translation leaves it alone. */
  readonly tag: number;
  /** Bytes of UDP or ICMP data, at least 4; 4 unless said. */
  readonly dataBytes?: number;
}

const HOP_LIMIT = 64;

export const TRANSPORT_NUMBER = { tcp: 6, udp: 17, sctp: 132, icmp: 1, icmp6: 58 } as const;

/** The whole packet, IP header included: a TCP SYN, a datagram, an SCTP INIT or an echo request. */
export function packetBytes(packet: ProbePacket): Buffer {
  const transport = transportBytes(packet);
  const { source, destination } = packet;
  if (destination.family === 4) return Buffer.concat([header4(source, destination, transportNumber(packet), transport.length), transport]);
  return Buffer.concat([header6(source, destination, transportNumber(packet), transport.length), transport]);
}

/** The tag of a packet, IP header first; undefined for a packet that is no probe. */
export function tagIn(bytes: Buffer, length: number): number | undefined {
  if (length < 28) return undefined;
  const version = (bytes[0] ?? 0) >> 4;
  if (version === 4) {
    // later fragments carry no header of the transport
    if ((bytes.readUInt16BE(6) & 0x1fff) !== 0) return undefined;
    return transportTag(bytes, ((bytes[0] ?? 0) & 15) * 4, length, bytes[9] ?? 0);
  }
  if (version !== 6) return undefined;
  const isFragment = bytes[6] === 44;
  if (!isFragment) return transportTag(bytes, 40, length, bytes[6] ?? 0);
  if (length < 48 || (bytes.readUInt16BE(42) & 0xfff8) !== 0) return undefined;
  return transportTag(bytes, 48, length, bytes[40] ?? 0);
}

/** The tag of what stands behind an IP header. */
export function transportTag(bytes: Buffer, at: number, length: number, transport: number): number | undefined {
  const has = (size: number): boolean => at + size <= length;
  switch (transport) {
    case TRANSPORT_NUMBER.tcp:
      // a SYN and nothing else: answers carry numbers of their own
      return has(20) && ((bytes[at + 13] ?? 0) & 0x17) === 0x02 ? bytes.readUInt32BE(at + 4) : undefined;
    case TRANSPORT_NUMBER.udp:
      return has(12) ? bytes.readUInt32BE(at + 8) : undefined;
    case TRANSPORT_NUMBER.sctp:
      return has(32) && bytes[at + 12] === 1 ? bytes.readUInt32BE(at + 16) : undefined;
    case TRANSPORT_NUMBER.icmp:
      return has(12) && bytes[at] === 8 ? bytes.readUInt32BE(at + 8) : undefined;
    case TRANSPORT_NUMBER.icmp6:
      return has(12) && bytes[at] === 128 ? bytes.readUInt32BE(at + 8) : undefined;
    default:
      return undefined;
  }
}

function transportNumber({ protocol, destination }: ProbePacket): number {
  switch (protocol) {
    case 'TCP':
      return TRANSPORT_NUMBER.tcp;
    case 'UDP':
      return TRANSPORT_NUMBER.udp;
    case 'SCTP':
      return TRANSPORT_NUMBER.sctp;
    case 'ICMP':
      return destination.family === 4 ? TRANSPORT_NUMBER.icmp : TRANSPORT_NUMBER.icmp6;
    default:
      return assertNever(protocol);
  }
}

function transportBytes(packet: ProbePacket): Buffer {
  switch (packet.protocol) {
    case 'TCP':
      return tcpSyn(packet);
    case 'UDP':
      return datagram(packet);
    case 'SCTP':
      return sctpInit(packet);
    case 'ICMP':
      return echoRequest(packet);
    default:
      return assertNever(packet.protocol);
  }
}

function tcpSyn(packet: ProbePacket): Buffer {
  const bytes = ports(packet, 24);
  bytes.writeUInt32BE(packet.tag, 4);
  bytes.writeUInt8(6 << 4, 12);
  bytes.writeUInt8(0x02, 13);
  bytes.writeUInt16BE(64240, 14);
  bytes.writeUInt32BE(0x020405b4, 20); // segments of at most 1460
  return withChecksum(bytes, 16, packet);
}

function datagram(packet: ProbePacket): Buffer {
  const bytes = ports(packet, 8 + (packet.dataBytes ?? 4));
  bytes.writeUInt16BE(bytes.length, 4);
  bytes.writeUInt32BE(packet.tag, 8);
  return withChecksum(bytes, 6, packet);
}

function sctpInit(packet: ProbePacket): Buffer {
  const bytes = ports(packet, 32);
  bytes.writeUInt8(1, 12);
  bytes.writeUInt16BE(20, 14);
  bytes.writeUInt32BE(packet.tag, 16);
  bytes.writeUInt32BE(65536, 20);
  bytes.writeUInt16BE(1, 24);
  bytes.writeUInt16BE(1, 26);
  bytes.writeUInt32BE(packet.tag, 28);
  bytes.writeUInt32LE(crc32c(bytes), 8);
  return bytes;
}

function echoRequest(packet: ProbePacket): Buffer {
  const bytes = Buffer.alloc(8 + (packet.dataBytes ?? 4));
  bytes.writeUInt8(packet.destination.family === 4 ? 8 : 128, 0);
  bytes.writeUInt16BE(packet.sourcePort, 4);
  bytes.writeUInt16BE(1, 6);
  bytes.writeUInt32BE(packet.tag, 8);
  if (packet.destination.family === 6) return withChecksum(bytes, 2, packet);
  bytes.writeUInt16BE(internetChecksum(bytes), 2);
  return bytes;
}

function ports({ sourcePort, destinationPort }: ProbePacket, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt16BE(sourcePort, 0);
  bytes.writeUInt16BE(destinationPort, 2);
  return bytes;
}

function withChecksum(bytes: Buffer, at: number, packet: ProbePacket): Buffer {
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(bytes.length, 0);
  tail.writeUInt32BE(transportNumber(packet), 4);
  const sum = internetChecksum(addressBytes(packet.source), addressBytes(packet.destination), tail, bytes);
  // a datagram without a checksum would say 0
  bytes.writeUInt16BE(sum === 0 ? 0xffff : sum, at);
  return bytes;
}

function header4(source: Address, destination: Address, transport: number, length: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt8(0x45, 0);
  bytes.writeUInt16BE(20 + length, 2);
  bytes.writeUInt8(HOP_LIMIT, 8);
  bytes.writeUInt8(transport, 9);
  addressBytes(source).copy(bytes, 12);
  addressBytes(destination).copy(bytes, 16);
  bytes.writeUInt16BE(internetChecksum(bytes), 10);
  return bytes;
}

/** An IPv6 header for so many bytes behind it. */
export function header6(source: Address, destination: Address, next: number, length: number, hopLimit = HOP_LIMIT): Buffer {
  const bytes = Buffer.alloc(40);
  bytes.writeUInt32BE(6 * 2 ** 28, 0);
  bytes.writeUInt16BE(length, 4);
  bytes.writeUInt8(next, 6);
  bytes.writeUInt8(hopLimit, 7);
  addressBytes(source).copy(bytes, 8);
  addressBytes(destination).copy(bytes, 24);
  return bytes;
}
