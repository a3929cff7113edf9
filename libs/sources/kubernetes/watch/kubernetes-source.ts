import type { Diagnostic, SourceUpdate } from '#model';
import { BackOff, type Clock } from '#sources/waiting';

import type { ClusterConnection } from './cluster-connection.ts';
import { errorText } from './cluster-refusal.ts';
import { DefinedKinds } from './defined-kinds.ts';
import { type Discovered, discover } from './discovery.ts';
import type { KindStatus } from './kind-status.ts';
import { KindWatch } from './kind-watch.ts';
import { KindProblems } from './kind-problems.ts';
import { Places } from './turns.ts';
import { API_SERVICES, chooseKinds, DEFINITIONS, kindName, knownKinds, needOf, type WatchedKind } from './watched-kind.ts';

/** Who is told. What a handler throws is reported, and changes nothing here. */
export interface KubernetesHandlers {
  readonly update: (update: SourceUpdate) => void;
  /** Everything that is needed has been told; again after every time it could not be read. */
  readonly inSync: () => void;
  /** What was told last may be old: the server cannot be read just now. */
  readonly behind: () => void;
  /** One kind stands differently, or has another number of objects in another state. */
  readonly status: (status: KindStatus) => void;
  /** What is wrong, as it happens. */
  readonly problem: (diagnostic: Diagnostic) => void;
}

export interface KubernetesSourceOptions {
  /** Not closed by the source. */
  readonly connection: ClusterConnection;
  readonly handlers: KubernetesHandlers;
  readonly clock: Clock;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  /** What this source is called in its updates; `kubernetes` unless given. */
  readonly name?: string;
  /** Whether objects of kinds that only CustomResourceDefinitions know are told too; they are, unless given. */
  readonly customResources?: boolean;
  /** Objects of one list answer; 500 unless given. */
  readonly pageSize?: number;
  /** How long a watch lives before it is opened again, at least; five minutes unless given. */
  readonly watchMs?: number;
  /** How long a watch may be silent; two minutes unless given. A server sends a bookmark every minute. */
  readonly quietMs?: number;
  /** How often it is looked whether the server has other kinds, beside whenever something says so; five minutes unless given. */
  readonly rediscoverMs?: number;
}

const LISTS_AT_A_TIME = 4;
const MOST_CUSTOM_OBJECTS = 5_000;
const SETTLE_MS = 500;

/**
 * A cluster as its API server tells it, on and on.
 *
 *   discovery ─► kinds ─► one KindWatch each ─► what is different ─► updates
 *      ▲ a definition or an APIService changed, a kind is gone, time passed
 *
 * Each kind is on its own: one that may not be read, or that the server has not got, is told of and
 * tried again, and the others go on. What was told of it stands until it can be read again.
 */
export class KubernetesSource {
  readonly #options: KubernetesSourceOptions;
  readonly #watches = new Map<string, KindWatch>();
  readonly #told = new Map<string, KindStatus>();
  readonly #places = new Places(LISTS_AT_A_TIME);
  readonly #defined = new DefinedKinds();
  readonly #problems: KindProblems;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #ring: () => void = () => undefined;
  #isDue = false;
  #isDiscovered = false;
  #isInSync = false;

  constructor(options: KubernetesSourceOptions) {
    this.#options = options;
    this.#problems = new KindProblems(options.connection.server);
  }

