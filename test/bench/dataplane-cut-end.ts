// One end of a stream, a process of its own: a socket belongs to the namespace of the thread that opens it.
//
//   serve PORT             to each connection it does what that says first: `push` or `pull`
//   connect FROM TO PORT   one connection, told on standard input which way bytes are to go
//
// Answers a line on its standard input, `push` or `pull`, once bytes arrive at whoever gets them, and
// any other with when the last bytes came, by the clock all processes share.
import net from 'node:net';
import { createInterface } from 'node:readline';

import type { Arrival } from './dataplane-cut-stream.ts';

const CHUNK = Buffer.alloc(100, 'x');
/** More than one in every part of a millisecond would only fill queues. */
const PAUSE_MS = 0.2;
const MOST_WAITING = 4_096;

const [what, ...rest] = process.argv.slice(2);
const clock = new Int32Array(new SharedArrayBuffer(4));
let last = 0n;
let bytes = 0;
let current: net.Socket | undefined;

function say(): void {
  const arrival: Arrival = { last: String(last), bytes };
  process.stdout.write(`${JSON.stringify(arrival)}\n`);
}

function receive(socket: net.Socket): void {
  socket.on('data', (data: Buffer) => {
    last = process.hrtime.bigint();
    bytes += data.length;
  });
}

function send(socket: net.Socket): void {
  const step = (): void => {
    if (socket.destroyed) return;
    if (socket.writableLength < MOST_WAITING) socket.write(CHUNK);
    Atomics.wait(clock, 0, 0, PAUSE_MS);
    setImmediate(step);
  };
  step();
}

function take(socket: net.Socket): void {
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  current?.destroy();
  current = socket;
  last = 0n;
  bytes = 0;
}

if (what === 'serve') {
  net.createServer((socket) => {
    take(socket);
    socket.once('data', (first: Buffer) => {
      if (first.toString('latin1').startsWith('push')) send(socket);
      else receive(socket);
    });
  }).listen(Number(rest[0]), '::', say);
} else say();

createInterface({ input: process.stdin })
  .on('line', (line) => {
    if (line !== 'push' && line !== 'pull') {
      say();
      return;
    }
    const [from = '', to = '', port] = rest;
    const socket = net.connect({ host: to, port: Number(port), localAddress: from });
    take(socket);
    socket.once('connect', () => {
      socket.write(line);
      // from the server's side: it pushes, or it gets what is pushed here
      if (line === 'push') receive(socket);
      else setTimeout(send, 20, socket);
      say();
    });
  })
  .on('close', () => process.exit(0));
