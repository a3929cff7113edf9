import { Agent, request } from 'node:https';

import type { JsonObject } from '#model';

export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
}

interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Asks an API server, and throws with what it said where that is a refusal. Knows nothing of the client under test. */
export class ClusterClient {
  readonly #server: string;
  readonly #agent: Agent;

  constructor(server: string, credentials: Credentials) {
    this.#server = server;
    this.#agent = new Agent({ ...credentials, keepAlive: true, maxSockets: 16 });
  }

  close(): void {
    this.#agent.destroy();
  }

  async isReady(): Promise<boolean> {
    try {
      return (await this.ask('GET', '/readyz')).status === 200;
    } catch {
      return false;
    }
  }

  async get(path: string): Promise<JsonObject> {
    return (await this.#must('GET', path)).body;
  }

  /** Every object of a list, read in one piece. */
  async list(path: string): Promise<readonly JsonObject[]> {
    return (await this.get(path))['items'] as readonly JsonObject[];
  }

  async create(path: string, body: object): Promise<JsonObject> {
    return (await this.#must('POST', path, body)).body;
  }

  async replace(path: string, body: object): Promise<JsonObject> {
    return (await this.#must('PUT', path, body)).body;
  }

  async patch(path: string, body: object, contentType = 'application/merge-patch+json'): Promise<JsonObject> {
    return (await this.#must('PATCH', path, body, contentType)).body;
  }

  async remove(path: string): Promise<void> {
    await this.#must('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
  }

  async #must(method: string, path: string, body?: object, contentType?: string): Promise<Answer> {
    const answer = await this.ask(method, path, body, contentType);
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${String(answer.status)} ${JSON.stringify(answer.body['message'] ?? '')}`);
    return answer;
  }

  /** One exchange; an answer of any status is an answer. */
  async ask(method: string, path: string, body?: object, contentType = 'application/json'): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { 'content-type': contentType, 'content-length': String(Buffer.byteLength(text)) };
      const asked = request(`${this.#server}${path}`, { method, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const said = Buffer.concat(parts).toString('utf8');
          resolve({ status: response.statusCode ?? 0, body: said.startsWith('{') ? (JSON.parse(said) as JsonObject) : {} });
        });
      });
      asked.on('error', reject);
      asked.end(text);
    });
  }
}
