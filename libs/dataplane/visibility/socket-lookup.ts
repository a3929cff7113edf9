import type { Address } from '#model';

import { acknowledgementIn, messages, NLM_F_REQUEST } from '../netlink/netlink-message.ts';
import { NetlinkSocket } from '../netlink/netlink-socket.ts';
import { SystemCallError } from '../netlink/system-calls.ts';

const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const AF_INET = 2;
const AF_INET6 = 10;
const ENOENT = 2;
const HEADER = 16;
const REQUEST = 56;
const AT_ID = HEADER + 8;
const ANY_STATE = 0xffffffff;
const ANY_COOKIE = 0xffffffff;
const ANSWER = 72;

export interface SocketEnd {
  readonly address: Address;
  readonly port: number;
}

/** One end of a connection as the socket's own network namespace sees it, before any translation on the node. */
export interface SocketQuestion {
  readonly namespacePath?: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly local: SocketEnd;
  readonly remote: SocketEnd;
}

export interface FoundSocket {
  /** 0 where the process has let go of it already. */
  readonly inode: number;
  readonly uid: number;
  /** The socket that waits for connections, where this one's own was not there. */
  readonly isListener: boolean;
}

const LISTEN = 10;

/** Asks the kernel for exactly one socket; undefined where there is none, as after a connection has ended. */
export function findSocket({ namespacePath, protocol, local, remote }: SocketQuestion): FoundSocket | undefined {
  const socket = new NetlinkSocket({ protocol: NETLINK_SOCK_DIAG, ...(namespacePath === undefined ? {} : { namespacePath }) });
  try {
    // of datagrams the kernel wants the ends as a packet to the socket has them
    socket.send(protocol === 'TCP' ? request(6, local, remote) : request(17, remote, local));
    const buffer = Buffer.alloc(8_192);
    const received = socket.receive(buffer, 1_000);
    if (received.kind !== 'bytes') throw new Error('look up a socket: the kernel did not answer');
    for (const message of messages(buffer, received.length)) {
      const answer = acknowledgementIn(message);
      if (answer !== undefined) {
        if (answer.errno === 0 || answer.errno === ENOENT) return undefined;
        throw new SystemCallError(`look up a ${protocol} socket`, answer.errno);
      }
      const { type, bytes, start, end } = message;
      if (type !== SOCK_DIAG_BY_FAMILY || end - start < ANSWER) continue;
      return { uid: bytes.readUInt32LE(start + 64), inode: bytes.readUInt32LE(start + 68), isListener: protocol === 'TCP' && bytes[start + 1] === LISTEN };
    }
    return undefined;
  } finally {
    socket.close();
  }
}

function request(protocol: number, first: SocketEnd, second: SocketEnd): Buffer {
  const bytes = Buffer.alloc(HEADER + REQUEST);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
  bytes.writeUInt16LE(NLM_F_REQUEST, 6);
  bytes.writeUInt32LE(1, 8);
  bytes[HEADER] = first.address.family === 4 ? AF_INET : AF_INET6;
  bytes[HEADER + 1] = protocol;
  bytes.writeUInt32LE(ANY_STATE, HEADER + 4);
  bytes.writeUInt16BE(first.port, AT_ID);
  bytes.writeUInt16BE(second.port, AT_ID + 2);
  writeAddress(bytes, AT_ID + 4, first.address);
  writeAddress(bytes, AT_ID + 20, second.address);
  bytes.writeUInt32LE(ANY_COOKIE, AT_ID + 40);
  bytes.writeUInt32LE(ANY_COOKIE, AT_ID + 44);
  return bytes;
}

function writeAddress(bytes: Buffer, at: number, { family, bits }: Address): void {
  if (family === 4) bytes.writeUInt32BE(Number(bits), at);
  else {
    bytes.writeBigUInt64BE(bits >> 64n, at);
    bytes.writeBigUInt64BE(bits & 0xffff_ffff_ffff_ffffn, at + 8);
  }
}
