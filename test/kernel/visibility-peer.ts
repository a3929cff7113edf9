// A program that lives in one network namespace and does what it is told, one JSON line at a time.
import { createSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

import { encode, decode, type Answer } from 'dns-packet';

export type PeerOrder =
  /** Answers every line with itself; `greeting` is sent first. */
  | { readonly do: 'serve'; readonly host: string; readonly port: number; readonly greeting?: string }
  | { readonly do: 'names'; readonly host: string; readonly answers: readonly Answer[] }
  /** Connects, sends, waits for something to come back unless told not to. */
  | { readonly do: 'talk'; readonly host: string; readonly port: number; readonly text: string; readonly keep?: boolean; readonly waitMs?: number; readonly from?: string }
  | { readonly do: 'ask'; readonly host: string; readonly name: string }
  /** Sends one datagram from each of so many ports, twice over where the first may have been lost. */
  | { readonly do: 'spray'; readonly host: string; readonly port: number; readonly from: number; readonly count: number }
  | { readonly do: 'end' };

export interface PeerAnswer {
  readonly outcome: 'done' | 'answered' | 'failed' | 'nothing';
  readonly localPort?: number;
  readonly text?: string;
}

const kept: Socket[] = [];

async function obey(order: PeerOrder): Promise<PeerAnswer> {
  switch (order.do) {
    case 'serve':
      return serve(order.host, order.port, order.greeting ?? '');
    case 'names':
      return serveNames(order.host, order.answers);
    case 'talk':
      return talk(order);
    case 'ask':
      return ask(order.host, order.name);
    case 'spray':
      return spray(order);
    case 'end':
      for (const socket of kept) socket.destroy();
      return { outcome: 'done' };
  }
}

function serve(host: string, port: number, greeting: string): Promise<PeerAnswer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      if (greeting !== '') socket.write(greeting);
      socket.on('data', (data) => socket.write(data));
    });
    server.listen(port, host, () => {
      resolve({ outcome: 'done' });
    });
  });
}

function serveNames(host: string, answers: readonly Answer[]): Promise<PeerAnswer> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (data, { address, port }) => {
    const { id = 0, questions = [] } = decode(data);
    socket.send(encode({ type: 'response', id, flags: 0x180, questions, answers: [...answers] }), port, address);
  });
  return new Promise((resolve) => {
    socket.bind(53, host, () => {
      resolve({ outcome: 'done' });
    });
  });
}

function talk({ host, port, text, keep, from, waitMs = 15_000 }: Extract<PeerOrder, { do: 'talk' }>): Promise<PeerAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ...(from === undefined ? {} : { localAddress: from }) });
    const local = (): { readonly localPort?: number } => (socket.localPort === undefined ? {} : { localPort: socket.localPort });
    let localPort = local();
    const settle = (answer: PeerAnswer): void => {
      clearTimeout(patience);
      if (keep === true && answer.outcome === 'answered') kept.push(socket);
      else socket.destroy();
      resolve({ ...answer, ...localPort });
    };
    const patience = setTimeout(() => {
      settle({ outcome: 'nothing' });
    }, waitMs);
    socket.on('connect', () => {
      localPort = local();
      if (text !== '') socket.write(Buffer.from(text, 'latin1'));
    });
    socket.on('data', (data) => {
      settle({ outcome: 'answered', text: data.toString('latin1') });
    });
    socket.on('error', () => {
      settle({ outcome: 'failed' });
    });
  });
}

function ask(host: string, name: string): Promise<PeerAnswer> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve) => {
    const patience = setTimeout(() => {
      socket.close();
      resolve({ outcome: 'nothing' });
    }, 5_000);
    socket.on('message', () => {
      clearTimeout(patience);
      socket.close();
      resolve({ outcome: 'answered' });
    });
    socket.send(encode({ type: 'query', id: 7, flags: 0x100, questions: [{ type: 'A', name }] }), 53, host);
  });
}

async function spray({ host, port, from, count }: Extract<PeerOrder, { do: 'spray' }>): Promise<PeerAnswer> {
  for (let at = 0; at < count; at += 1) {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve) => {
      socket.bind(from + at, () => {
        socket.send('x', port, host, () => {
          socket.close(resolve);
        });
      });
    });
  }
  return { outcome: 'done' };
}

function say(answer: PeerAnswer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

if (process.argv[1]?.endsWith('visibility-peer.ts') === true) {
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      void obey(JSON.parse(line) as PeerOrder).then(say);
    })
    .on('close', () => {
      process.exit(0);
    });
}
