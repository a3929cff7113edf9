import type { Address, EngineContainer, EngineHost } from '#model';

import type { ContainerFacts } from './container-facts.ts';
import { describeContainer } from './container-value.ts';
import { describeHost, type HostFacts } from './host-value.ts';
import type { NetworkFacts } from './network-facts.ts';
import type { Surroundings } from './surroundings.ts';

/** Everything an engine has told, and what it comes down to. */
export class EngineWorld {
  readonly containers = new Map<string, ContainerFacts>();
  networks: ReadonlyMap<string, NetworkFacts> = new Map();
  host: HostFacts;
  #hostAddresses: readonly Address[] = [];
  readonly #described = new WeakMap<ContainerFacts, { readonly with: Surroundings; readonly value: EngineContainer }>();

  constructor(host: HostFacts) {
    this.host = host;
  }

  /** Whether a container is on a network nobody has told of yet. */
  isNetworkMissing(): boolean {
    for (const { endpoints } of this.containers.values()) {
      if (endpoints.some(({ network, addresses }) => addresses.length > 0 && !this.networks.has(network))) return true;
    }
    return false;
  }

  /** Key ─► what stands there now. A container that has not changed is the same value again. */
  values(): ReadonlyMap<string, EngineContainer | EngineHost> {
    const host = describeHost(this.host, this.networks, this.containers.values());
    const holders = runningHolders(this.containers.values());
    const values = new Map<string, EngineContainer | EngineHost>([['host', host]]);
    const hostAddresses = this.#sameAddresses(host.node.addresses);
    for (const facts of this.containers.values()) {
      const surroundings: Surroundings = {
        host: this.host,
        hostAddresses,
        networks: this.networks,
        root: rootOf(facts, this.containers),
        lost: facts.isRunning ? [] : addressesOf(facts).filter((text) => holders.has(text)),
      };
      values.set(`container/${facts.id}`, this.#describe(facts, surroundings));
    }
    return values;
  }

  /** The list from before where it says the same, so that nothing has to be described again for it. */
  #sameAddresses(addresses: readonly Address[]): readonly Address[] {
    const isSameList = addresses.length === this.#hostAddresses.length && addresses.every(({ text }, at) => text === this.#hostAddresses[at]?.text);
    if (!isSameList) this.#hostAddresses = addresses;
    return this.#hostAddresses;
  }

  #describe(facts: ContainerFacts, surroundings: Surroundings): EngineContainer {
    const known = this.#described.get(facts);
    if (known !== undefined && isSame(known.with, surroundings)) return known.value;
    const value = describeContainer(facts, surroundings);
    this.#described.set(facts, { with: surroundings, value });
    return value;
  }
}

function isSame(a: Surroundings, b: Surroundings): boolean {
  return a.host === b.host && a.networks === b.networks && a.root === b.root && a.hostAddresses === b.hostAddresses && a.lost.join() === b.lost.join();
}

function addressesOf({ endpoints }: ContainerFacts): readonly string[] {
  return endpoints.flatMap(({ addresses }) => addresses.map(({ text }) => text));
}

// An engine that was killed, or could not finish a start, may go on naming addresses for a container
// that is not up; whoever runs with them has them.
function runningHolders(containers: Iterable<ContainerFacts>): ReadonlySet<string> {
  const held = new Set<string>();
  for (const facts of containers) if (facts.isRunning) for (const text of addressesOf(facts)) held.add(text);
  return held;
}

const DEEPEST = 16;

/** The container whose network this one has in the end; undefined where it has its own, or that one is not there. */
function rootOf(facts: ContainerFacts, containers: ReadonlyMap<string, ContainerFacts>): ContainerFacts | undefined {
  let at: ContainerFacts | undefined = facts;
  for (let depth = 0; at?.mode.kind === 'of'; depth += 1) {
    if (depth === DEEPEST) return undefined;
    const container: string = at.mode.container;
    at = containers.get(container) ?? [...containers.values()].find(({ name }) => name === container);
  }
  return at === facts ? undefined : at;
}
