import koffi from 'koffi';
import { spawnSync } from 'node:child_process';

import { CLIENT, SERVER } from '../kernel/visibility-world.ts';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const FRAME = 60;
const AT_PORTS = 34;
const BATCH = 64;
const MOST_LATE = 900;
/** Gives the processor to whoever takes the packets. */
const PACE_MS = 1;
const clock = new Int32Array(new SharedArrayBuffer(4));

function pause(milliseconds: number): void {
  Atomics.wait(clock, 0, 0, milliseconds);
}

/**
 * Sends one datagram of each of so many flows a second, from the namespace it runs in,
 * evenly, and says how many seconds that took.
 *
 * Every batch is one system call. Packets wait for the node's chains in a queue of a thousand, so
 * what is late is made up for a little at a time.
 */
export function generateFlows(perSecond: number, seconds: number): number {
  const library = koffi.load(null);
  const socket = library.func('int socket(int domain, int type, int protocol)');
  const bind = library.func('int bind(int fd, const void *address, uint32_t length)');
  const sendmmsg = library.func('int sendmmsg(int fd, void *headers, unsigned int count, int flags)');
  const fd = socket(AF_PACKET, SOCK_RAW, 0) as number;
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeInt32LE(interfaceIndex(), 4);
  if (fd < 0 || (bind(fd, address, address.length) as number) < 0) throw new Error('flow generator: no packet socket');
  const frames = Buffer.from(new ArrayBuffer(BATCH * FRAME));
  const frame = firstFrame();
  const headers = Buffer.from(new ArrayBuffer(BATCH * 64));
  const vectors = Buffer.from(new ArrayBuffer(BATCH * 16));
  for (let at = 0; at < BATCH; at += 1) {
    frames.set(frame, at * FRAME);
    vectors.writeBigUInt64LE(koffi.address(frames) + BigInt(at * FRAME), at * 16);
    vectors.writeBigUInt64LE(BigInt(frame.length), at * 16 + 8);
    headers.writeBigUInt64LE(koffi.address(vectors) + BigInt(at * 16), at * 64 + 16);
    headers.writeBigUInt64LE(1n, at * 64 + 24);
  }
  const total = perSecond * seconds;
  const from = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, sent + MOST_LATE, Math.floor(((performance.now() - from) / 1_000) * perSecond));
    if (due > sent) pause(PACE_MS);
    while (sent < due) {
      const count = Math.min(BATCH, due - sent);
      for (let at = 0; at < count; at += 1) {
        const flow = sent + at;
        frames.writeUInt16BE(1_024 + (flow % 60_000), at * FRAME + AT_PORTS);
        frames.writeUInt16BE(9_000 + Math.floor(flow / 60_000), at * FRAME + AT_PORTS + 2);
      }
      sent += Math.max(1, sendmmsg(fd, headers, count, 0) as number);
    }
  }
  return (performance.now() - from) / 1_000;
}

function interfaceIndex(): number {
  return Number(/^(\d+): eth0/m.exec(run('ip', '-o', 'link'))?.[1]);
}

// an empty datagram to the server through the node, padded as Ethernet wants it
function firstFrame(): Buffer {
  const own = /link\/ether ([0-9a-f:]+)/.exec(run('ip', '-o', 'link', 'show', 'eth0'))?.[1] ?? '';
  const node = macOfNode();
  const bytes = Buffer.alloc(FRAME);
  Buffer.from(node.replaceAll(':', ''), 'hex').copy(bytes, 0);
  Buffer.from(own.replaceAll(':', ''), 'hex').copy(bytes, 6);
  bytes.writeUInt16BE(0x0800, 12);
  bytes[14] = 0x45;
  bytes.writeUInt16BE(46, 16);
  bytes[22] = 64;
  bytes[23] = 17;
  for (const [at, text] of [[26, CLIENT.four], [30, SERVER.four]] as const) Buffer.from(text.split('.').map(Number)).copy(bytes, at);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += bytes.readUInt16BE(at);
  bytes.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 24);
  bytes.writeUInt16BE(26, 38);
  return bytes;
}

function macOfNode(): string {
  const found = /lladdr ([0-9a-f:]+)/.exec(run('ip', 'neigh', 'show', '10.64.0.1'))?.[1];
  if (found !== undefined) return found;
  throw new Error('flow generator: the node is not known yet');
}

function run(...[command = '', ...args]: readonly string[]): string {
  return spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` } }).stdout;
}
