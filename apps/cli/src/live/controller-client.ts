import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { userInfo } from 'node:os';

import { type Given, type ProblemShape, problemSchema, type Route, type Shape } from '#operator-api';
import { z } from 'zod';

import { misunderstood, otherRelease, unreachable } from './no-controller.ts';

export const DEFAULT_SERVER = 'http://127.0.0.1:8470';
const PATIENCE_MS = 120_000;
const LARGEST_ANSWER = 1 << 28;
const NO_SUCH_ROUTE = 'no-such-route';
const DOCUMENT = z.looseObject({ info: z.looseObject({ title: z.literal('Ringfence controller'), version: z.string().max(100) }) });
const NAME = /^[A-Za-z0-9._@+-]{1,64}$/;

/** The controller answered with a problem. */
export class ControllerProblem extends Error {
  readonly problem: ProblemShape;

  constructor(problem: ProblemShape) {
    super(problem.detail);
    this.name = 'ControllerProblem';
    this.problem = problem;
  }
}

type Input<Schema> = Schema extends z.ZodType ? Given<Schema> : never;

interface Answered {
  readonly status: number;
  readonly location: string | undefined;
  readonly json: unknown;
}

/** What a route is asked with; only what the route takes. */
type Question<R extends Route> = (R extends { params: infer P } ? { readonly params: Input<P> } : unknown) &
  (R extends { query: infer Q } ? { readonly query?: Partial<Record<keyof Input<Q>, string | number | boolean | undefined>> } : unknown) &
  (R extends { body: infer B } ? { readonly body: Input<B> } : unknown);

type AnswerOf<R extends Route> = R extends { answer: infer A } ? (A extends z.ZodType ? Shape<A> : never) : never;

/** Asks a controller by the routes both sides know; what comes back is what the route's schema says, or an error. */
export class ControllerClient {
  readonly server: string;
  readonly #actor: string | undefined;

  constructor(server: string, actor: string | undefined) {
    this.server = server.replace(/\/+$/, '');
    this.#actor = actor;
  }

  async ask<R extends Route & { readonly answer: z.ZodType }>(route: R, question: Question<R>): Promise<AnswerOf<R>> {
    const { params = {}, query = {}, body } = question as { readonly params?: Readonly<Record<string, unknown>>; readonly query?: Readonly<Record<string, string | number | boolean | undefined>>; readonly body?: unknown };
    const path = route.path.replace(/:(\w+)/g, (_match, name: string) => encodeURIComponent(String(params[name])));
    const search = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
    const url = `${this.server}${path}${search.size === 0 ? '' : `?${search.toString()}`}`;
    const answered = await this.#send(url, {
      method: route.method,
      headers: { accept: 'application/json', ...(this.#actor === undefined ? {} : { 'ringfence-actor': this.#actor }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answered.status === 200) {
      const answer = route.answer.safeParse(answered.json);
      if (answer.success) return answer.data as AnswerOf<R>;
      const [issue] = answer.error.issues;
      throw misunderstood(this.server, answered, await this.#release(), `it gives another ${route.name} (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''})`, answer.error);
    }
    const problem = problemSchema.safeParse(answered.json);
    if (!problem.success) throw misunderstood(this.server, answered, await this.#release(), `it answers ${route.name} with status ${String(answered.status)}`, problem.error);
    if (problem.data.code === NO_SUCH_ROUTE) throw otherRelease(this.server, (await this.#release()) ?? 'unknown', `it does not know ${route.method} ${route.path}`);
    throw new ControllerProblem(problem.data);
  }

  /** What answers says of itself, where it is a controller: of every release the document has a title and a version. */
  async #release(): Promise<string | undefined> {
    const { json } = await this.#send(`${this.server}/openapi.json`, { method: 'GET', headers: { accept: 'application/json' } });
    const document = DOCUMENT.safeParse(json);
    return document.success ? document.data.info.version : undefined;
  }

  // A connection a question: one that waited while a person thought may be gone when it is used again.
  #send(url: string, question: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly body?: string }): Promise<Answered> {
    const { method, headers, body } = question;
    const request = url.startsWith('https:') ? secureRequest : plainRequest;
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        reject(unreachable(this.server, error));
      };
      const sent = request(url, { method, headers, agent: false, signal: AbortSignal.timeout(PATIENCE_MS) }, (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          if (size > LARGEST_ANSWER) sent.destroy(new Error('it answers with more than can be read'));
          else parts.push(part);
        });
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, location: response.headers.location, json: parsed(Buffer.concat(parts).toString('utf8')) });
        });
        response.on('error', fail);
      });
      sent.on('error', fail);
      sent.end(body);
    });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The name decisions are recorded under, as this user claims it; undefined where the system knows none that can be sent. */
export function ownName(): string | undefined {
  try {
    const { username } = userInfo();
    return NAME.test(username) ? username : undefined;
  } catch {
    return undefined;
  }
}
