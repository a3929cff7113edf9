import { flushConnections } from './connection-table.ts';
import { LabHost } from './lab-host.ts';
import type { LabNode, LabPlace, LabPod, LabWorld } from './lab-world.ts';
import { linksAreUp } from './link-state.ts';
import { Marker } from './marker.ts';
import { freeName } from './lab-names.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { type Capture, HostCapture, LinkCapture } from './packet-socket.ts';
import { addNeighbour, LOCAL_TABLE, mainBeforeLocal, type Route, setRoute } from './route-message.ts';
import { BRIDGE, BRIDGE_NAME, BRIDGED_ROUTER, bridgeOf, FABRIC, LOWER, nodeLink, onBridge, podLink, podLinkName, podMac, QUIET, ROUTER, UPPER, wireBridged, wireNode, wirePod, worldLink } from './wiring.ts';
import { Slots } from './slots.ts';

export interface LabOptions {
  /** Gives namespaces names that begin so and go on with whose they are; without it they have none, and vanish with the process. */
  readonly prefix?: string;
  /** Puts the pods of each node on a bridge, as Docker does, instead of routing between them. */
  readonly isBridged?: boolean;
}

/**
 * A cluster made of network namespaces: a router for each node, a host for each pod, and the world
 * around them.
 *
 * It stays up from one world to the next: namespaces and links are made when first needed and then
 * used again, addresses and routes change to what the next world has. The namespace of the process
 * gets no link, no address and no rule.
 */
export class Lab {
  readonly #prefix: string | undefined;
  readonly #isBridged: boolean;
  readonly #world: LabHost;
  readonly #nodes: LabHost[] = [];
  readonly #pods: LabHost[] = [];
  readonly #nodeSlots = new Slots();
  readonly #podSlots = new Slots();
  readonly #wired = new Set<string>();
  #nodeOf: ReadonlyMap<string, number> = new Map();
  #podOf: ReadonlyMap<string, number> = new Map();
  #marker: Marker | undefined;

