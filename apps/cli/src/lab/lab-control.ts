import { createConnection, createServer, type Server, type Socket } from 'node:net';

import { ownerFolder } from '#lab';

export type LabRequest = 'status' | 'traffic' | 'down';

/** Answers one request; what it gives is sent as JSON. */
export type LabAnswer = (request: LabRequest) => Promise<unknown>;

/** Talking takes a while, and clients wait for what dies. */
const PATIENCE_MS: Readonly<Record<LabRequest, number>> = { status: 10_000, traffic: 300_000, down: 5_000 };
const REQUESTS: ReadonlySet<string> = new Set<LabRequest>(['status', 'traffic', 'down']);

/** Listens where {@link askLab} asks: one request a connection, one JSON document back. Only root gets there. */
export function serveLab(answer: LabAnswer): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.on('end', () => void reply(socket, text.trim(), answer));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath(process.pid), () => { resolve(server); });
  });
}

async function reply(socket: Socket, request: string, answer: LabAnswer): Promise<void> {
  try {
    if (!REQUESTS.has(request)) throw new Error('no such request');
    socket.end(JSON.stringify({ value: await answer(request as LabRequest) }));
  } catch (error) {
    socket.end(JSON.stringify({ error: error instanceof Error ? error.message : 'failed' }));
  }
}

/** Asks the process that holds a lab. */
export function askLab(pid: number, request: LabRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath(pid));
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(PATIENCE_MS[request], () => socket.destroy(new Error('it does not answer')));
    socket.once('error', (error) => { reject(new Error(`ask the lab of process ${String(pid)}: ${error.message}`, { cause: error })); });
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.once('end', () => {
      const answer = parse(text);
      if (answer === undefined || answer.error !== undefined) reject(new Error(`ask the lab of process ${String(pid)}: ${answer?.error ?? 'it ended'}`));
      else resolve(answer.value);
    });
    socket.end(`${request}\n`);
  });
}

function parse(text: string): { readonly value?: unknown; readonly error?: string } | undefined {
  try {
    return JSON.parse(text) as { readonly value?: unknown; readonly error?: string };
  } catch {
    return undefined;
  }
}

function socketPath(pid: number): string {
  return `${ownerFolder(pid)}/control`;
}
