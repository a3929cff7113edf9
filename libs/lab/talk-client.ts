import { createSocket } from 'node:dgram';
import { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

import type { Address } from '#model';

import type { NetworkNamespace } from './network-namespace.ts';
import { beginConnection, closeSocket, connectionError, settled, speakingSocket, type TalkProtocol } from './talk-socket.ts';

export interface Talk {
  readonly namespace: NetworkNamespace;
  readonly from: Address;
  readonly to: Address;
  readonly port: number;
  readonly protocol: TalkProtocol;
  /** Says so to the server: a request of HTTP/1; else a line of text it is to send back. */
  readonly isHttp: boolean;
}

/**
 * How a conversation went. `answered`: there and back. `refused`: it came through, and nobody listens
 * there. `died`: nothing came back in time.
 */
export type TalkOutcome = 'answered' | 'refused' | 'died';

const ECONNREFUSED = 111;
const REQUEST = 'GET / HTTP/1.1\r\nhost: lab\r\nconnection: close\r\n\r\n';

/** Talks to a server with real sockets; gives up after so long. */
export async function talk(what: Talk, patienceMs: number): Promise<TalkOutcome> {
  const fd = speakingSocket(what.namespace, what.protocol, what.from);
  return what.protocol === 'TCP' ? talkOverStream(fd, what, patienceMs) : talkByDatagram(fd, what, patienceMs);
}

async function talkOverStream(fd: number, { to, port, isHttp }: Talk, patienceMs: number): Promise<TalkOutcome> {
  const errno = (await connected(fd, to, port, patienceMs)) ?? -1;
  if (errno !== 0) {
    closeSocket(fd);
    return errno === ECONNREFUSED ? 'refused' : 'died';
  }
  const socket = new Socket({ fd, readable: true, writable: true });
  const heard = new Promise<TalkOutcome>((resolve) => {
    socket.setTimeout(patienceMs, () => { resolve('died'); });
    socket.once('data', () => { resolve('answered'); });
    socket.once('error', () => { resolve('died'); });
    socket.once('end', () => { resolve('died'); });
  });
  socket.write(isHttp ? REQUEST : greeting());
  return heard.finally(() => socket.destroy());
}

/** 0, or the number of the error; undefined where nothing happened in time. */
async function connected(fd: number, to: Address, port: number, patienceMs: number): Promise<number | undefined> {
  const errno = beginConnection(fd, to, port);
  if (errno !== 0) return errno;
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    if (settled([fd]).has(fd)) return connectionError(fd);
    await pause(5);
  }
  return undefined;
}

async function talkByDatagram(fd: number, { from, to, port }: Talk, patienceMs: number): Promise<TalkOutcome> {
  const socket = createSocket(from.family === 4 ? 'udp4' : 'udp6');
  try {
    return await new Promise<TalkOutcome>((resolve) => {
      const timer = setTimeout(() => { resolve('died'); }, patienceMs);
      socket.once('message', () => { clearTimeout(timer); resolve('answered'); });
      socket.once('error', () => { clearTimeout(timer); resolve('refused'); });
      socket.bind({ fd }, () => {
        socket.send(greeting(), port, to.text);
      });
    });
  } finally {
    socket.close();
  }
}

function greeting(): string {
  return 'ringfence lab: is anybody there?\n';
}
