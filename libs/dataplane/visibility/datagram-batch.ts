import koffi from 'koffi';

import { lastErrno, SystemCallError } from '../netlink/system-calls.ts';

const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const EINTR = 4;
const EAGAIN = 11;
const ENOBUFS = 105;

// struct mmsghdr and struct iovec of 64-bit Linux
const HEADER = 64;
const AT_VECTOR = 16;
const AT_VECTOR_COUNT = 24;
const AT_FLAGS = 48;
const AT_LENGTH = 56;
const VECTOR = 16;

type ReceiveMany = (fd: number, headers: Buffer, count: number, flags: number, timeout: null) => number;

let receiveMany: ReceiveMany | undefined;

function bindReceiveMany(): ReceiveMany {
  return koffi.load(null).func('int recvmmsg(int fd, void *headers, unsigned int count, int flags, void *timeout)');
}

/**
 * Reads many datagrams with one system call into memory that is used again and again.
 *
 * Connection events come one to a datagram; read one at a time, the calls cost as much as the
 * rest. Datagram `i` lies in `bytes` from `start(i)`, and only until the next `receive`.
 */
export class DatagramBatch {
  readonly bytes: Buffer;
  /** The most one `receive` gives. */
  readonly slots: number;
  readonly #slotSize: number;
  readonly #headers: Buffer;
  readonly #vectors: Buffer;

  constructor(slots: number, slotSize: number) {
    this.slots = slots;
    this.#slotSize = slotSize;
    // not from Node's pool: the kernel is given addresses, which must stay
    this.bytes = Buffer.allocUnsafeSlow(slots * slotSize);
    this.#headers = Buffer.from(new ArrayBuffer(slots * HEADER));
    this.#vectors = Buffer.from(new ArrayBuffer(slots * VECTOR));
    const data = koffi.address(this.bytes);
    const vectors = koffi.address(this.#vectors);
    for (let slot = 0; slot < slots; slot += 1) {
      this.#vectors.writeBigUInt64LE(data + BigInt(slot * slotSize), slot * VECTOR);
      this.#vectors.writeBigUInt64LE(BigInt(slotSize), slot * VECTOR + 8);
      this.#headers.writeBigUInt64LE(vectors + BigInt(slot * VECTOR), slot * HEADER + AT_VECTOR);
      this.#headers.writeBigUInt64LE(1n, slot * HEADER + AT_VECTOR_COUNT);
    }
  }

  /** How many datagrams there were, without waiting; `overflow` where the kernel threw some away before these. */
  receive(fd: number): number | 'overflow' {
    receiveMany ??= bindReceiveMany();
    for (;;) {
      const count = receiveMany(fd, this.#headers, this.slots, MSG_DONTWAIT, null);
      if (count >= 0) return count;
      const errno = lastErrno();
      if (errno === EAGAIN) return 0;
      if (errno === ENOBUFS) return 'overflow';
      if (errno !== EINTR) throw new SystemCallError('read from netlink', errno);
    }
  }

  start(at: number): number {
    return at * this.#slotSize;
  }

  end(at: number): number {
    return at * this.#slotSize + Math.min(this.#headers.readUInt32LE(at * HEADER + AT_LENGTH), this.#slotSize);
  }

  /** Whether the datagram was longer than its place. */
  isCut(at: number): boolean {
    return (this.#headers.readUInt32LE(at * HEADER + AT_FLAGS) & MSG_TRUNC) !== 0;
  }
}
