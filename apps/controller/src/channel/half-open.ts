import type { Socket } from 'node:net';

import { makePrefix, parseAddress } from '#model';

/** A thousand nodes may share an address and come at once; whoever has one more waits for the others to be known. */
const MOST_AN_ADDRESS = 1_024;
const MOST = 4_096;

export interface HalfOpenLimits {
  readonly mostAnAddress?: number;
  readonly most?: number;
  /** How long a connection may be of nobody. */
  readonly withinMs: number;
}

/** Connections nobody has proven anything on yet: so many, of one address fewer, and for so long. */
export class HalfOpen {
  readonly #limits: HalfOpenLimits;
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Map<string, { readonly socket: Socket; readonly leave: () => void }>();

  constructor(limits: HalfOpenLimits) {
    this.#limits = limits;
  }

  /** Takes a connection in, or says that it is one too many. */
  admits(socket: Socket): boolean {
    const { mostAnAddress = MOST_AN_ADDRESS, most = MOST, withinMs } = this.#limits;
    const network = networkOf(socket.remoteAddress ?? '');
    const count = this.#counts.get(network) ?? 0;
    if (count >= mostAnAddress || this.#waiting.size >= most) return false;
    const peer = `${socket.remoteAddress ?? ''}:${String(socket.remotePort)}`;
    const timer = setTimeout(() => {
      socket.destroy();
    }, withinMs);
    const leave = (): void => {
      clearTimeout(timer);
      socket.off('close', leave);
      this.#waiting.delete(peer);
      const left = (this.#counts.get(network) ?? 1) - 1;
      if (left > 0) this.#counts.set(network, left);
      else this.#counts.delete(network);
    };
    this.#counts.set(network, count + 1);
    this.#waiting.set(peer, { socket, leave });
    socket.once('close', leave);
    return true;
  }

  /** Somebody has proven who it is on this connection, as gRPC writes peers. */
  known(peer: string): void {
    this.#waiting.get(peer)?.leave();
  }

  end(): void {
    for (const { socket } of [...this.#waiting.values()]) socket.destroy();
  }
}

// one host has all of a /64; IPv4 comes in IPv6 clothes where both are listened on at once
function networkOf(text: string): string {
  const address = parseAddress(text.replace(/^::ffff:(?=\d+\.)/, ''));
  return address?.family === 6 ? makePrefix(6, address.bits, 64).text : (address?.text ?? text);
}
