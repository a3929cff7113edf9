import { Redis } from 'ioredis';

import type { CallGate } from './call-gate.ts';
import { StoreError } from './store-error.ts';

export interface RedisStoreOptions {
  /** `redis://` or `rediss://` with host, port, user, password and database, or the path of a socket. */
  readonly url: string;
  /** Names every key, so that several installations can share a server. */
  readonly namespace?: string;
  /** What the journal is sealed with; every controller over this server has the same. */
  readonly journalKey?: Uint8Array;
  /** A write counts once so many replicas have it; 0, or absent: once the server has. */
  readonly replicas?: number;
  /** PEM of who signs the server's certificate, where the system does not know it. */
  readonly ca?: string;
  /** Told of every broken connection; it is made anew by itself. */
  readonly onTrouble?: (error: Error) => void;
}

const CONNECT_MS = 5_000;
/** No answer for so long: the connection is taken for dead and made anew. */
const SILENCE_MS = 10_000;
/** How long replicas are waited for. */
const REPLICATED_WITHIN_MS = 2_000;
/** Connections tried for one command before it fails: about four seconds. */
const TRIES = 6;

/** One connection to Redis that mends itself, and the names of its keys. */
export class RedisConnection {
  /** Where it leads, without anything secret. */
  readonly place: string;
  readonly #redis: Redis;
  readonly #gate: CallGate;
  readonly #prefix: string;
  readonly #listeners: Redis[] = [];
  readonly #onTrouble: (error: Error) => void;
  readonly replicas: number;
  /** How many connections there were: what one has written another cannot wait for. */
  #connections = 0;
  #lastTrouble = 'it does not answer';

  constructor({ url, namespace = 'ringfence', replicas = 0, ca, onTrouble = () => undefined }: RedisStoreOptions, gate: CallGate) {
    this.place = placeOf(url);
    this.#gate = gate;
    this.replicas = replicas;
    // the braces keep all keys in one slot of a cluster
    this.#prefix = `{${namespace}}:`;
    this.#onTrouble = onTrouble;
    this.#redis = new Redis(url, {
      lazyConnect: true,
      connectionName: 'ringfence',
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      maxRetriesPerRequest: TRIES,
      retryStrategy: backOff,
      // a server that was the leader and is no more: go and find the one that is
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
      ...(ca === undefined ? {} : { tls: { ca } }),
    });
    this.#redis.on('ready', () => {
      this.#connections += 1;
    });
    this.#redis.on('error', (error) => {
      this.#lastTrouble = error.message;
      onTrouble(bare(error));
    });
  }

  key(name: string): string {
    return `${this.#prefix}${name}`;
  }

  /** Runs a script on keys of ours; its answer is a list of texts. */
  async script(lua: Lua, keys: readonly string[], args: readonly (string | number)[]): Promise<readonly string[]> {
    const named = keys.map((key) => this.key(key));
    const answer = await this.#doing('write to', () => this.#runScript(lua, named, args));
    return Array.isArray(answer) ? answer.map(String) : [];
  }

  /**
   * The same, and it counts only once the replicas have it: what is acknowledged survives the server,
   * and a server that was cut off from them acknowledges nothing.
   */
  async replicated(lua: Lua, keys: readonly string[], args: readonly (string | number)[]): Promise<readonly string[]> {
    for (;;) {
      const connection = this.#connections;
      const answer = await this.script(lua, keys, args);
      if (this.replicas === 0) return answer;
      const reached = await this.#doing('write to', () => this.#redis.wait(this.replicas, REPLICATED_WITHIN_MS));
      // whoever had to connect anew in between waited for nothing: scripts may run twice
      if (connection !== this.#connections && connection !== 0) continue;
      if (reached >= this.replicas) return answer;
      throw new StoreError('unreachable', `write to ${this.place}: ${String(reached)} of ${String(this.replicas)} replicas have it after ${String(REPLICATED_WITHIN_MS / 1_000)} s`, { isOutcomeUnknown: true });
    }
  }

  /** Asks something that changes nothing. */
  ask<T>(question: (redis: Redis) => Promise<T>): Promise<T> {
    return this.#doing('read from', () => question(this.#redis));
  }

  /** A connection of its own that hears messages; also calls back whenever some may have been missed. */
  listen(channel: string, onMessage: () => void): () => void {
    let hasEnded = false;
    const listener = this.#redis.duplicate({ lazyConnect: false, maxRetriesPerRequest: null, socketTimeout: undefined, connectionName: 'ringfence-listens' });
    this.#listeners.push(listener);
    const onTrouble = (error: Error): void => {
      if (!hasEnded) this.#onTrouble(bare(error));
    };
    listener.on('error', onTrouble);
    listener.on('message', onMessage);
    // the first time, and after every break: it subscribes again before it says ready
    listener.on('ready', () => {
      void listener.subscribe(channel).then(() => {
        if (!hasEnded) onMessage();
      }, onTrouble);
    });
    return () => {
      hasEnded = true;
      this.#listeners.splice(this.#listeners.indexOf(listener), 1);
      listener.removeAllListeners('message');
      listener.disconnect();
    };
  }

  close(): void {
    for (const each of [this.#redis, ...this.#listeners.splice(0)]) each.disconnect();
  }

  async #runScript(lua: Lua, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#redis.evalsha(lua.sha1, keys.length, ...keys, ...args);
    } catch (error) {
      // a server that was started anew has forgotten it
      if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
      return this.#redis.eval(lua.text, keys.length, ...keys, ...args);
    }
  }

  async #doing<T>(doing: string, work: () => Promise<T>): Promise<T> {
    this.#gate.check();
    try {
      return await work();
    } catch (error) {
      if (this.#gate.isClosed) throw new StoreError('closed', 'use the store: it is closed', { cause: bare(error), isOutcomeUnknown: doing === 'write to' });
      throw this.#inOurWords(error, doing);
    }
  }

  #inOurWords(error: unknown, doing: string): StoreError {
    const message = messageOf(error);
    const say = (code: ConstructorParameters<typeof StoreError>[0], why: string, isOutcomeUnknown = false): StoreError => new StoreError(code, `${doing} ${this.place}: ${why}`, { cause: bare(error), isOutcomeUnknown });
    // an answer of the server starts with a word in capitals, and then it did nothing
    if (/^-?(?:ERR |WRONGPASS|NOAUTH|NOPERM)/.test(message)) return say('failed', message);
    if (message.startsWith('OOM')) return say('full', 'it has no memory left, nothing was written');
    if (message.startsWith('NOREPLICAS')) return say('unreachable', 'too few of its replicas are there, nothing was written');
    if (message.startsWith('MISCONF')) return say('full', 'it cannot write to its disk, nothing was written');
    if (message.startsWith('WRONGTYPE')) return say('unreadable', 'its keys are of something else');
    return say('unreachable', message.startsWith('Reached the max retries') ? this.#lastTrouble : message, doing === 'write to');
  }
}

/** A script with the name the server knows it by. */
export interface Lua {
  readonly text: string;
  readonly sha1: string;
}

// All replicas lose it at once, and must not come back all at once.
function backOff(times: number): number {
  return Math.min(50 * 2 ** (times - 1), 2_000) * (0.5 + Math.random() / 2);
}

function placeOf(url: string): string {
  try {
    const { hostname, port } = new URL(url);
    return hostname === '' ? 'redis' : `redis ${hostname}${port === '' ? '' : `:${port}`}`;
  } catch {
    return 'redis';
  }
}

// The client's errors carry the command with all that was sent: passwords, and whole entries.
function bare(error: unknown): Error {
  return new Error(messageOf(error));
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
