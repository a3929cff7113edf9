const TYPE_MASK = 0x3fff;

const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_IP_V4_SRC = 1;
const CTA_IP_V4_DST = 2;
const CTA_IP_V6_SRC = 3;
const CTA_IP_V6_DST = 4;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const CTA_PROTO_ICMP_TYPE = 5;
const CTA_PROTO_ICMPV6_TYPE = 8;

/** One direction of a connection. The addresses are places in the buffer it was read from, and good as long as that is. */
export interface Tuple {
  sourceAt: number;
  destinationAt: number;
  /** 4 or 16 bytes; 0 before anything was read. */
  addressLength: number;
  /** As IP numbers them. */
  protocol: number;
  sourcePort: number;
  destinationPort: number;
  /** -1 for anything but ICMP. */
  icmpType: number;
}

export function newTuple(): Tuple {
  return { sourceAt: 0, destinationAt: 0, addressLength: 0, protocol: 0, sourcePort: 0, destinationPort: 0, icmpType: -1 };
}

/** Reads a tuple's attributes; false where an address or the protocol is missing. */
export function readTuple(bytes: Buffer, start: number, end: number, into: Tuple): boolean {
  into.sourceAt = into.destinationAt = -1;
  into.addressLength = 0;
  into.protocol = -1;
  into.sourcePort = into.destinationPort = 0;
  into.icmpType = -1;
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at);
    const stop = at + length;
    if (length < 4 || stop > end) break;
    const type = bytes.readUInt16LE(at + 2) & TYPE_MASK;
    if (type === CTA_TUPLE_IP) readAddresses(bytes, at + 4, stop, into);
    else if (type === CTA_TUPLE_PROTO) readProtocol(bytes, at + 4, stop, into);
    at += (length + 3) & ~3;
  }
  return into.sourceAt >= 0 && into.destinationAt >= 0 && into.protocol >= 0;
}

function readAddresses(bytes: Buffer, start: number, end: number, into: Tuple): void {
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > end) return;
    const type = bytes.readUInt16LE(at + 2) & TYPE_MASK;
    const isFour = type === CTA_IP_V4_SRC || type === CTA_IP_V4_DST;
    if ((isFour && length === 8) || ((type === CTA_IP_V6_SRC || type === CTA_IP_V6_DST) && length === 20)) {
      into.addressLength = length - 4;
      if (type === CTA_IP_V4_SRC || type === CTA_IP_V6_SRC) into.sourceAt = at + 4;
      else into.destinationAt = at + 4;
    }
    at += (length + 3) & ~3;
  }
}

function readProtocol(bytes: Buffer, start: number, end: number, into: Tuple): void {
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 5 || at + length > end) return;
    const body = at + 4;
    switch (bytes.readUInt16LE(at + 2) & TYPE_MASK) {
      case CTA_PROTO_NUM:
        into.protocol = bytes[body] ?? -1;
        break;
      case CTA_PROTO_SRC_PORT:
        if (length >= 6) into.sourcePort = bytes.readUInt16BE(body);
        break;
      case CTA_PROTO_DST_PORT:
        if (length >= 6) into.destinationPort = bytes.readUInt16BE(body);
        break;
      case CTA_PROTO_ICMP_TYPE:
      case CTA_PROTO_ICMPV6_TYPE:
        into.icmpType = bytes[body] ?? -1;
        break;
      default:
    }
    at += (length + 3) & ~3;
  }
}
