import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';

import type { NetworkNamespace } from './network-namespace.ts';
import { listeningSocket, type TalkProtocol } from './talk-socket.ts';

const HTTP_REQUEST = /^[A-Z]{3,10} \S+ HTTP\/1\.[01]\r?\n/;
const PATIENCE_MS = 30_000;

/** A small real server inside a namespace. */
export interface TalkServer {
  readonly protocol: TalkProtocol;
  readonly port: number;
  close(): void;
}

/**
 * Answers on a port in both families: a request of HTTP/1 with a greeting, anything else with itself.
 * Undefined where somebody answers there already.
 */
export function openServer(namespace: NetworkNamespace, protocol: TalkProtocol, port: number, name: string): TalkServer | undefined {
  const fd = listeningSocket(namespace, protocol, port);
  if (fd === undefined) return undefined;
  const server = protocol === 'TCP' ? streamServer(fd, name) : datagramServer(fd);
  return { protocol, port, close: () => void server.close() };
}

function streamServer(fd: number, name: string): Server {
  const server = createServer((socket) => {
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      answer(socket, first, name);
    });
  });
  server.on('error', () => server.close());
  server.listen({ fd });
  return server;
}

function answer(socket: Socket, first: Buffer, name: string): void {
  if (HTTP_REQUEST.test(first.toString('latin1'))) {
    const body = `hello from ${name}\n`;
    socket.end(`HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\nconnection: close\r\n\r\n${body}`);
    return;
  }
  socket.write(first);
  socket.pipe(socket);
}

function datagramServer(fd: number): DatagramSocket {
  const socket = createSocket('udp6');
  socket.on('error', () => socket.close());
  socket.on('message', (message, { address, port }) => {
    socket.send(message, port, address, () => undefined);
  });
  socket.bind({ fd });
  return socket;
}
