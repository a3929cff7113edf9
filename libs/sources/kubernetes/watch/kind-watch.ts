import { isJsonObject, type Json } from '#model';
import { BackOff, type Clock } from '#sources/waiting';

import type { ClusterConnection } from './cluster-connection.ts';
import { ClusterRefusal, errorText, isAbsent, isDenied, isGone } from './cluster-refusal.ts';
import { EventLines } from './event-lines.ts';
import type { KindStatus } from './kind-status.ts';
import { listObjects } from './list-objects.ts';
import { objectRecord } from './object-record.ts';
import { ToldObjects, type TellChange } from './told-objects.ts';
import { type Places, Turns } from './turns.ts';
import { kindName, listPath, type WatchedKind } from './watched-kind.ts';

/** A watch that lived so long was one, also where nothing happened. */
const USEFUL_MS = 1_000;
const MOST_FAILURES = 5;

export interface KindWatchOptions {
  readonly connection: ClusterConnection;
  readonly clock: Clock;
  readonly random: () => number;
  /** Objects a page. */
  readonly pageSize: number;
  /** A watch ends after this long and is opened again; up to twice that, by chance. */
  readonly watchMs: number;
  /** A watch that says nothing at all for so long is taken for dead. */
  readonly quietMs: number;
  /** Of kinds nobody is known to read: more than so many are not kept. */
  readonly mostObjects: number;
  /** Lists at a time, of all kinds together. */
  readonly places: Places;
  readonly tell: TellChange;
  readonly changed: () => void;
}

/**
 * One kind of object, listed and then watched for as long as it takes.
 *
 * ```
 *  list, page by page ─► watch from there ─► events, bookmarks ─► ended politely: watch on
 *        ▲                      │                                 ended otherwise: back off, watch on
 *        └──── 410: too old ────┘                                 silent too long: the same
 * ```
 *
 * Only what differs from what was told is told. What was told stands while the kind cannot be read.
 */
export class KindWatch {
  readonly kind: WatchedKind;
  readonly #options: KindWatchOptions;
  readonly #told: ToldObjects;
  readonly #backOff: BackOff;
  readonly #stopping = new AbortController();
  #version: string | undefined;
  #failures = 0;
  #lists = 0;
  #state: Pick<KindStatus, 'state' | 'why'> = { state: 'waiting' };
  #running: Promise<void> | undefined;

  constructor(kind: WatchedKind, options: KindWatchOptions) {
    this.kind = kind;
    this.#options = options;
    this.#told = new ToldObjects(options.tell);
    this.#backOff = new BackOff(options.random);
  }

