import { acknowledgementIn, type Acknowledgement, isDone, messages, type NetlinkMessage, NLM_F_DUMP_INTR } from './netlink-message.ts';
import { inNetworkNamespace } from './network-namespace.ts';
import { type ReadableWatch, whenReadable } from './readable-watch.ts';
import { attachFilter, checked, lastErrno, SystemCallError, systemCalls } from './system-calls.ts';

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
const NETLINK_DROP_MEMBERSHIP = 2;
const NETLINK_NO_ENOBUFS = 5;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const BPF_LOAD_WORD = 0x20;
const BPF_JUMP_EQUAL = 0x15;
const BPF_RETURN = 0x06;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const EINTR = 4;
const EAGAIN = 11;
const ENOBUFS = 105;

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** Room for what one read returns: the kernel packs a dump into pieces of at most 32 KiB. */
const READ_SIZE = 64 * 1024;

export interface NetlinkSocketOptions {
  /** Which part of the kernel to talk to; netfilter unless said. */
  readonly protocol?: number;
  /** The network namespace to live in, such as `/run/netns/a`; without it that of the thread. */
  readonly namespacePath?: string;
  readonly receiveBufferBytes?: number;
  /** The largest batch that can be sent at once. */
  readonly sendBufferBytes?: number;
  /** Loses messages without being told, where it cannot keep up. */
  readonly ignoresOverflow?: boolean;
}

/** What a read found: so many bytes, nothing within the time, or that the kernel threw messages away. */
export type Received = { readonly kind: 'bytes'; readonly length: number } | { readonly kind: 'nothing' } | { readonly kind: 'overflow' };

/**
 * A raw netlink socket.
 *
 * Sending is synchronous, and the kernel has done what a request asks for when `send` returns: the
 * answer can be read at once. Notifications come through `onMessages`, on the event loop, at no cost
 * while there are none. Kept in the network namespace it was opened in until it is closed.
 */
export class NetlinkSocket {
  readonly fd: number;
  /** The address of this socket: what notifications name as their cause. */
  readonly portId: number;
  readonly #buffer = Buffer.alloc(READ_SIZE);
  #watch: ReadableWatch | undefined;
  #isClosed = false;

