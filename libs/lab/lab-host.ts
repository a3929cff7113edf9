import type { Address } from '#model';

import { NetworkNamespace } from './network-namespace.ts';
import { type Capture, PacketSender } from './packet-socket.ts';
import { RouteControl } from './route-control.ts';
import { addAddress, deleteAddress, deleteRoute, type Route, type RouteRequest, setRoute, setUp } from './route-message.ts';

const LOOPBACK = 1;

/**
 * One namespace of a lab with what was put into it, so that going on to the next world costs only
 * the differences.
 */
export class LabHost {
  readonly namespace: NetworkNamespace;
  readonly #control: RouteControl;
  readonly #makeCapture: (namespace: NetworkNamespace) => Capture;
  readonly #addresses = new Map<string, Address>();
  readonly #routes = new Map<string, { readonly route: Route; readonly text: string }>();
  #capture: Capture | undefined;
  #sender: PacketSender | undefined;

  constructor(what: string, variables: Readonly<Record<string, string>>, makeCapture: (namespace: NetworkNamespace) => Capture, name?: string) {
    this.namespace = new NetworkNamespace(name);
    this.#makeCapture = makeCapture;
    this.namespace.configure(variables);
    this.#control = new RouteControl(this.namespace, what);
    this.apply([setUp(LOOPBACK)]);
  }

  /** Where probes for this host arrive. */
  get capture(): Capture {
    return (this.#capture ??= this.#makeCapture(this.namespace));
  }

  get hasCapture(): boolean {
    return this.#capture !== undefined;
  }

  get sender(): PacketSender {
    return (this.#sender ??= new PacketSender(this.namespace));
  }

  apply(requests: readonly RouteRequest[]): void {
    this.#control.apply(requests);
  }

  /** Has exactly these addresses and these routes afterwards, beside those given by `apply`. */
  become(addresses: readonly Address[], routes: readonly Route[]): void {
    this.apply([...this.#addressChanges(addresses), ...this.#routeChanges(routes)]);
  }

  close(): void {
    this.#capture?.close();
    this.#sender?.close();
    this.#control.close();
    this.namespace.close();
  }

  #addressChanges(wanted: readonly Address[]): readonly RouteRequest[] {
    const next = new Map(wanted.map((address) => [address.text, address]));
    const requests: RouteRequest[] = [];
    for (const [text, address] of this.#addresses) {
      if (next.has(text)) continue;
      requests.push(deleteAddress(LOOPBACK, address));
      this.#addresses.delete(text);
    }
    for (const [text, address] of next) {
      if (this.#addresses.has(text)) continue;
      requests.push(addAddress(LOOPBACK, address));
      this.#addresses.set(text, address);
    }
    return requests;
  }

  #routeChanges(wanted: readonly Route[]): readonly RouteRequest[] {
    const next = new Map<string, { readonly route: Route; readonly text: string }>();
    for (const route of wanted) {
      const key = typeof route.destination === 'string' ? route.destination : route.destination.text;
      // an address two claim goes to the first of them
      if (!next.has(key)) next.set(key, { route, text: `${key} ${route.target.kind} ${String(route.target.kind === 'local' ? 0 : route.target.index)}` });
    }
    const requests: RouteRequest[] = [];
    for (const [key, { route, text }] of this.#routes) {
      if (next.get(key)?.text === text) continue;
      requests.push(deleteRoute(route));
      this.#routes.delete(key);
    }
    for (const [key, { route, text }] of next) {
      if (this.#routes.has(key)) continue;
      requests.push(setRoute(route));
      this.#routes.set(key, { route, text });
    }
    return requests;
  }
}
