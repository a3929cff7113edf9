import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import type { ClusterAccess } from '#sources/kubernetes/watch';

/** What a request asked for, in short: `list`, `list after x`, `watch from 7`. */
export interface Asked {
  readonly what: string;
  readonly query: URLSearchParams;
  readonly authorization: string;
}

type Reply = (response: ServerResponse, asked: Asked) => void;

/** An API server of one kind, `things`, that answers each request as a test says, in order; the last answer is given again and again. */
export class ScriptedApiServer {
  readonly asked: Asked[] = [];
  token = 'first';
  readonly #replies: Reply[];
  readonly #server: Server;

  private constructor(replies: readonly Reply[]) {
    this.#replies = [...replies];
    this.#server = createServer((request, response) => {
      this.#answer(request, response);
    });
  }

  static async start(...replies: readonly Reply[]): Promise<ScriptedApiServer> {
    return ScriptedApiServer.startAt('127.0.0.1', ...replies);
  }

  static async startAt(address: '127.0.0.1' | '::1', ...replies: readonly Reply[]): Promise<ScriptedApiServer> {
    const started = new ScriptedApiServer(replies);
    await new Promise<void>((resolve) => started.#server.listen(0, address, resolve));
    return started;
  }

  /** Access with the token that is right at the time it is read. */
  get access(): ClusterAccess {
    const address = this.#server.address();
    let token = this.token;
    return {
      server: typeof address === 'object' && address !== null ? `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${String(address.port)}` : '',
      origin: 'a test',
      namespace: 'default',
      credentials: () => Promise.resolve({ tls: {}, headers: { authorization: `Bearer ${token}` } }),
      forget: () => {
        token = this.token;
      },
    };
  }

  whats(): readonly string[] {
    return this.asked.map(({ what }) => what);
  }

  /** Every answer under way ends in the middle. */
  breakConnections(): void {
    this.#server.closeAllConnections();
  }

  close(): void {
    this.breakConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { searchParams: query } = new URL(request.url ?? '/', 'http://server');
    const authorization = request.headers.authorization ?? '';
    const after = query.get('continue');
    const what = query.has('watch') ? `watch from ${query.get('resourceVersion') ?? ''}` : after === null ? 'list' : `list after ${after}`;
    const asked = { what, query, authorization };
    this.asked.push(asked);
    if (authorization !== `Bearer ${this.token}`) {
      refusal(401)(response, asked);
      return;
    }
    const reply = this.#replies.length > 1 ? this.#replies.shift() : this.#replies[0];
    reply?.(response, asked);
  }
}

/** What a page that is not the last says is still to come. */
export const REMAINING = 60;

/** An object by name; `text` is what it says. */
export function thing(name: string, text = '', version = '1'): object {
  return { metadata: { name, namespace: 'shop', resourceVersion: version }, spec: { text } };
}

export function page(version: string, items: readonly object[], token?: string): Reply {
  return json(200, { kind: 'ThingList', apiVersion: 'example.com/v1', metadata: { resourceVersion: version, ...(token === undefined ? {} : { continue: token, remainingItemCount: REMAINING }) }, items });
}

export function refusal(code: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return json(code, { kind: 'Status', status: 'Failure', code, message: `refused with ${String(code)}` }, headers);
}

/** A watch that tells these events; it stays open, unless it is to end. */
export function events(lines: readonly (object | string)[], end: 'stays open' | 'ends' = 'stays open'): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const line of lines) response.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    if (end === 'ends') response.end();
  };
}

function json(code: number, body: object, headers: Readonly<Record<string, string>> = {}): Reply {
  return (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}
