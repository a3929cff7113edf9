import type { Address, Diagnostic, SourceUpdate } from '#model';
import { BackOff, type Clock } from '#sources/waiting';

import { Bell } from './bell.ts';
import { DockerApi } from './docker-api.ts';
import { EngineReading } from './engine-reading.ts';
import type { EngineWorld } from './engine-world.ts';
import { EVENT_FILTER, type EngineEvent, readEvent } from './event-reading.ts';
import { shown } from './shown-text.ts';
import { givesBack, parted, saysSame } from './value-change.ts';
import { WorkList } from './work-list.ts';

/** Who is told. What a handler throws is reported, and changes nothing here. */
export interface DockerHandlers {
  readonly update: (update: SourceUpdate) => void;
  /** Everything there is has been told; once for each connection to the engine. */
  readonly inSync: () => void;
  /** What is wrong with the engine or the way to it, as it happens. */
  readonly problem: (diagnostic: Diagnostic) => void;
}

export interface DockerSourceOptions {
  readonly socketPath: string;
  /** What this source is called in its updates; `docker` unless given. */
  readonly name?: string;
  /** The node these containers run on; what the engine calls its machine unless given. */
  readonly node?: string;
  /** Addresses of that node, beside those on the engine's bridges, which the source finds itself. */
  readonly nodeAddresses?: () => readonly Address[];
  readonly handlers: DockerHandlers;
  readonly clock: Clock;
  /** Numbers from 0 up to 1. */
  readonly random: () => number;
  /** After so long without a word the engine is asked whether it is still there: a minute unless given. */
  readonly quietMs?: number;
  /** How often everything is read again, for the engine drops events nobody takes in time: five minutes unless given. */
  readonly rereadMs?: number;
}

/**
 * Containers of one Docker engine, as they come and go.
 *
 *   /events ─► work list ─► ask again ─► EngineWorld ─► what is different ─► updates
 *      └ lost: back off, open again `since`, read everything again
 *
 * Events only say what to look at: an update always tells what the engine says now, so neither
 * their order nor a lost one matters for long. While the engine is away, what was known stands.
 */
export class DockerSource {
  readonly #options: DockerSourceOptions;
  readonly #api: DockerApi;
  readonly #told = new Map<string, SourceUpdate['value']>();
  readonly #backOff: BackOff;
  #world: EngineWorld | undefined;
  #since: string | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #interrupt: () => void = () => undefined;

  constructor(options: DockerSourceOptions) {
    this.#options = options;
    this.#api = new DockerApi(options.socketPath, options.clock);
    this.#backOff = new BackOff(options.random);
  }

  /** Begins; may be called once. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends everything under way. After it answers nobody is called any more; a source cannot be started again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#interrupt();
    this.#api.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      try {
        await this.#connect();
      } catch (error) {
        this.#report(this.#lost(error));
      }
      if (this.#isStopped) return;
      await this.#pause(this.#backOff.next());
    }
  }

  /** One connection, from opening the events to losing them, which is thrown. */
  async #connect(): Promise<never> {
    const { clock, handlers, node, nodeAddresses = () => [] } = this.#options;
    const list = new WorkList();
    const bell = new Bell(clock);
    let heardAt = clock.now();
    const note = (event: EngineEvent): void => {
      list.note(event);
      if (event.kind !== 'nothing') bell.ring();
    };
    this.#interrupt = () => {
      bell.ring();
    };
    // before anything is read, so that what happens meanwhile is not missed
    const events = await this.#api.lines(eventsPath(this.#since), {
      heard: () => {
        heardAt = clock.now();
      },
      lost: () => {
        note({ kind: 'everything' });
      },
      line: (text) => {
        const { event, time } = readEvent(text);
        if (time !== undefined) this.#since = time;
        note(event);
      },
    });
    void events.ended.then((why) => {
      bell.fail(why);
    });
    const given = { ...(node === undefined ? {} : { name: node }), addressesNow: nodeAddresses };
    const report = (diagnostic: Diagnostic): void => {
      this.#report(diagnostic);
    };
    const changed = (error?: unknown): void => {
      if (error === undefined) bell.ring();
      else bell.fail(error);
    };
    const reading = new EngineReading({ api: this.#api, given, report, changed }, this.#world);
    try {
      list.note({ kind: 'everything' });
      await reading.work(list);
      await Promise.race([reading.settled(), bell.failed]);
      await reading.work(list);
      this.#publish(reading);
      this.#call(handlers.inSync);
      this.#backOff.reset();
      return await this.#follow(reading, list, bell, () => heardAt);
    } finally {
      reading.end();
      events.close();
    }
  }

  async #follow(reading: EngineReading, list: WorkList, bell: Bell, heardAt: () => number): Promise<never> {
    const { clock, quietMs = 60_000, rereadMs = 300_000 } = this.#options;
    let readAt = clock.now();
    for (;;) {
      await bell.rung(quietMs);
      if (clock.now() - heardAt() >= quietMs) await this.#api.ping();
      if (clock.now() - readAt >= rereadMs) {
        list.note({ kind: 'everything' });
        readAt = clock.now();
      }
      await reading.work(list);
      this.#publish(reading);
    }
  }

  #publish(reading: EngineReading): void {
    const { world } = reading;
    if (!reading.takeNews() || world === undefined) return;
    this.#world = world;
    const values = world.values();
    for (const key of this.#told.keys()) if (!values.has(key)) this.#tell(key, undefined);
    const changed = [...values].filter(([key, value]) => !saysSame(this.#told.get(key), value));
    // whoever gives an address back before whoever gets it, so that two never seem to have it
    const [returning, others] = parted(changed, ([key, value]) => givesBack(this.#told.get(key), value));
    for (const [key, value] of [...returning, ...others]) this.#tell(key, value);
  }

  #tell(key: string, value: SourceUpdate['value']): void {
    if (value === undefined) this.#told.delete(key);
    else this.#told.set(key, value);
    this.#call(() => {
      this.#options.handlers.update({ source: this.#options.name ?? 'docker', key, value });
    });
  }

  async #pause(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve);
      this.#interrupt = () => {
        cancel();
        resolve();
      };
      if (this.#isStopped) this.#interrupt();
    });
  }

  #call(handler: () => void): void {
    if (this.#isStopped) return;
    try {
      handler();
    } catch (error) {
      this.#report({ ...this.#lost(error), code: 'handler-failed', severity: 'error', hint: 'this is a mistake of the program; the update is not repeated' });
    }
  }

  #report(diagnostic: Diagnostic): void {
    if (this.#isStopped) return;
    try {
      this.#options.handlers.problem(diagnostic);
    } catch {
      // whoever cannot even be told of a problem is not told that
    }
  }

  #lost(error: unknown): Diagnostic {
    return {
      code: 'engine-unreachable',
      severity: 'warning',
      subject: `Docker at ${shown(this.#options.socketPath)}`,
      message: error instanceof Error ? shown(error.message, 300) : 'cannot be read',
      hint: 'look whether the engine runs; what was known of its containers stands, and it is asked again',
    };
  }
}

function eventsPath(since: string | undefined): string {
  const filters = `filters=${encodeURIComponent(EVENT_FILTER)}`;
  return since === undefined ? `/events?${filters}` : `/events?since=${since}&${filters}`;
}
