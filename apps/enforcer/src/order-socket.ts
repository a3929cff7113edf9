import { chmodSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';

import { LARGEST_BUNDLE_BYTES, type NodeOrder, type NodeReply, readOrder } from '#dataplane';

import type { Log } from './log.ts';
import { peerCredentials } from './peer-credentials.ts';

export interface OrderSocket {
  close(): void;
}

const MOST_CALLERS = 8;
const PATIENCE_MS = 30_000;
// a bundle as a JSON text inside JSON: quotes and backslashes double
const MOST_BYTES = 2 * LARGEST_BUNDLE_BYTES;

/**
 * Takes orders of people on the node: one JSON object in, one out, over a local socket only root may
 * open. The kernel says who is at the other end; anybody but root and the enforcer's own user is sent away.
 */
export function openOrderSocket(path: string, carryOut: (order: NodeOrder, by: string) => NodeReply, log: Log): Promise<OrderSocket> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  // one that a killed enforcer left; a file of somebody else is not ours to remove
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true) rmSync(path);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    serve(socket, carryOut, log);
  });
  server.maxConnections = MOST_CALLERS;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177);
    server.listen(path, () => {
      process.umask(before);
      chmodSync(path, 0o600);
      server.on('error', (error) => {
        log('error', 'the socket for local orders failed', { why: error.message });
      });
      resolve({ close: () => { close(server, path); } });
    });
  });
}

function serve(socket: Socket, carryOut: (order: NodeOrder, by: string) => NodeReply, log: Log): void {
  socket.on('error', () => socket.destroy());
  const peer = peerCredentials(socket);
  if (peer === undefined || (peer.uid !== 0 && peer.uid !== process.getuid?.())) {
    log('warning', 'an order was refused: it was not from root', { uid: peer?.uid, pid: peer?.pid });
    send(socket, { kind: 'refused', why: 'only root may give orders to the enforcer' });
    socket.destroySoon();
    return;
  }
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  const parts: Buffer[] = [];
  let size = 0;
  socket.on('data', (part: Buffer) => {
    size += part.length;
    if (size > MOST_BYTES) {
      send(socket, { kind: 'refused', why: 'the order is too long' });
      socket.destroySoon();
      return;
    }
    parts.push(part);
  });
  socket.on('end', () => {
    if (socket.destroyed) return;
    const by = `uid ${String(peer.uid)}, process ${String(peer.pid)}`;
    send(socket, obey(Buffer.concat(parts).toString('utf8'), by, carryOut, log));
  });
}

function obey(text: string, by: string, carryOut: (order: NodeOrder, by: string) => NodeReply, log: Log): NodeReply {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'refused', why: 'the order is no JSON' };
  }
  const order = readOrder(value);
  if ('refused' in order) return { kind: 'refused', why: `the order cannot be carried out: ${order.refused}` };
  try {
    return carryOut(order, by);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log('error', 'an order failed', { order: order.order, why });
    return { kind: 'refused', why };
  }
}

function send(socket: Socket, reply: NodeReply): void {
  socket.end(`${JSON.stringify(reply)}\n`);
}

function close(server: Server, path: string): void {
  server.close();
  rmSync(path, { force: true });
}