  /** How things stand with every kind, by name. */
  kinds(): readonly KindStatus[] {
    return [...this.#told.values()].map((told) => this.#watches.get(told.kind)?.status ?? told).sort((a, b) => (a.kind < b.kind ? -1 : 1));
  }

  /** Begins; may be called once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends everything under way. After it answers nobody is called any more; a source cannot be started again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#ring();
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { connection, clock, random, rediscoverMs = 300_000 } = this.#options;
    const { signal } = this.#stopping;
    const backOff = new BackOff(random);
    while (!this.#isStopped()) {
      let waitMs = rediscoverMs;
      try {
        this.#isDue = false;
        const found = await discover(connection, signal);
        await this.#follow(found);
        // a server takes a moment to serve what was defined just now
        if (this.#defined.isMissing(found.kinds.map(kindName))) waitMs = Math.min(waitMs, backOff.next());
        else backOff.reset();
      } catch (error) {
        if (this.#isStopped()) return;
        this.#report(this.#problems.unreachable(errorText(error)));
        waitMs = backOff.next();
      }
      await this.#wait(clock.now() + waitMs);
      // several definitions come one after the other
      if (this.#isDue) await this.#sleep(SETTLE_MS);
    }
  }

  /** Starts what the server has now, and ends what it has no longer. */
  async #follow({ kinds, unknownGroups }: Discovered): Promise<void> {
    const { customResources = true } = this.#options;
    this.#problems.reached();
    const chosen = chooseKinds(kinds, (name) => customResources && this.#defined.has(name));
    const names = new Map(chosen.map((kind) => [kindName(kind), kind]));
    for (const [name, watch] of this.#watches) {
      const now = names.get(name);
      // while a definition of it stands, a server that does not serve it is only not ready
      if (now === undefined && (unknownGroups.has(watch.kind.group) || this.#defined.has(name))) continue;
      if (now?.version === watch.kind.version && now.resource === watch.kind.resource) continue;
      await watch.stop();
      if (this.#isStopped()) return;
      this.#watches.delete(name);
      watch.forget();
      if (now === undefined && needOf(name) === 'never') this.#told.delete(name);
    }
    // what everything hangs on is listed first
    for (const kind of [...chosen].sort((a, b) => rank(a) - rank(b))) if (!this.#watches.has(kindName(kind))) this.#begin(kind);
    for (const name of knownKinds()) if (!this.#watches.has(name)) this.#setStatus({ kind: name, need: needOf(name), state: 'absent', objects: 0, lists: 0 });
    this.#isDiscovered = true;
    this.#judge();
  }

  #begin(kind: WatchedKind): void {
    const { connection, clock, random, pageSize = 500, watchMs = 300_000, quietMs = 120_000, name: source = 'kubernetes' } = this.#options;
    const name = kindName(kind);
    const watch = new KindWatch(kind, {
      connection,
      clock,
      random,
      pageSize,
      watchMs,
      quietMs,
      mostObjects: MOST_CUSTOM_OBJECTS,
      places: this.#places,
      tell: (key, value) => {
        if (name === DEFINITIONS ? this.#defined.note(key, value) : name === API_SERVICES) this.#discoverAgain();
        this.#call(() => {
          this.#options.handlers.update({ source, key, value });
        });
      },
      changed: () => {
        this.#setStatus(watch.status);
        if (watch.status.state === 'absent') this.#discoverAgain();
        this.#judge();
      },
    });
    this.#watches.set(name, watch);
    this.#setStatus(watch.status);
    watch.start();
  }

  /** Tells, where it has changed, whether all that is needed is told and up to date. */
  #judge(): void {
    if (!this.#isDiscovered) return;
    const needed = [...this.#watches.values()].filter(({ kind }) => kind.need !== 'never');
    // a kind that comes later has its first list yet to come, and leaves the others as they are
    const isInSync = this.#isInSync ? !needed.some(isLost) : needed.length > 0 && needed.every(isSettled);
    if (isInSync === this.#isInSync) return;
    this.#isInSync = isInSync;
    this.#call(isInSync ? this.#options.handlers.inSync : this.#options.handlers.behind);
  }

  #setStatus(status: KindStatus): void {
    const before = this.#told.get(status.kind);
    if (before?.state === status.state && before.why === status.why) return;
    this.#told.set(status.kind, status);
    this.#call(() => {
      this.#options.handlers.status(status);
    });
    this.#report(this.#problems.of(status, before));
  }

  #discoverAgain(): void {
    this.#isDue = true;
    this.#ring();
  }

  async #wait(until: number): Promise<void> {
    if (!this.#isDue) await this.#sleep(until - this.#options.clock.now());
  }

  /** Until so much time has passed, it is due, or all ends. */
  async #sleep(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve);
      this.#ring = () => {
        cancel();
        resolve();
      };
      if (this.#stopping.signal.aborted) this.#ring();
    });
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #call(handler: () => void): void {
    if (this.#isStopped()) return;
    try {
      handler();
    } catch (error) {
      this.#report(this.#problems.handlerFailed(errorText(error)));
    }
  }

  #report(diagnostic: Diagnostic | undefined): void {
    if (this.#isStopped() || diagnostic === undefined) return;
    try {
      this.#options.handlers.problem(diagnostic);
    } catch {
      // whoever cannot even be told of a problem is not told that
    }
  }
}

function rank({ need }: WatchedKind): number {
  return need === 'always' ? 0 : need === 'where allowed' ? 1 : 2;
}

function isLost(watch: KindWatch): boolean {
  return watch.status.state === 'failing' || (watch.status.state === 'denied' && watch.kind.need === 'always');
}

function isSettled(watch: KindWatch): boolean {
  switch (watch.status.state) {
    case 'in sync':
      return true;
    case 'denied':
    case 'absent':
      return watch.kind.need !== 'always';
    default:
      return false;
  }
}