  get status(): KindStatus {
    return { kind: kindName(this.kind), need: this.kind.need, ...this.#state, objects: this.#told.size, lists: this.#lists };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Tells that everything of this kind is gone; after it has stopped. */
  forget(): void {
    this.#told.clear();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped()) {
      try {
        if (this.#version === undefined) await this.#options.places.use(async () => this.#list());
        // a server that ends every watch at once must not be asked without end
        if (!(await this.#watch())) await this.#pause(this.#backOff.next());
      } catch (error) {
        if (!this.#isStopped()) await this.#pause(this.#failed(error));
      }
    }
  }

  /** Notes a failure; how long to wait before the next attempt. */
  #failed(error: unknown): number {
    this.#failures += 1;
    // an event that cannot be read, or a server that forgot without saying so: going on from there is no use
    if (isGone(error) || this.#failures >= MOST_FAILURES) this.#version = undefined;
    if (isDenied(error)) this.#set('denied', errorText(error));
    else if (isAbsent(error)) this.#set('absent', errorText(error));
    else if (!isGone(error)) this.#set('failing', errorText(error));
    const asked = error instanceof ClusterRefusal ? error.retryAfterMs : undefined;
    return Math.max(asked ?? 0, this.#backOff.next());
  }

  async #list(): Promise<void> {
    const { connection, pageSize: limit, mostObjects } = this.#options;
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    // one that is denied or failing stays so until it has been listed
    if (this.#state.state === 'waiting') this.#set('listing');
    const turns = new Turns();
    let version = '';
    this.#told.startList();
    for await (const part of listObjects({ connection, kind: this.kind, limit, signal })) {
      if (part.isRestart) this.#told.startList();
      ({ version } = part);
      for (const item of part.items) {
        const record = objectRecord(item, this.kind, connection.server);
        if (record !== undefined) this.#told.addListed(record, this.#lists === 0);
        if (turns.isOver) await turns.next();
      }
      if (this.kind.need === 'never' && this.#told.size + part.remaining > mostObjects) throw new Error(`list ${listPath(this.kind)}: there are more than ${String(mostObjects)} objects, which are not kept of a kind nobody here knows`);
      signal.throwIfAborted();
    }
    this.#told.endList();
    this.#version = version;
    this.#failures = 0;
    this.#lists += 1;
    this.#set('in sync');
  }

  /** Follows events until the server ends the watch; whether anything came of it. */
  async #watch(): Promise<boolean> {
    const { connection, clock, quietMs, watchMs, random } = this.#options;
    const opened = clock.now();
    const silence = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, silence.signal]);
    let cancel = (): void => undefined;
    const heard = (): void => {
      cancel();
      cancel = clock.after(quietMs, () => {
        silence.abort(new Error(`watch ${listPath(this.kind)}: the API server said nothing for ${String(Math.round(quietMs / 1_000))} s`));
      });
    };
    let events = 0;
    try {
      heard();
      const query = new URLSearchParams({ watch: '1', allowWatchBookmarks: 'true', resourceVersion: this.#version ?? '', timeoutSeconds: String(Math.ceil((watchMs * (1 + random())) / 1_000)) });
      const response = await connection.stream(`${listPath(this.kind)}?${query.toString()}`, signal);
      // how long it may be silent is for us to say
      response.socket.setTimeout(0);
      this.#set('in sync');
      const lines = new EventLines();
      const turns = new Turns();
      for await (const piece of response as AsyncIterable<Buffer>) {
        heard();
        for (const line of lines.push(piece)) {
          this.#take(JSON.parse(line) as Json);
          events += 1;
          if (turns.isOver) await turns.next();
          if (signal.aborted) break;
        }
      }
    } catch (error) {
      if (silence.signal.aborted) throw silence.signal.reason;
      throw error;
    } finally {
      cancel();
      if (events > 0 || clock.now() - opened >= USEFUL_MS) {
        this.#failures = 0;
        this.#backOff.reset();
      }
    }
    return events > 0 || clock.now() - opened >= USEFUL_MS;
  }

  #take(event: Json): void {
    const type = isJsonObject(event) ? event['type'] : undefined;
    const object = isJsonObject(event) ? event['object'] : undefined;
    if (type === 'ERROR') {
      const code = isJsonObject(object) && typeof object['code'] === 'number' ? object['code'] : 500;
      throw new ClusterRefusal(`watch ${listPath(this.kind)}`, code, object);
    }
    if (type === 'BOOKMARK') {
      const metadata = isJsonObject(object) && isJsonObject(object['metadata']) ? object['metadata'] : {};
      if (typeof metadata['resourceVersion'] === 'string') this.#version = metadata['resourceVersion'];
      return;
    }
    const record = objectRecord(object, this.kind, this.#options.connection.server);
    if (record === undefined) return;
    if (type === 'DELETED') this.#told.remove(record.key);
    else this.#told.set(record);
    if (record.version !== '') this.#version = record.version;
  }

  #set(state: KindStatus['state'], why?: string): void {
    if (this.#state.state === state && this.#state.why === why) return;
    this.#state = { state, ...(why === undefined ? {} : { why }) };
    this.#options.changed();
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #pause(delayMs: number): Promise<void> {
    const { signal } = this.#stopping;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.#options.clock.after(delayMs, end);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }
}
