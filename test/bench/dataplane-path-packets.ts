import koffi from 'koffi';

import { internetChecksum } from '../../libs/lab/checksum.ts';
import { addressBytes } from '../../libs/lab/route-message.ts';
import type { NetworkNamespace } from '../../libs/lab/network-namespace.ts';
import { checked } from '../../libs/lab/system-calls.ts';
import type { Address } from '#model';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETHERNET = 14;
const MESSAGE_HEADER = 64;

export const SYN = 0x02;
export const SYN_ACK = 0x12;
export const ACK = 0x10;

export interface Segment {
  readonly macs: { readonly from: string; readonly to: string };
  readonly from: Address;
  readonly to: Address;
  readonly ports: { readonly from: number; readonly to: number };
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledged: number;
  readonly payload?: string;
}

/** A TCP segment as an Ethernet frame. Its TCP checksum is left out, as on every virtual link. */
export function frameOf({ macs, from, to, ports, flags, sequence, acknowledged, payload = '' }: Segment): Buffer {
  const tcp = Buffer.alloc(20 + payload.length);
  tcp.writeUInt16BE(ports.from, 0);
  tcp.writeUInt16BE(ports.to, 2);
  tcp.writeUInt32BE(sequence, 4);
  tcp.writeUInt32BE(acknowledged, 8);
  tcp[12] = 0x50;
  tcp[13] = flags;
  tcp.writeUInt16BE(65_000, 14);
  tcp.write(payload, 20, 'latin1');
  const ethernet = Buffer.alloc(ETHERNET);
  Buffer.from(macs.to.replaceAll(':', ''), 'hex').copy(ethernet, 0);
  Buffer.from(macs.from.replaceAll(':', ''), 'hex').copy(ethernet, 6);
  ethernet.writeUInt16BE(from.family === 4 ? 0x0800 : 0x86dd, 12);
  return Buffer.concat([ethernet, from.family === 4 ? header4(from, to, tcp.length) : header6(from, to, tcp.length), tcp]);
}

function header4(from: Address, to: Address, length: number): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + length, 2);
  header[8] = 64;
  header[9] = 6;
  addressBytes(from).copy(header, 12);
  addressBytes(to).copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return header;
}

function header6(from: Address, to: Address, length: number): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(length, 4);
  header[6] = 6;
  header[7] = 64;
  addressBytes(from).copy(header, 8);
  addressBytes(to).copy(header, 24);
  return header;
}

/**
 * Sends frames by one system call from a link of a namespace.
 *
 * On virtual links the sending thread itself carries every packet through the router to its end
 * before the call returns: the time of the call is the time of the way.
 */
export class FrameBatch {
  readonly #fd: number;
  readonly #frames: Buffer;
  readonly #headers: Buffer;
  // what the headers point at
  readonly #vectors: Buffer;
  readonly #size: number;
  readonly #count: number;
  readonly #portAt: number;

  constructor(namespace: NetworkNamespace, link: number, frames: readonly Buffer[]) {
    const [first = Buffer.alloc(0)] = frames;
    this.#size = first.length;
    this.#count = frames.length;
    this.#portAt = ETHERNET + (first.readUInt16BE(12) === 0x0800 ? 20 : 40);
    this.#frames = Buffer.from(new ArrayBuffer(this.#size * frames.length));
    this.#vectors = Buffer.from(new ArrayBuffer(16 * frames.length));
    this.#headers = Buffer.from(new ArrayBuffer(MESSAGE_HEADER * frames.length));
    for (const [at, frame] of frames.entries()) {
      this.#frames.set(frame, at * this.#size);
      this.#vectors.writeBigUInt64LE(koffi.address(this.#frames) + BigInt(at * this.#size), at * 16);
      this.#vectors.writeBigUInt64LE(BigInt(this.#size), at * 16 + 8);
      this.#headers.writeBigUInt64LE(koffi.address(this.#vectors) + BigInt(at * 16), at * MESSAGE_HEADER + 16);
      this.#headers.writeBigUInt64LE(1n, at * MESSAGE_HEADER + 24);
    }
    this.#fd = namespace.run(() => openOn(link));
  }

  get length(): number {
    return this.#count;
  }

  /** Gives every frame a source port of its own, from this one on. */
  number(port: number): void {
    for (let at = 0; at < this.#count; at += 1) this.#frames.writeUInt16BE(port + at, at * this.#size + this.#portAt);
  }

  /** Microseconds a packet took. */
  send(): number {
    const from = process.hrtime.bigint();
    const sent = calls().sendmmsg(this.#fd, this.#headers, this.#count, 0);
    const nanoseconds = Number(process.hrtime.bigint() - from);
    if (sent !== this.#count) throw new Error(`send packets: ${String(sent)} of ${String(this.#count)}`);
    return nanoseconds / 1_000 / this.#count;
  }

  close(): void {
    calls().close(this.#fd);
  }
}

interface Calls {
  readonly socket: (...values: readonly unknown[]) => number;
  readonly bind: (...values: readonly unknown[]) => number;
  readonly sendmmsg: (...values: readonly unknown[]) => number;
  readonly close: (...values: readonly unknown[]) => number;
}

let bound: Calls | undefined;

function calls(): Calls {
  return (bound ??= bindCalls());
}

function bindCalls(): Calls {
  const library = koffi.load(null);
  return {
    socket: library.func('int socket(int domain, int type, int protocol)') as Calls['socket'],
    bind: library.func('int bind(int fd, const void *address, uint32_t length)') as Calls['bind'],
    sendmmsg: library.func('int sendmmsg(int fd, void *headers, unsigned int count, int flags)') as Calls['sendmmsg'],
    close: library.func('int close(int fd)') as Calls['close'],
  };
}

function openOn(link: number): number {
  const fd = checked('open packet socket', calls().socket(AF_PACKET, SOCK_RAW, 0));
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeInt32LE(link, 4);
  checked('bind packet socket', calls().bind(fd, address, address.length));
  return fd;
}
