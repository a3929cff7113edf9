import type { Address } from '#model';

import type { NetworkNamespace } from './network-namespace.ts';
import { socketAddress } from './packet-socket.ts';
import { checked, lastErrno, systemCalls } from './system-calls.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const NON_BLOCKING = 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ERROR = 4;
const SOL_IP = 0;
const IP_FREEBIND = 15;
const SOL_IPV6 = 41;
const IPV6_V6ONLY = 26;
const EINPROGRESS = 115;
const EADDRINUSE = 98;
const POLLOUT = 4;

export type TalkProtocol = 'TCP' | 'UDP';

/** A socket inside a namespace that listens to a port in both families; undefined where the port is taken there. */
export function listeningSocket(namespace: NetworkNamespace, protocol: TalkProtocol, port: number): number | undefined {
  const calls = systemCalls();
  const fd = namespace.run(() => checked('open socket', calls.socket(AF_INET6, (protocol === 'TCP' ? SOCK_STREAM : SOCK_DGRAM) | NON_BLOCKING, 0)));
  setNumber(fd, SOL_IPV6, IPV6_V6ONLY, 0);
  if (protocol === 'TCP') setNumber(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const any = Buffer.alloc(28);
  any.writeUInt16LE(AF_INET6, 0);
  any.writeUInt16BE(port, 2);
  if (calls.bind(fd, any, any.length) < 0) {
    const errno = lastErrno();
    calls.close(fd);
    if (errno === EADDRINUSE) return undefined;
    throw new Error(`lab: listen to port ${String(port)}: errno ${String(errno)}`);
  }
  if (protocol === 'TCP') checked(`listen to port ${String(port)}`, calls.listen(fd, 128));
  return fd;
}

/** A socket inside a namespace that speaks from an address. */
export function speakingSocket(namespace: NetworkNamespace, protocol: TalkProtocol, from: Address): number {
  const calls = systemCalls();
  const family = from.family === 4 ? AF_INET : AF_INET6;
  const fd = namespace.run(() => checked('open socket', calls.socket(family, (protocol === 'TCP' ? SOCK_STREAM : SOCK_DGRAM) | NON_BLOCKING, 0)));
  // the world has addresses without anybody having given them to it
  setNumber(fd, SOL_IP, IP_FREEBIND, 1);
  const address = socketAddress(from, 0);
  checked(`speak from ${from.text}`, calls.bind(fd, address, address.length));
  return fd;
}

/** Begins a TCP connection; 0 where it goes on by itself, else the number of the error. */
export function beginConnection(fd: number, to: Address, port: number): number {
  const address = socketAddress(to, port);
  if (systemCalls().connect(fd, address, address.length) >= 0) return 0;
  const errno = lastErrno();
  return errno === EINPROGRESS ? 0 : errno;
}

/** Which of these have a result, connected or refused, by now. */
export function settled(fds: readonly number[]): ReadonlySet<number> {
  const list = Buffer.alloc(8 * fds.length);
  fds.forEach((fd, at) => {
    list.writeInt32LE(fd, 8 * at);
    list.writeInt16LE(POLLOUT, 8 * at + 4);
  });
  if (fds.length > 0) systemCalls().poll(list, fds.length, 0);
  return new Set(fds.filter((_, at) => list.readInt16LE(8 * at + 6) !== 0));
}

/** How a connection went that is settled: 0, or the number of the error. */
export function connectionError(fd: number): number {
  const value = Buffer.alloc(4);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(4);
  checked('look after a connection', systemCalls().getsockopt(fd, SOL_SOCKET, SO_ERROR, value, length));
  return value.readInt32LE(0);
}

export function closeSocket(fd: number): void {
  systemCalls().close(fd);
}

function setNumber(fd: number, level: number, name: number, value: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  checked(`set socket option ${String(name)}`, systemCalls().setsockopt(fd, level, name, bytes, 4));
}
