import { Agent as HttpAgent, type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';

import type { Diagnostic, Json } from '#model';

import type { ClusterAccess, ClusterCredentials } from './cluster-access.ts';
import { ClusterRefusal, retryAfterMs } from './cluster-refusal.ts';

/** How long an API server may be silent: before it answers, and within an answer that is not a watch. */
const SILENT_MS = 60_000;
const FREE_SOCKETS = 8;

export interface ClusterRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Absolute, with its query. */
  readonly path: string;
  readonly body?: Json;
  readonly contentType?: string;
}

export interface ClusterResponse {
  readonly status: number;
  /** What came back where it was JSON, in wire shape. */
  readonly body: Json | undefined;
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
  readonly accept?: string;
}

/**
 * One API server, asked over one pool of kept connections.
 *
 * Credentials are asked for with every request: a token that changed is used from the next one on,
 * a certificate that changed makes a new pool, and the old one ends with its last request.
 */
export class ClusterConnection {
  readonly server: string;
  readonly origin: string;
  readonly namespace: string;
  readonly weaknesses: readonly Diagnostic[];
  readonly #access: ClusterAccess;
  readonly #base: URL;
  readonly #closing = new AbortController();
  #agent: HttpAgent | undefined;
  #agentKey = '';

  constructor(access: ClusterAccess) {
    this.#access = access;
    this.server = access.server;
    this.origin = access.origin;
    this.namespace = access.namespace;
    this.weaknesses = access.weaknesses ?? [];
    this.#base = new URL(access.server);
  }

  /** An answer of any status is an answer; where there is none it rejects. */
  readonly ask = async (request: ClusterRequest): Promise<ClusterResponse> => {
    const response = await this.open(request);
    return { status: response.statusCode ?? 0, body: asJson(await textOf(response)) };
  };

  /** The text of an answer; throws a `ClusterRefusal` for any other than a good one. */
  async read(path: string, options: ReadOptions = {}): Promise<string> {
    const response = await this.open({ method: 'GET', path }, options);
    await this.#refuse(response, path);
    return await textOf(response);
  }

  /** The answer as it comes, for reading it on and on; throws a `ClusterRefusal` for any other than a good one. */
  async stream(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.open({ method: 'GET', path }, { signal });
    await this.#refuse(response, path);
    return response;
  }

  /** Sends a request and answers with what comes back as soon as its head is here. */
  async open({ method, path, body, contentType = 'application/json' }: ClusterRequest, { signal, accept = 'application/json' }: ReadOptions = {}): Promise<IncomingMessage> {
    const { tls, headers, proxy } = await this.#access.credentials();
    const text = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions & ClusterCredentials['tls'] = {
      method,
      host: this.#base.hostname.replace(/^\[|\]$/g, ''),
      port: this.#base.port === '' ? (this.#base.protocol === 'https:' ? 443 : 80) : Number(this.#base.port),
      path: `${this.#base.pathname.replace(/\/$/, '')}${path}`,
      headers: { ...headers, accept, 'user-agent': 'ringfence', ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)) }) },
      agent: proxy ?? this.#pool(tls),
      ...tls,
      timeout: SILENT_MS,
      signal: signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]),
    };
    return await new Promise((resolve, reject) => {
      const send = this.#base.protocol === 'https:' ? httpsRequest : httpRequest;
      const asked = send(options, (response) => {
        if (response.statusCode === 401) this.#access.forget();
        resolve(response);
      });
      asked.on('timeout', () => {
        asked.destroy(new Error(`${method} ${path}: the API server said nothing for ${String(SILENT_MS / 1_000)} s`));
      });
      asked.on('error', (error) => {
        reject(new Error(`ask ${this.server}: ${error.message}`, { cause: error }));
      });
      asked.end(text);
    });
  }

  /** Ends everything under way; a connection is of no use afterwards. */
  close(): void {
    this.#closing.abort();
    this.#agent?.destroy();
  }

  #pool(tls: ClusterCredentials['tls']): HttpAgent {
    const key = JSON.stringify([tls.ca, tls.cert, tls.key, tls.servername, tls.rejectUnauthorized].map((each) => (Buffer.isBuffer(each) ? each.toString('base64') : each)));
    if (this.#agent === undefined || key !== this.#agentKey) {
      // what is under way goes on; what is done with is not kept
      if (this.#agent !== undefined) this.#agent.maxFreeSockets = 0;
      const options = { keepAlive: true, maxFreeSockets: FREE_SOCKETS, scheduling: 'lifo' as const };
      this.#agent = this.#base.protocol === 'https:' ? new Agent({ ...options, ...tls }) : new HttpAgent(options);
      this.#agentKey = key;
    }
    return this.#agent;
  }

  async #refuse(response: IncomingMessage, path: string): Promise<void> {
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return;
    const body = asJson(await textOf(response));
    throw new ClusterRefusal(`read ${path.split('?')[0] ?? ''}`, status, body, retryAfterMs(response.headers['retry-after']));
  }
}

/** Answers that are read in one piece are of one object, or of a few. */
const LONGEST_ANSWER = 64 * 2 ** 20;

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    // leaving the loop closes the connection
    if (length > LONGEST_ANSWER) throw new Error(`the answer is longer than ${String(LONGEST_ANSWER / 2 ** 20)} MiB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function asJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