  constructor(options: NetlinkSocketOptions = {}) {
    const { socket } = systemCalls();
    const protocol = options.protocol ?? NETLINK_NETFILTER;
    this.fd = inNetworkNamespace(options.namespacePath, () => checked('open netlink socket', socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)));
    try {
      this.portId = this.#bind();
      this.#setOption(SOL_NETLINK, NETLINK_CAP_ACK, 1);
      this.#setOption(SOL_NETLINK, NETLINK_EXT_ACK, 1);
      if (options.ignoresOverflow === true) this.#setOption(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1);
      // forcing goes beyond the system's limit and needs CAP_NET_ADMIN in the first user namespace
      if (options.sendBufferBytes !== undefined) this.#resize(SO_SNDBUFFORCE, SO_SNDBUF, options.sendBufferBytes);
      if (options.receiveBufferBytes !== undefined) this.#resize(SO_RCVBUFFORCE, SO_RCVBUF, options.receiveBufferBytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Subscribes to a group of notifications. */
  join(group: number): void {
    this.#setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
  }

  leave(group: number): void {
    this.#setOption(SOL_NETLINK, NETLINK_DROP_MEMBERSHIP, group);
  }

  /** Lets the kernel throw away notifications caused by another socket, before they take up room here. */
  dropFrom(portId: number): void {
    // load the sender of the message, in network order; is it that one, take nothing, else everything
    const program = Buffer.alloc(32);
    const step = (at: number, code: number, whenTrue: number, whenFalse: number, value: number): void => {
      program.writeUInt16LE(code, 8 * at);
      program[8 * at + 2] = whenTrue;
      program[8 * at + 3] = whenFalse;
      program.writeUInt32LE(value >>> 0, 8 * at + 4);
    };
    const swapped = Buffer.alloc(4);
    swapped.writeUInt32LE(portId, 0);
    step(0, BPF_LOAD_WORD, 0, 0, 12);
    step(1, BPF_JUMP_EQUAL, 0, 1, swapped.readUInt32BE(0));
    step(2, BPF_RETURN, 0, 0, 0);
    step(3, BPF_RETURN, 0, 0, 0xffffffff);
    attachFilter(this.fd, program, 4);
  }

  /** Sends bytes as one datagram: however many messages it holds, the kernel takes them together. */
  send(bytes: Uint8Array): void {
    this.#assertOpen();
    for (;;) {
      const sent = systemCalls().send(this.fd, bytes, bytes.length, 0);
      if (sent >= 0) return;
      const errno = lastErrno();
      if (errno !== EINTR) throw new SystemCallError(`send ${String(bytes.length)} bytes over netlink`, errno);
    }
  }

  /** Reads one datagram into `into`, waiting at most so long; 0 does not wait, -1 waits for ever. Longer datagrams are cut. */
  receive(into: Buffer, timeoutMs: number): Received {
    this.#assertOpen();
    const { recv } = systemCalls();
    for (;;) {
      const length = recv(this.fd, into, into.length, MSG_DONTWAIT | MSG_TRUNC);
      if (length >= 0) return { kind: 'bytes', length: Math.min(length, into.length) };
      const errno = lastErrno();
      if (errno === ENOBUFS) return { kind: 'overflow' };
      if (errno === EINTR) continue;
      if (errno !== EAGAIN) throw new SystemCallError('read from netlink', errno);
      if (timeoutMs === 0 || !this.#isReadableWithin(timeoutMs)) return { kind: 'nothing' };
    }
  }

  /**
   * Sends one request whose answer is a list, and hands over every message of the list.
   *
   * Throws where the kernel refuses. Says `false` where something changed meanwhile and the list
   * may be inconsistent: ask again.
   */
  dump(request: Uint8Array, visit: (message: NetlinkMessage) => void): boolean {
    this.send(request);
    let isConsistent = true;
    for (;;) {
      const received = this.receive(this.#buffer, 10_000);
      if (received.kind !== 'bytes') throw new Error(`read a list over netlink: ${received.kind === 'overflow' ? 'the kernel dropped part of it' : 'no answer'}`);
      for (const message of messages(this.#buffer, received.length)) {
        if ((message.flags & NLM_F_DUMP_INTR) !== 0) isConsistent = false;
        const answer = acknowledgementIn(message);
        if (answer === undefined) visit(message);
        else if (answer.errno !== 0) throw new SystemCallError(describeRefusal('read a list over netlink', answer), answer.errno);
        else if (isDone(message)) return isConsistent;
        else return isConsistent;
      }
    }
  }

  /** The answers that are there, without waiting; the kernel puts them there before `send` returns. */
  answers(): readonly Acknowledgement[] {
    const found: Acknowledgement[] = [];
    for (;;) {
      const received = this.receive(this.#buffer, 0);
      if (received.kind === 'nothing') return found;
      if (received.kind === 'overflow') continue;
      for (const message of messages(this.#buffer, received.length)) {
        const answer = acknowledgementIn(message);
        if (answer !== undefined) found.push(answer);
      }
    }
  }

  /**
   * Calls back on the event loop with each notification, and `onOverflow` each time the kernel had
   * to throw some away. Keeps the process alive until the socket is closed.
   */
  onMessages(visit: (message: NetlinkMessage) => void, onOverflow: () => void): void {
    if (this.#watch !== undefined) throw new Error('netlink: the socket has a listener already');
    this.#watch = whenReadable(this.fd, () => {
      this.#deliver(visit, onOverflow);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch?.stop();
    systemCalls().close(this.fd);
  }

  // at most so many datagrams at a turn, so that a flood leaves the event loop its share
  #deliver(visit: (message: NetlinkMessage) => void, onOverflow: () => void): void {
    for (let turn = 0; turn < 256 && !this.#isClosed; turn += 1) {
      const received = this.receive(this.#buffer, 0);
      if (received.kind === 'nothing') return;
      if (received.kind === 'overflow') onOverflow();
      else {
        for (const message of messages(this.#buffer, received.length)) {
          visit(message);
          if (this.isClosed) return;
        }
      }
    }
  }

  #bind(): number {
    const { bind, getsockname } = systemCalls();
    const address = Buffer.alloc(12);
    address.writeUInt16LE(AF_NETLINK, 0);
    checked('bind netlink socket', bind(this.fd, address, address.length));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(address.length, 0);
    checked('read the address of a netlink socket', getsockname(this.fd, address, length));
    return address.readUInt32LE(4);
  }

  #setOption(level: number, name: number, value: number): void {
    checked(`set netlink option ${String(name)}`, this.#trySetOption(level, name, value));
  }

  #trySetOption(level: number, name: number, value: number): number {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value, 0);
    return systemCalls().setsockopt(this.fd, level, name, bytes, 4);
  }

  #resize(force: number, ask: number, size: number): void {
    if (this.#trySetOption(SOL_SOCKET, force, size) < 0) this.#setOption(SOL_SOCKET, ask, size);
  }

  #isReadableWithin(timeoutMs: number): boolean {
    const fds = Buffer.alloc(8);
    fds.writeInt32LE(this.fd, 0);
    fds.writeInt16LE(POLLIN, 4);
    const found = systemCalls().poll(fds, 1, timeoutMs);
    return found > 0 || (found < 0 && lastErrno() === EINTR);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error('netlink: the socket is closed');
  }
}

/** One line about a refusal: what was being done, and what the kernel says about it. */
export function describeRefusal(what: string, { code, text }: Acknowledgement): string {
  return text === undefined ? `${what}: ${code}` : `${what}: ${code}, ${text}`;
}
