import { addressBytes } from './route-message.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { tagIn, transportTag, TRANSPORT_NUMBER } from './probe-packet.ts';
import { checked, EAGAIN, lastErrno, systemCalls } from './system-calls.ts';
import type { Address, IpFamily } from '#model';

const AF_INET = 2;
const AF_INET6 = 10;
const AF_PACKET = 17;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0x80000;
const ETH_P_ALL_BE = 0x0300;
const IPPROTO_RAW = 255;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const PACKET_OUTGOING = 4;

/** Enough for some ten thousand small packets. */
const RECEIVE_BUFFER = 16 * 1024 * 1024;

/** Sends packets, headers and all, from inside a namespace; its routes and output rules apply. */
export class PacketSender {
  readonly #fd4: number;
  readonly #fd6: number;

  constructor(namespace: NetworkNamespace) {
    this.#fd4 = openRaw(namespace, AF_INET, IPPROTO_RAW);
    this.#fd6 = openRaw(namespace, AF_INET6, IPPROTO_RAW);
  }

  /** Gives 0, or the number of the error: 1 is the kernel's word for a packet its own rules dropped. */
  send(bytes: Buffer, destination: Address): number {
    const fd = destination.family === 4 ? this.#fd4 : this.#fd6;
    const address = socketAddress(destination, 0);
    return systemCalls().sendto(fd, bytes, bytes.length, 0, address, address.length) >= 0 ? 0 : lastErrno();
  }

  close(): void {
    systemCalls().close(this.#fd4);
    systemCalls().close(this.#fd6);
  }
}

/** What tells which probes arrived somewhere. */
export interface Capture {
  /** Descriptors to wait for. */
  readonly fds: readonly number[];
  /** Hands over the tag of every probe that arrived since, without waiting. */
  drain(visit: (tag: number, hopLimit: number) => void): void;
  close(): void;
}

const buffer = Buffer.alloc(65_536);
const origin = Buffer.alloc(20);
const originLength = Buffer.alloc(4);

/** Sees what comes in at the links of a namespace, its own loopback included, before anything there judges it. */
export class LinkCapture implements Capture {
  readonly fds: readonly number[];

  constructor(namespace: NetworkNamespace) {
    const fd = namespace.run(() => checked('open packet socket', systemCalls().socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, ETH_P_ALL_BE)));
    enlarge(fd);
    this.fds = [fd];
  }

  drain(visit: (tag: number, hopLimit: number) => void): void {
    const [fd = -1] = this.fds;
    for (;;) {
      originLength.writeUInt32LE(origin.length);
      const length = systemCalls().recvfrom(fd, buffer, buffer.length, MSG_DONTWAIT | MSG_TRUNC, origin, originLength);
      if (length < 0) break;
      if (origin[10] === PACKET_OUTGOING) continue;
      const held = Math.min(length, buffer.length);
      const tag = tagIn(buffer, held);
      if (tag !== undefined) visit(tag, buffer[7] ?? 0);
    }
    assertEmpty();
  }

  close(): void {
    for (const fd of this.fds) systemCalls().close(fd);
  }
}

/** Sees what a namespace takes for itself, after its input rules: what a host-network pod gets. */
export class HostCapture implements Capture {
  readonly #sockets: readonly { readonly fd: number; readonly family: IpFamily; readonly transport: number }[];

  constructor(namespace: NetworkNamespace) {
    const { tcp, udp, sctp, icmp, icmp6 } = TRANSPORT_NUMBER;
    this.#sockets = [
      ...[tcp, udp, sctp, icmp].map((transport) => ({ family: 4 as const, transport, fd: openRaw(namespace, AF_INET, transport) })),
      ...[tcp, udp, sctp, icmp6].map((transport) => ({ family: 6 as const, transport, fd: openRaw(namespace, AF_INET6, transport) })),
    ];
    for (const { fd } of this.#sockets) enlarge(fd);
  }

  get fds(): readonly number[] {
    return this.#sockets.map(({ fd }) => fd);
  }

  drain(visit: (tag: number, hopLimit: number) => void): void {
    for (const { fd, family, transport } of this.#sockets) {
      for (;;) {
        const length = systemCalls().recvfrom(fd, buffer, buffer.length, MSG_DONTWAIT, null, null);
        if (length < 0) break;
        // IPv6 leaves its header out
        const tag = family === 4 ? tagIn(buffer, length) : transportTag(buffer, 0, length, transport);
        if (tag !== undefined) visit(tag, 0);
      }
      assertEmpty();
    }
  }

  close(): void {
    for (const { fd } of this.#sockets) systemCalls().close(fd);
  }
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
export function socketAddress(address: Address, port: number): Buffer {
  const bytes = Buffer.alloc(address.family === 4 ? 16 : 28);
  bytes.writeUInt16LE(address.family === 4 ? AF_INET : AF_INET6, 0);
  bytes.writeUInt16BE(port, 2);
  addressBytes(address).copy(bytes, address.family === 4 ? 4 : 8);
  return bytes;
}

function openRaw(namespace: NetworkNamespace, family: number, protocol: number): number {
  return namespace.run(() => checked('open raw socket', systemCalls().socket(family, SOCK_RAW | SOCK_CLOEXEC, protocol)));
}

function enlarge(fd: number): void {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(RECEIVE_BUFFER);
  checked('enlarge receive buffer', systemCalls().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4));
}

// the read that ended the loop has to have found nothing, and not an error
function assertEmpty(): void {
  const errno = lastErrno();
  if (errno !== EAGAIN) throw new Error(`lab: read packets: errno ${String(errno)}`);
}
