import { randomBytes } from 'node:crypto';

import type { ChangeEventShape } from '#operator-api';

import type { OperatorChange, OperatorPort } from './operator-port.ts';

/** A numbered change, ready to be sent. */
export interface LoggedEvent {
  /** `<this process>-<number>`: numbers grow by one; another process counts anew and says so. */
  readonly id: string;
  readonly data: ChangeEventShape;
}

const KEPT = 1_000;

/** The latest changes, so that whoever lost a connection is told what they missed. */
export class EventLog {
  readonly #process = randomBytes(4).toString('hex');
  readonly #kept: LoggedEvent[] = [];
  readonly #listeners = new Set<(event: LoggedEvent) => void>();
  readonly #stop: () => void;
  readonly #now: () => number;
  #last = 0;

  constructor(port: Pick<OperatorPort, 'subscribe'>, now: () => number = Date.now) {
    this.#now = now;
    this.#stop = port.subscribe((change) => {
      this.#add(change);
    });
  }

  subscribe(listener: (event: LoggedEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The id of a stream that has missed nothing so far. */
  lastId(): string {
    return `${this.#process}-${String(this.#last)}`;
  }

  /** What came after that id; undefined where it is not known any more (or is of another process). */
  after(id: string): readonly LoggedEvent[] | undefined {
    const [process, text = ''] = id.split('-');
    const number = Number(text);
    if (process !== this.#process || !/^\d{1,15}$/.test(text) || number > this.#last) return undefined;
    const missed = this.#last - number;
    return missed > this.#kept.length ? undefined : this.#kept.slice(this.#kept.length - missed);
  }

  close(): void {
    this.#stop();
    this.#listeners.clear();
  }

  #add(change: OperatorChange): void {
    this.#last += 1;
    const event: LoggedEvent = { id: this.lastId(), data: { at: this.#now(), change } };
    this.#kept.push(event);
    if (this.#kept.length > KEPT) this.#kept.shift();
    for (const listener of this.#listeners) listener(event);
  }
}