  constructor({ prefix, isBridged = false }: LabOptions = {}) {
    this.#prefix = prefix;
    this.#isBridged = isBridged;
    this.#world = new LabHost('the world', ROUTER, (namespace) => new LinkCapture(namespace), this.#nameFor('world'));
    this.#world.apply([
      ...mainBeforeLocal(4),
      ...mainBeforeLocal(6),
      setRoute({ destination: 'v4', target: { kind: 'local' }, table: LOCAL_TABLE }),
      setRoute({ destination: 'v6', target: { kind: 'local' }, table: LOCAL_TABLE }),
    ]);
  }

  /** Becomes this world, at the cost of the differences. Connections the nodes know are left as they are. */
  show({ nodes, pods }: LabWorld): void {
    this.#nodeOf = this.#nodeSlots.assign(nodes.map(({ name }) => name));
    this.#podOf = this.#podSlots.assign(pods.map(({ key }) => key));
    const touched = this.#wireNew(pods);
    for (const host of touched) linksAreUp(host.namespace);
    this.#addressPods(pods);
    this.#addressNodes(nodes, pods);
    this.#routeWorld(nodes, pods);
  }

  /** The host at a place, where packets can be sent and awaited. */
  at(place: LabPlace): LabHost {
    switch (place.kind) {
      case 'pod':
        return present(this.#pods[this.#podOf.get(place.pod) ?? -1], place.pod);
      case 'node':
        return present(this.#nodes[this.#nodeOf.get(place.node) ?? -1], place.node);
      case 'outside':
        return this.#world;
    }
  }

  /** The bridge all pods of a node are plugged into, where they are. */
  get bridge(): string | undefined {
    return this.#isBridged ? BRIDGE_NAME : undefined;
  }

  /** The interface a pod's packets enter its node by. */
  interfaceOf(pod: string): string {
    const number = this.#podOf.get(pod);
    if (number === undefined) throw new Error(`lab: there is no ${pod} in this world`);
    return this.#isBridged ? BRIDGE_NAME : podLinkName(number);
  }

  /** Every host whose arrivals are being watched. */
  *captures(): Generator<readonly [LabHost, Capture]> {
    for (const host of [this.#world, ...this.#nodes, ...this.#pods]) if (host.hasCapture) yield [host, host.capture];
  }

  /** The namespaces of the nodes of this world, by name. */
  nodeNamespaces(): ReadonlyMap<string, NetworkNamespace> {
    return new Map([...this.#nodeOf].map(([name, number]) => [name, present(this.#nodes[number], name).namespace]));
  }

  /** Makes every node forget the connections it knows. */
  forgetConnections(): void {
    for (const namespace of this.nodeNamespaces().values()) flushConnections(namespace);
  }

  /** Packets that tell when everything sent before has been dealt with. */
  get marker(): Marker {
    return (this.#marker ??= new Marker(this.#world));
  }

  close(): void {
    this.#marker?.close();
    for (const host of [...this.#pods, ...this.#nodes, this.#world]) host.close();
  }

  // Makes what has never been needed before; gives the hosts that got new links.
  #wireNew(pods: readonly LabPod[]): ReadonlySet<LabHost> {
    const touched = new Set<LabHost>();
    for (const [name, number] of this.#nodeOf) {
      if (this.#nodes[number] !== undefined) continue;
      const host = new LabHost(`node ${String(number)}`, this.#isBridged ? BRIDGED_ROUTER : ROUTER, (namespace) => new HostCapture(namespace), this.#nameFor(name));
      this.#nodes[number] = host;
      connect(this.#world, host, wireNode(number, host.namespace));
      host.apply([...defaultRoutes(FABRIC).map(setRoute), ...(this.#isBridged ? bridgeOf(number) : [])]);
      touched.add(host).add(this.#world);
    }
    for (const { key, node } of pods) {
      const [number, on] = [this.#podOf.get(key) ?? -1, this.#nodeOf.get(node) ?? -1];
      const host = (this.#pods[number] ??= new LabHost(`pod ${String(number)}`, QUIET, (namespace) => new LinkCapture(namespace), this.#nameFor(key)));
      const pair = `${String(number)} ${String(on)}`;
      if (this.#wired.has(pair)) continue;
      const router = present(this.#nodes[on], node);
      connect(router, host, (this.#isBridged ? wireBridged : wirePod)(number, on, host.namespace));
      this.#wired.add(pair);
      touched.add(host).add(router);
    }
    return touched;
  }

  #addressPods(pods: readonly LabPod[]): void {
    const used = new Set<LabHost>();
    for (const { key, node, addresses } of pods) {
      const host = this.at({ kind: 'pod', pod: key });
      used.add(host);
      const link = nodeLink(this.#nodeOf.get(node) ?? -1);
      host.become(addresses, [...defaultRoutes(link), ...(this.#isBridged ? this.#neighbourRoutes(host, link, key, node, pods) : [])]);
    }
    for (const host of this.#pods) if (!used.has(host)) host.become([], []);
  }

  // Straight to the other pods of the bridge, whose hardware addresses are told beforehand.
  #neighbourRoutes(host: LabHost, link: number, key: string, node: string, pods: readonly LabPod[]): readonly Route[] {
    const others = pods.filter((other) => other.node === node && other.key !== key);
    const on = this.#nodeOf.get(node) ?? -1;
    host.apply(others.flatMap((other) => other.addresses.map((address) => addNeighbour(link, address, podMac(this.#podOf.get(other.key) ?? -1, on)))));
    return others.flatMap(({ addresses }) => addresses.map((destination) => ({ destination, target: { kind: 'on link', index: link } as const })));
  }

  #addressNodes(nodes: readonly LabNode[], pods: readonly LabPod[]): void {
    const routes = new Map<string, Route[]>();
    for (const { key, node, addresses } of pods) {
      const number = this.#podOf.get(key) ?? -1;
      const target = this.#isBridged ? ({ kind: 'via', index: BRIDGE, gateway: onBridge(number) } as const) : ({ kind: 'via', index: podLink(number), gateway: LOWER } as const);
      const own = routes.get(node) ?? [];
      own.push(...addresses.map((destination) => ({ destination, target })));
      routes.set(node, own);
    }
    const used = new Set<LabHost>();
    for (const { name, addresses } of nodes) {
      const host = this.at({ kind: 'node', node: name });
      used.add(host);
      host.become(addresses, routes.get(name) ?? []);
    }
    for (const host of this.#nodes) if (!used.has(host)) host.become([], []);
  }

  #routeWorld(nodes: readonly LabNode[], pods: readonly LabPod[]): void {
    const routeTo = (node: string) => ({ kind: 'via', index: worldLink(this.#nodeOf.get(node) ?? -1), gateway: LOWER }) as const;
    this.#world.become(
      [],
      [
        ...nodes.flatMap(({ name, addresses }) => addresses.map((destination) => ({ destination, target: routeTo(name) }))),
        ...pods.flatMap(({ node, addresses }) => addresses.map((destination) => ({ destination, target: routeTo(node) }))),
      ],
    );
  }

  #nameFor(whose: string): string | undefined {
    return this.#prefix === undefined ? undefined : freeName(this.#prefix, whose);
  }
}

function connect(upper: LabHost, lower: LabHost, requests: ReturnType<typeof wireNode>): void {
  upper.apply(requests.upper);
  lower.apply(requests.lower);
}

function defaultRoutes(index: number): readonly Route[] {
  return (['v4', 'v6'] as const).map((destination) => ({ destination, target: { kind: 'via', index, gateway: UPPER } }));
}

function present(host: LabHost | undefined, name: string): LabHost {
  if (host === undefined) throw new Error(`lab: there is no ${name} in this world`);
  return host;
}
