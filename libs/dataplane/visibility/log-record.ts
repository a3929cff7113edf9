import { type ConnectionRecord, newConnectionRecord, readConnection } from './connection-record.ts';
import { newPacketHeader, type PacketHeader, readPacket } from './packet-header.ts';

const TYPE_MASK = 0x3fff;
const NFULA_TIMESTAMP = 3;
const NFULA_IFINDEX_INDEV = 4;
const NFULA_IFINDEX_OUTDEV = 5;
const NFULA_PAYLOAD = 9;
const NFULA_PREFIX = 10;
const NFULA_SEQ = 12;
const NFULA_CT = 18;

/** One logged packet. One object is filled again and again; nobody may keep it. */
export interface LogRecord {
  prefix: string;
  readonly packet: PacketHeader;
  /** The connection it belongs to, where the kernel sent that along. */
  readonly connection: ConnectionRecord;
  hasConnection: boolean;
  /** Whether the server sent it, as the rule that logged it knows. */
  isAnswer: boolean;
  /** Counts up by one for every packet that was logged, also those thrown away; -1 where not told. */
  sequence: number;
  inInterface: number;
  outInterface: number;
  /** When it arrived, in milliseconds since 1970; 0 where the kernel does not say. */
  at: number;
}

export function newLogRecord(): LogRecord {
  return { prefix: '', packet: newPacketHeader(), connection: newConnectionRecord(), hasConnection: false, isAnswer: false, sequence: -1, inInterface: 0, outInterface: 0, at: 0 };
}

/** Reads the attributes of one logged packet; false where there is no packet in them that can be read. */
export function readLogRecord(bytes: Buffer, start: number, end: number, into: LogRecord): boolean {
  into.prefix = '';
  into.hasConnection = false;
  into.isAnswer = false;
  into.sequence = -1;
  into.inInterface = into.outInterface = into.at = 0;
  let hasPacket = false;
  for (let at = start; at + 4 <= end; ) {
    const length = bytes.readUInt16LE(at);
    const stop = at + length;
    if (length < 4 || stop > end) break;
    const body = at + 4;
    switch (bytes.readUInt16LE(at + 2) & TYPE_MASK) {
      case NFULA_TIMESTAMP:
        if (length >= 20) into.at = Number(bytes.readBigUInt64BE(body)) * 1_000 + Number(bytes.readBigUInt64BE(body + 8)) / 1_000;
        break;
      case NFULA_PREFIX:
        into.prefix = prefixIn(bytes, body, stop);
        break;
      case NFULA_PAYLOAD:
        hasPacket = readPacket(bytes, body, stop, into.packet);
        break;
      case NFULA_SEQ:
        if (length >= 8) into.sequence = bytes.readUInt32BE(body);
        break;
      case NFULA_CT:
        into.hasConnection = readConnection(bytes, body, stop, into.connection);
        break;
      case NFULA_IFINDEX_INDEV:
        if (length >= 8) into.inInterface = bytes.readUInt32BE(body);
        break;
      case NFULA_IFINDEX_OUTDEV:
        if (length >= 8) into.outInterface = bytes.readUInt32BE(body);
        break;
      default:
    }
    at += (length + 3) & ~3;
  }
  return hasPacket;
}

function prefixIn(bytes: Buffer, start: number, end: number): string {
  const zero = bytes.indexOf(0, start);
  return bytes.toString('latin1', start, zero < 0 || zero > end ? end : zero);
}
