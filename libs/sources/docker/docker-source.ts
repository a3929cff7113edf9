import type { Address, Diagnostic, SourceUpdate } from '#model';

import { BackOff } from './back-off.ts';
import type { Clock } from './clock.ts';
import { DockerApi, type LineStream } from './docker-api.ts';
import { EngineReading } from './engine-reading.ts';
import { EVENT_FILTER, readEvent } from './event-reading.ts';
import { shown } from './shown-text.ts';
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
  readonly nodeAddresses?: readonly Address[];
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
 *   /events ─► work list ─► inspect again ─► EngineWorld ─► what is different ─► updates
 *      └ lost: back off, open again `since`, read everything again
 *
 * Events only say what to look at: an update always tells what the engine says now, so neither
 * their order nor a lost one matters for long. While the engine is away, what was known stands.
 */
export class DockerSource {
  readonly #options: DockerSourceOptions;
  readonly #api: DockerApi;
  readonly #reading: EngineReading;
  readonly #told = new Map<string, SourceUpdate['value']>();
  readonly #backOff: BackOff;
  #since: string | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #interrupt: () => void = () => undefined;

  constructor(options: DockerSourceOptions) {
    this.#options = options;
    this.#api = new DockerApi(options.socketPath, options.clock);
    this.#backOff = new BackOff(options.random);
    const { node, nodeAddresses = [] } = options;
    this.#reading = new EngineReading(this.#api, { ...(node === undefined ? {} : { name: node }), addresses: nodeAddresses }, (diagnostic) => {
      this.#report(diagnostic);
    });
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
    const list = new WorkList();
    let heardAt = this.#options.clock.now();
    // before anything is read, so that what happens meanwhile is not missed
    const events = await this.#api.lines(eventsPath(this.#since), {
      heard: () => {
        heardAt = this.#options.clock.now();
      },
      lost: () => {
        list.note({ kind: 'everything' });
      },
      line: (text) => {
        const { event, time } = readEvent(text);
        if (time !== undefined) this.#since = time;
        list.note(event);
      },
    });
    try {
      list.note({ kind: 'everything' });
      await this.#settle(list);
      this.#call(this.#options.handlers.inSync);
      this.#backOff.reset();
      return await this.#follow(events, list, () => heardAt);
    } finally {
      events.close();
    }
  }

  async #follow(events: LineStream, list: WorkList, heardAt: () => number): Promise<never> {
    const { clock, quietMs = 60_000, rereadMs = 300_000 } = this.#options;
    let readAt = clock.now();
    for (;;) {
      const why = await this.#somethingHappens(events, list, quietMs);
      if (why !== undefined) throw why;
      if (clock.now() - heardAt() >= quietMs) await this.#api.ping();
      if (clock.now() - readAt >= rereadMs) {
        list.note({ kind: 'everything' });
        readAt = clock.now();
      }
      await this.#settle(list);
    }
  }

  /** Waits for work, for the end of the events (the answer is why), or for so long. */
  async #somethingHappens(events: LineStream, list: WorkList, longestMs: number): Promise<Error | undefined> {
    let cancel: () => void = () => undefined;
    try {
      return await Promise.race([
        events.ended,
        new Promise<undefined>((resolve) => {
          const wake = (): void => {
            resolve(undefined);
          };
          list.onNote(wake);
          this.#interrupt = wake;
          cancel = this.#options.clock.after(longestMs, wake);
          if (!list.isEmpty || this.#isStopped) wake();
        }),
      ]);
    } finally {
      cancel();
    }
  }

  async #settle(list: WorkList): Promise<void> {
    await this.#reading.work(list);
    const { world } = this.#reading;
    if (world === undefined) return;
    const values = world.values();
    for (const key of this.#told.keys()) if (!values.has(key)) this.#tell(key, undefined);
    for (const [key, value] of values) if (asText(this.#told.get(key)) !== asText(value)) this.#tell(key, value);
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

const texts = new WeakMap<object, string>();

/** Values are compared by what they say; one that is the same object says the same. */
function asText(value: SourceUpdate['value']): string {
  if (value === undefined) return '';
  let text = texts.get(value);
  if (text === undefined) {
    text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
    texts.set(value, text);
  }
  return text;
}
