/**
 * Where the headers of one packet are, found in however much of it was copied.
 *
 * One object is filled again and again. Addresses and payload are places in the bytes that were read.
 */
export interface PacketHeader {
  family: 4 | 6;
  sourceAt: number;
  destinationAt: number;
  addressLength: number;
  /** As IP numbers them; of a later fragment too. */
  protocol: number;
  /** 0 for ICMP, for later fragments, and where the copy ends before. */
  sourcePort: number;
  destinationPort: number;
  /** -1 for anything but ICMP. */
  icmpType: number;
  /** Flags of a TCP header; 0 elsewhere. */
  tcpFlags: number;
  isLaterFragment: boolean;
  /** Behind the TCP, UDP or SCTP header; equal where there is none, or where none was copied. */
  payloadStart: number;
  payloadEnd: number;
}

export function newPacketHeader(): PacketHeader {
  return {
    family: 4,
    sourceAt: 0,
    destinationAt: 0,
    addressLength: 4,
    protocol: 0,
    sourcePort: 0,
    destinationPort: 0,
    icmpType: -1,
    tcpFlags: 0,
    isLaterFragment: false,
    payloadStart: 0,
    payloadEnd: 0,
  };
}

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const SCTP = 132;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const DESTINATION_OPTIONS = 60;
/** More than any honest packet has; what comes behind is not looked for. */
const MOST_EXTENSIONS = 8;

/** Reads an IPv4 or IPv6 packet, whole or cut off; false where not even the addresses are there. */
export function readPacket(bytes: Buffer, start: number, end: number, into: PacketHeader): boolean {
  into.sourcePort = into.destinationPort = 0;
  into.icmpType = -1;
  into.tcpFlags = 0;
  into.isLaterFragment = false;
  into.payloadStart = into.payloadEnd = end;
  const version = start < end ? (bytes[start] ?? 0) >> 4 : 0;
  if (version === 4) return readFour(bytes, start, end, into);
  return version === 6 && readSix(bytes, start, end, into);
}

function readFour(bytes: Buffer, start: number, end: number, into: PacketHeader): boolean {
  if (start + 20 > end) return false;
  const headerLength = ((bytes[start] ?? 0) & 15) * 4;
  if (headerLength < 20) return false;
  into.family = 4;
  into.addressLength = 4;
  into.sourceAt = start + 12;
  into.destinationAt = start + 16;
  into.protocol = bytes[start + 9] ?? 0;
  into.isLaterFragment = (bytes.readUInt16BE(start + 6) & 0x1fff) !== 0;
  // padding of short frames is no payload
  const stop = Math.min(end, start + Math.max(headerLength, bytes.readUInt16BE(start + 2)));
  if (!into.isLaterFragment) readTransport(bytes, start + headerLength, stop, into);
  return true;
}

function readSix(bytes: Buffer, start: number, end: number, into: PacketHeader): boolean {
  if (start + 40 > end) return false;
  into.family = 6;
  into.addressLength = 16;
  into.sourceAt = start + 8;
  into.destinationAt = start + 24;
  const length = bytes.readUInt16BE(start + 4);
  const stop = length === 0 ? end : Math.min(end, start + 40 + length);
  let next = bytes[start + 6] ?? 0;
  let at = start + 40;
  for (let count = 0; count < MOST_EXTENSIONS; count += 1) {
    if (next !== HOP_BY_HOP && next !== ROUTING && next !== FRAGMENT && next !== AUTHENTICATION && next !== DESTINATION_OPTIONS) break;
    if (at + 8 > stop) break;
    const size = next === FRAGMENT ? 8 : next === AUTHENTICATION ? ((bytes[at + 1] ?? 0) + 2) * 4 : ((bytes[at + 1] ?? 0) + 1) * 8;
    if (next === FRAGMENT && (bytes.readUInt16BE(at + 2) & 0xfff8) !== 0) into.isLaterFragment = true;
    next = bytes[at] ?? 0;
    at += size;
    if (into.isLaterFragment) break;
  }
  into.protocol = next;
  if (!into.isLaterFragment) readTransport(bytes, at, stop, into);
  return true;
}

function readTransport(bytes: Buffer, at: number, end: number, into: PacketHeader): void {
  const { protocol } = into;
  if (protocol === ICMP || protocol === ICMPV6) {
    if (at < end) into.icmpType = bytes[at] ?? -1;
    return;
  }
  if ((protocol !== TCP && protocol !== UDP && protocol !== SCTP) || at + 4 > end) return;
  into.sourcePort = bytes.readUInt16BE(at);
  into.destinationPort = bytes.readUInt16BE(at + 2);
  const header = protocol === UDP ? 8 : protocol === SCTP ? 12 : at + 14 > end ? 20 : Math.max(20, ((bytes[at + 12] ?? 0) >> 4) * 4);
  if (protocol === TCP && at + 14 <= end) into.tcpFlags = bytes[at + 13] ?? 0;
  into.payloadStart = Math.min(end, at + header);
  into.payloadEnd = end;
}
