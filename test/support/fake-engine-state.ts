import { createHash } from 'node:crypto';

import { addressFromBits, lastOf, parsePrefix, type Prefix } from '#model';

type Fields = Readonly<Record<string, unknown>>;

export interface FakeNetwork {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly blocks: readonly Prefix[];
  readonly options: Fields;
}

export interface FakeEndpoint {
  readonly network: FakeNetwork;
  readonly aliases: readonly string[];
  /** Addresses while it is up, one of each block. */
  addresses: readonly string[] | undefined;
}

export interface FakeContainer {
  readonly id: string;
  name: string;
  readonly config: Fields;
  readonly hostConfig: Fields;
  readonly mode: string;
  readonly endpoints: Map<string, FakeEndpoint>;
  status: 'created' | 'running' | 'exited';
  pid: number;
  /** While it is being started, and cannot be asked about. */
  starting: Promise<void> | undefined;
}

/** What a fake engine has: containers, networks, who has which address, and what happened. */
export class FakeEngineState {
  readonly containers = new Map<string, FakeContainer>();
  readonly networks = new Map<string, FakeNetwork>();
  readonly events: Fields[] = [];
  onEvent: (event: Fields) => void = () => undefined;
  #made = 0;
  #pid = 1_000;

  constructor() {
    this.addNetwork('bridge', 'bridge', ['172.17.0.0/16'], { 'com.docker.network.bridge.default_bridge': 'true', 'com.docker.network.bridge.name': 'docker0' });
    this.addNetwork('host', 'host', [], {});
    this.addNetwork('none', 'null', [], {});
  }

  addNetwork(name: string, driver: string, blocks: readonly string[], options: Fields): FakeNetwork {
    const network = { id: this.#id(`network ${name}`), name, driver, blocks: blocks.flatMap((block) => parsePrefix(block) ?? []), options };
    this.networks.set(network.id, network);
    return network;
  }

  addContainer(name: string, config: Fields, hostConfig: Fields, mode: string): FakeContainer {
    const container: FakeContainer = { id: this.#id(`container ${name}`), name, config, hostConfig, mode, endpoints: new Map(), status: 'created', pid: 0, starting: undefined };
    this.containers.set(container.id, container);
    return container;
  }

  container(text: string): FakeContainer | undefined {
    return this.containers.get(text) ?? [...this.containers.values()].find(({ name }) => name === text);
  }

  network(text: string): FakeNetwork | undefined {
    return this.networks.get(text) ?? [...this.networks.values()].find(({ name }) => name === text);
  }

  attach(container: FakeContainer, network: FakeNetwork, aliases: readonly string[]): void {
    container.endpoints.set(network.id, { network, aliases, addresses: undefined });
    if (container.status === 'running') this.#plug(container);
  }

  detach(container: FakeContainer, network: FakeNetwork): void {
    const isUp = container.endpoints.get(network.id)?.addresses !== undefined;
    container.endpoints.delete(network.id);
    if (isUp) this.#tell('network', 'disconnect', network.id, { container: container.id, name: network.name });
  }

  /** First the links and addresses, and a moment later the process, as engines do. */
  async start(container: FakeContainer, startMs: number): Promise<void> {
    if (container.status === 'running') return;
    this.#plug(container);
    container.starting = new Promise((resolve) => setTimeout(resolve, startMs));
    await container.starting;
    container.starting = undefined;
    if (!this.containers.has(container.id)) return;
    container.status = 'running';
    container.pid = this.#pid += 1;
    this.tellContainer(container, 'start');
  }

  /** The process ends before its addresses are given back. */
  stop(container: FakeContainer): void {
    if (container.status !== 'running') return;
    container.status = 'exited';
    container.pid = 0;
    this.tellContainer(container, 'die');
    this.#unplug(container);
    this.tellContainer(container, 'stop');
  }

  remove(container: FakeContainer): void {
    this.stop(container);
    this.#unplug(container);
    this.containers.delete(container.id);
    this.tellContainer(container, 'destroy');
  }

  /** Everything ends at once and nobody is told: processes are gone, what the engine wrote down is not. */
  crash(): void {
    for (const container of this.containers.values()) {
      if (container.status !== 'running') continue;
      container.status = 'exited';
      container.pid = 0;
    }
  }

  /** What an engine does first when it comes up again: links whose process is gone are taken down. */
  recover(): void {
    for (const container of this.containers.values()) if (container.status !== 'running') for (const endpoint of container.endpoints.values()) endpoint.addresses = undefined;
  }

  tellContainer({ id, name }: FakeContainer, action: string): void {
    this.#tell('container', action, id, { name });
  }

  tellNetwork({ id, name }: FakeNetwork, action: string): void {
    this.#tell('network', action, id, { name });
  }

  #plug(container: FakeContainer): void {
    for (const endpoint of container.endpoints.values()) {
      if (endpoint.addresses !== undefined) continue;
      endpoint.addresses = endpoint.network.blocks.map((block) => this.#freeAddress(endpoint.network, block));
      this.#tell('network', 'connect', endpoint.network.id, { container: container.id, name: endpoint.network.name });
    }
  }

  #unplug(container: FakeContainer): void {
    for (const endpoint of container.endpoints.values()) {
      if (endpoint.addresses === undefined) continue;
      endpoint.addresses = undefined;
      this.#tell('network', 'disconnect', endpoint.network.id, { container: container.id, name: endpoint.network.name });
    }
  }

  // the first of a block is the gateway's
  #freeAddress(network: FakeNetwork, block: Prefix): string {
    const taken = new Set([...this.containers.values()].flatMap(({ endpoints }) => endpoints.get(network.id)?.addresses ?? []));
    for (let bits = block.first + 2n; bits < lastOf(block); bits += 1n) {
      const { text } = addressFromBits(block.family, bits);
      if (!taken.has(text)) return text;
    }
    throw new Error(`no address is left on ${network.name}`);
  }

  #tell(type: string, action: string, id: string, attributes: Readonly<Record<string, string>>): void {
    const now = Date.now();
    const event = { Type: type, Action: action, Actor: { ID: id, Attributes: attributes }, scope: 'local', time: Math.floor(now / 1_000), timeNano: now * 1_000_000 };
    this.events.push(event);
    this.onEvent(event);
  }

  #id(what: string): string {
    this.#made += 1;
    return createHash('sha256').update(`${what} ${String(this.#made)}`).digest('hex');
  }
}
