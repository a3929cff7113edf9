import { newTuple, readTuple, type Tuple } from './connection-tuple.ts';

const TYPE_MASK = 0x3fff;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_PROTOINFO = 4;
const CTA_MARK = 8;
const CTA_COUNTERS_ORIG = 9;
const CTA_COUNTERS_REPLY = 10;
const CTA_ID = 12;
const CTA_ZONE = 18;
const CTA_TIMESTAMP = 20;
/** In both counters and both times: first packets or the beginning, then bytes or the end. */
const FIRST = 1;
const SECOND = 2;

/**
 * What the kernel tells about one connection: an event, an entry of its list, or what goes with a
 * logged packet. One object is filled again and again; nobody may keep it.
 *
 * ```
 * original   client ──────► what the client asked for     (a Service's address)
 * reply      client's address as the server sees it ◄────── server
 * ```
 */
export interface ConnectionRecord {
  family: 4 | 6;
  readonly original: Tuple;
  readonly reply: Tuple;
  mark: number;
  status: number;
  id: number;
  zone: number;
  /** -1 where the kernel does not count. */
  originalPackets: number;
  originalBytes: number;
  replyPackets: number;
  replyBytes: number;
  /** Milliseconds since 1970; 0 where the kernel does not note times. */
  startedAt: number;
  stoppedAt: number;
  /** State of a TCP connection as the kernel numbers them; 0 where not told. */
  tcpState: number;
}

export function newConnectionRecord(): ConnectionRecord {
  return {
    family: 4,
    original: newTuple(),
    reply: newTuple(),
    mark: 0,
    status: 0,
    id: 0,
    zone: 0,
    originalPackets: -1,
    originalBytes: -1,
    replyPackets: -1,
    replyBytes: -1,
    startedAt: 0,
    stoppedAt: 0,
    tcpState: 0,
  };
}

/**
 * Reads the attributes of a connection between two places, and says whether both tuples were there.
 *
 * A plain walk without objects, because fifty thousand a second come by. Whatever reaches past the
 * end stops it.
 */
export function readConnection(bytes: Buffer, start: number, end: number, into: ConnectionRecord): boolean {
  into.mark = 0;
  into.status = 0;
  into.id = 0;
  into.zone = 0;
  into.originalPackets = into.originalBytes = into.replyPackets = into.replyBytes = -1;
  into.startedAt = into.stoppedAt = 0;
  into.tcpState = 0;
  let hasOriginal = false;
  let hasReply = false;
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at);
    const stop = at + length;
    if (length < 4 || stop > end) break;
    const body = at + 4;
    switch (bytes.readUInt16LE(at + 2) & TYPE_MASK) {
      case CTA_TUPLE_ORIG:
        hasOriginal = readTuple(bytes, body, stop, into.original);
        break;
      case CTA_TUPLE_REPLY:
        hasReply = readTuple(bytes, body, stop, into.reply);
        break;
      case CTA_STATUS:
        if (length >= 8) into.status = bytes.readUInt32BE(body);
        break;
      case CTA_PROTOINFO:
        into.tcpState = tcpStateIn(bytes, body, stop);
        break;
      case CTA_MARK:
        if (length >= 8) into.mark = bytes.readUInt32BE(body);
        break;
      case CTA_COUNTERS_ORIG:
        into.originalPackets = numberIn(bytes, body, stop, FIRST);
        into.originalBytes = numberIn(bytes, body, stop, SECOND);
        break;
      case CTA_COUNTERS_REPLY:
        into.replyPackets = numberIn(bytes, body, stop, FIRST);
        into.replyBytes = numberIn(bytes, body, stop, SECOND);
        break;
      case CTA_ID:
        if (length >= 8) into.id = bytes.readUInt32BE(body);
        break;
      case CTA_ZONE:
        if (length >= 6) into.zone = bytes.readUInt16BE(body);
        break;
      case CTA_TIMESTAMP:
        into.startedAt = milliseconds(numberIn(bytes, body, stop, FIRST));
        into.stoppedAt = milliseconds(numberIn(bytes, body, stop, SECOND));
        break;
      default:
    }
    at += (length + 3) & ~3;
  }
  into.family = into.original.addressLength === 16 ? 6 : 4;
  return hasOriginal && hasReply;
}

// Beyond 2^53 the last bits go: nine petabytes, or nanoseconds that become milliseconds anyway.
function numberIn(bytes: Buffer, start: number, end: number, type: number): number {
  const at = attributeAt(bytes, start, end, type, 8);
  return at < 0 ? -1 : bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}

function milliseconds(nanoseconds: number): number {
  return nanoseconds < 0 ? 0 : Math.round(nanoseconds / 1e6);
}

const CTA_PROTOINFO_TCP = 1;
const CTA_PROTOINFO_TCP_STATE = 1;

function tcpStateIn(bytes: Buffer, start: number, end: number): number {
  const at = attributeAt(bytes, start, end, CTA_PROTOINFO_TCP, 4);
  if (at < 0) return 0;
  const state = attributeAt(bytes, at, at - 4 + bytes.readUInt16LE(at - 4), CTA_PROTOINFO_TCP_STATE, 1);
  return state < 0 ? 0 : (bytes[state] ?? 0);
}

/** Where the payload of the first attribute of a type begins that has so many bytes at least; -1 where there is none. */
export function attributeAt(bytes: Buffer, start: number, end: number, type: number, size: number): number {
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > end) return -1;
    if ((bytes.readUInt16LE(at + 2) & TYPE_MASK) === type) return length >= size + 4 ? at + 4 : -1;
    at += (length + 3) & ~3;
  }
  return -1;
}
