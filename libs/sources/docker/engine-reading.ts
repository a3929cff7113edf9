import { type Address, type Diagnostic, isJsonObject, type Json } from '#model';

import { type ContainerFacts, readContainer } from './container-facts.ts';
import type { DockerApi } from './docker-api.ts';
import { API_LIMITS } from './docker-api.ts';
import { isNotFound, isRefused } from './docker-error.ts';
import { EngineWorld } from './engine-world.ts';
import { type HostFacts, readHost } from './host-value.ts';
import { textAt } from './json-fields.ts';
import { isEngineId, readNetworks } from './network-facts.ts';
import type { WorkList } from './work-list.ts';

const MOST_CONTAINERS = 10_000;

/** Asks the engine for what is on a work list, and keeps what it answers. */
export class EngineReading {
  readonly #api: DockerApi;
  readonly #given: { readonly name?: string; readonly addresses: readonly Address[] };
  readonly #report: (diagnostic: Diagnostic) => void;
  #world: EngineWorld | undefined;

  constructor(api: DockerApi, given: { readonly name?: string; readonly addresses: readonly Address[] }, report: (diagnostic: Diagnostic) => void) {
    this.#api = api;
    this.#given = given;
    this.#report = report;
  }

  /** What is known so far; undefined before the engine was first read. */
  get world(): EngineWorld | undefined {
    return this.#world;
  }

  /**
   * Works the list off, with what comes onto it meanwhile. Throws where the engine cannot be asked
   * any more; what it will not tell about single containers is reported and stays as it was known.
   */
  async work(list: WorkList): Promise<void> {
    while (!list.isEmpty) {
      const { containers, networks, everything } = list.take();
      if (everything || this.#world === undefined) await this.#readEverything();
      else {
        await this.#readContainers(this.#world, containers);
        if (networks) this.#world.networks = readNetworks(await this.#api.get('/networks'));
      }
      const world = this.#world;
      if (world?.isNetworkMissing() === true) world.networks = readNetworks(await this.#api.get('/networks'));
    }
  }

  async #readEverything(): Promise<void> {
    const host: HostFacts = readHost(await this.#api.get('/info'), this.#given);
    const world = (this.#world ??= new EngineWorld(host));
    if (JSON.stringify(world.host, plain) !== JSON.stringify(host, plain)) world.host = host;
    const listed = idsIn(await this.#api.get('/containers/json?all=1'));
    const ids = listed.slice(0, MOST_CONTAINERS);
    if (listed.length > ids.length) this.#report({ ...this.#problem(`has more than ${String(MOST_CONTAINERS)} containers; the rest is left out`), code: 'engine-too-large', severity: 'error' });
    const present = new Set(ids);
    for (const id of world.containers.keys()) if (!present.has(id)) world.containers.delete(id);
    await this.#readContainers(world, ids);
    world.networks = readNetworks(await this.#api.get('/networks'));
  }

  async #readContainers(world: EngineWorld, ids: readonly string[]): Promise<void> {
    const queue = [...ids];
    const worker = async (): Promise<void> => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) await this.#readContainer(world, id);
    };
    await Promise.all(Array.from({ length: Math.min(API_LIMITS.connections, ids.length) }, worker));
  }

  async #readContainer(world: EngineWorld, id: string): Promise<void> {
    let facts: ContainerFacts | undefined;
    try {
      facts = readContainer(await this.#api.get(`/containers/${id}/json`));
    } catch (error) {
      if (isNotFound(error)) {
        world.containers.delete(id);
        return;
      }
      if (!isRefused(error)) throw error;
    }
    if (facts?.id === id) {
      if (world.containers.has(id) || world.containers.size < MOST_CONTAINERS) world.containers.set(id, facts);
      return;
    }
    this.#report(this.#problem(`does not say what the container ${id.slice(0, 12)} is; what was known of it stands`));
  }

  #problem(message: string): Diagnostic {
    return {
      code: 'engine-answer-unreadable',
      severity: 'warning',
      subject: `Docker on ${this.#world?.host.name ?? this.#given.name ?? 'this host'}`,
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
