import { NetlinkSocket } from '#dataplane';

import type { NetworkNamespace } from './network-namespace.ts';
import { routeMessage, type RouteRequest } from './route-message.ts';

const NETLINK_ROUTE = 0;
/** What one datagram may hold; the default send buffer takes more. */
const DATAGRAM = 32 * 1024;

/** Changes links, addresses and routes of one namespace, thousands a second. */
export class RouteControl {
  readonly #socket: NetlinkSocket;
  readonly #where: string;

  constructor(namespace: NetworkNamespace, where: string) {
    this.#socket = new NetlinkSocket({ protocol: NETLINK_ROUTE, namespacePath: namespace.path });
    this.#where = where;
  }

  /** Does all of them, in order; throws with the first that the kernel refused. */
  apply(requests: readonly RouteRequest[]): void {
    let parts: Buffer[] = [];
    let size = 0;
    for (const [at, request] of requests.entries()) {
      const message = routeMessage(request, at + 1);
      if (size + message.length > DATAGRAM) {
        this.#send(parts, requests);
        parts = [];
        size = 0;
      }
      parts.push(message);
      size += message.length;
    }
    if (parts.length > 0) this.#send(parts, requests);
  }

  close(): void {
    this.#socket.close();
  }

  #send(parts: readonly Buffer[], requests: readonly RouteRequest[]): void {
    this.#socket.send(Buffer.concat(parts));
    const [refusal] = this.#socket.answers().filter(({ errno }) => errno !== 0);
    if (refusal === undefined) return;
    const { what = 'change' } = requests[refusal.sequence - 1] ?? {};
    throw new Error(`lab, ${this.#where}: ${what}: ${refusal.code}${refusal.text === undefined ? '' : ` (${refusal.text})`}`);
  }
}
