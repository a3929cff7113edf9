import type { IncomingMessage, ServerResponse } from 'node:http';

import type { ChangeEventShape } from '#operator-api';

import type { EventLog, LoggedEvent } from './event-log.ts';
import { Problem } from './problem.ts';

const MOST_STREAMS = 100;
const HEARTBEAT_MS = 15_000;
/** A reader further behind than this is let go; it resumes by its last id. */
const MOST_WAITING_BYTES = 1 << 20;

/** Server-sent events (WHATWG HTML, section 9.2) of everything that changes. */
export class EventStreams {
  readonly #log: EventLog;
  readonly #heartbeatMs: number;
  readonly #open = new Set<ServerResponse>();

  constructor(log: EventLog, { heartbeatMs = HEARTBEAT_MS }: { readonly heartbeatMs?: number } = {}) {
    this.#log = log;
    this.#heartbeatMs = heartbeatMs;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Answers a request with a stream that ends when either side goes away. */
  serve(request: IncomingMessage, response: ServerResponse): void {
    if (this.#open.size >= MOST_STREAMS) {
      throw new Problem(503, { code: 'too-many-streams', subject: 'the event stream', message: `has ${String(MOST_STREAMS)} readers already`, hint: 'close one of them, or ask again later' });
    }
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    response.write('retry: 2000\n\n');
    const last = request.headers['last-event-id'];
    const missed = typeof last === 'string' && last !== '' ? this.#log.after(last) : [];
    if (missed === undefined) response.write(frame({ id: this.#log.lastId(), data: RESET }));
    else for (const event of missed) response.write(frame(event));
    // a reader that has seen nothing yet still learns where it stands
    if (missed?.length === 0) response.write(`id: ${this.#log.lastId()}\n\n`);
    const stop = this.#log.subscribe((event) => {
      this.#write(response, frame(event));
    });
    const heart = setInterval(() => {
      this.#write(response, ': still here\n\n');
    }, this.#heartbeatMs);
    this.#open.add(response);
    response.once('close', () => {
      stop();
      clearInterval(heart);
      this.#open.delete(response);
    });
  }

  close(): void {
    for (const response of this.#open) response.end();
  }

  #write(response: ServerResponse, text: string): void {
    if (response.writableLength > MOST_WAITING_BYTES) response.destroy();
    else response.write(text);
  }
}

const RESET: ChangeEventShape = { at: 0, change: { kind: 'reset' } };

function frame({ id, data }: LoggedEvent): string {
  return `id: ${id}\nevent: ${data.change.kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
