import { type Address, type Diagnostic, isJsonObject, type Json } from '#model';

import type { ContainerFacts } from './container-facts.ts';
import { ContainerInspection, type Inspected } from './container-inspection.ts';
import type { DockerApi } from './docker-api.ts';
import { isNotFound } from './docker-error.ts';
import { type EndpointFacts, readMember } from './endpoint-facts.ts';
import { EngineWorld } from './engine-world.ts';
import { type HostFacts, readHost } from './host-value.ts';
import { textAt } from './json-fields.ts';
import { isEngineId, readNetworks } from './network-facts.ts';
import type { Plugging, WorkList } from './work-list.ts';

const MOST_CONTAINERS = 10_000;

export interface ReadingOptions {
  readonly api: DockerApi;
  /** What the user says of the host. */
  readonly given: { readonly name?: string; readonly addressesNow: () => readonly Address[] };
  readonly report: (diagnostic: Diagnostic) => void;
  /** Something was read, or, with an error, cannot be read any more. */
  readonly changed: (error?: unknown) => void;
}

/** An endpoint a network told of before its container did, and when. */
interface Early {
  readonly endpoint: EndpointFacts;
  readonly at: number;
}

/** Reads what is on work lists over one connection, into a world that outlives it. */
export class EngineReading {
  readonly #options: ReadingOptions;
  readonly #inspection: ContainerInspection;
  readonly #early = new Map<string, Map<string, Early>>();
  #world: EngineWorld | undefined;
  #hasNews = false;

  constructor(options: ReadingOptions, world: EngineWorld | undefined) {
    this.#options = options;
    this.#world = world;
    this.#inspection = new ContainerInspection(options.api, {
      inspected: (id, result, begun) => {
        this.#inspected(id, result, begun);
        options.changed();
      },
      failed: options.changed,
    });
  }

  /** What is known so far; undefined before the engine was first read. */
  get world(): EngineWorld | undefined {
    return this.#world;
  }

  /** Whether anything was read since this was last asked. */
  takeNews(): boolean {
    const hadNews = this.#hasNews;
    this.#hasNews = false;
    return hadNews;
  }

  /**
   * Works the list off, but for containers, which are inspected meanwhile and told of by `changed`.
   * Throws where the engine cannot be asked any more.
   */
  async work(list: WorkList): Promise<void> {
    while (!list.isEmpty) {
      const { containers, pluggings, networks, everything } = list.take();
      if (everything || this.#world === undefined) await this.#readEverything();
      else {
        this.#inspection.ask(containers);
        for (const plugging of pluggings) await this.#plug(this.#world, plugging);
        if (networks) await this.#readNetworks(this.#world);
      }
    }
    if (this.#world?.isNetworkMissing() === true) await this.#readNetworks(this.#world);
  }

  /** Answers when every container asked for has been told of. */
  async settled(): Promise<void> {
    await this.#inspection.settled();
  }

  end(): void {
    this.#inspection.end();
  }

  async #readEverything(): Promise<void> {
    const { api, given, report } = this.#options;
    const host: HostFacts = readHost(await api.get('/info'), { ...given, addresses: given.addressesNow() });
    const world = (this.#world ??= new EngineWorld(host));
    if (JSON.stringify(world.host, plain) !== JSON.stringify(host, plain)) world.host = host;
    this.#hasNews = true;
    const listed = idsIn(await api.get('/containers/json?all=1'));
    const ids = listed.slice(0, MOST_CONTAINERS);
    if (listed.length > ids.length) report({ ...this.#problem(`has more than ${String(MOST_CONTAINERS)} containers; the rest is left out`), code: 'engine-too-large', severity: 'error' });
    const present = new Set(ids);
    for (const id of world.containers.keys()) if (!present.has(id)) world.containers.delete(id);
    this.#inspection.ask(ids);
    await this.#readNetworks(world);
  }

  async #readNetworks(world: EngineWorld): Promise<void> {
    this.#hasNews = true;
    world.networks = readNetworks(await this.#options.api.get('/networks'));
  }

  /**
   * A container gets its addresses before its first process starts, and cannot be inspected in
   * between. The network can, so that rules can be there first.
   */
  async #plug(world: EngineWorld, { kind, id, network }: Plugging): Promise<void> {
    const facts = world.containers.get(id);
    if (kind === 'unplugged') this.#early.get(id)?.delete(network);
    if (kind === 'unplugged' || facts === undefined || facts.isRunning) this.#inspection.ask([id]);
    if (kind === 'unplugged' || facts?.isRunning === true) return;
    const at = this.#inspection.moment();
    try {
      const endpoint = readMember(await this.#options.api.get(`/networks/${network}`), id);
      if (endpoint === undefined) return;
      this.#early.set(id, (this.#early.get(id) ?? new Map<string, Early>()).set(network, { endpoint, at }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const now = world.containers.get(id);
    if (now === undefined) return;
    world.containers.set(id, this.#withEarly(now));
    this.#hasNews = true;
  }

  #inspected(id: string, result: Inspected, begun: number): void {
    const containers = this.#world?.containers;
    if (containers === undefined) return;
    if (result === 'unreadable') {
      this.#options.report(this.#problem(`does not say what the container ${id.slice(0, 12)} is; what was known of it stands`));
      return;
    }
    this.#hasNews = true;
    const early = this.#early.get(id);
    // what was asked later knows better
    for (const [network, { at }] of early ?? []) if (result === 'gone' || result.isRunning || at < begun) early?.delete(network);
    if (early?.size === 0) this.#early.delete(id);
    if (result === 'gone') containers.delete(id);
    else if (containers.has(id) || containers.size < MOST_CONTAINERS) containers.set(id, this.#withEarly(result));
  }

  #withEarly(facts: ContainerFacts): ContainerFacts {
    const early = this.#early.get(facts.id);
    if (early === undefined || facts.isRunning) return facts;
    const known = facts.endpoints.map((endpoint) => {
      const sooner = early.get(endpoint.network)?.endpoint ?? [...early.values()].find((each) => each.endpoint.networkName === endpoint.networkName)?.endpoint;
      return sooner === undefined || endpoint.addresses.length > 0 ? endpoint : { ...sooner, networkName: endpoint.networkName, aliases: endpoint.aliases };
    });
    const names = new Set(known.flatMap(({ network, networkName }) => [network, networkName]));
    const others = [...early.values()].map(({ endpoint }) => endpoint).filter(({ network, networkName }) => !names.has(network) && !names.has(networkName));
    return { ...facts, endpoints: [...known, ...others] };
  }

  #problem(message: string): Diagnostic {
    return {
      code: 'engine-answer-unreadable',
      severity: 'warning',
      subject: `Docker on ${this.#world?.host.name ?? this.#options.given.name ?? 'this host'}`,
      message,
      hint: 'look at the log of the engine',
    };
  }
}

function idsIn(answer: Json): readonly string[] {
  const list: readonly Json[] = Array.isArray(answer) ? (answer as readonly Json[]) : [];
  return list.flatMap((each) => (isJsonObject(each) && isEngineId(textAt(each, 'Id')) ? textAt(each, 'Id') : []));
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
