import type { ServerResponse } from 'node:http';

import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Logger } from 'pino';

import { PROBLEM_TYPE, type ProblemShape } from '#operator-api';
import { isStoreError, type StoreError } from '#store';

import { cleanLogText } from './log.ts';
import { Problem, problemShape } from './problem.ts';

/** Whatever goes wrong leaves as problem+json; what is our own mistake is logged in full and told in one sentence. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    const problem = this.#problemOf(error);
    sendProblem(response, problem);
  }

  #problemOf(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (isStoreError(error)) return problemOfStore(error);
    const status = statusOf(error);
    if (status !== undefined && status < 500) return new Problem(status, saidOfHttp(status, error));
    this.#log.error({ err: error }, 'a request failed by a mistake of the controller');
    return new Problem(500, { code: 'internal', subject: 'the controller', message: 'could not answer because of a mistake of its own', hint: 'its log says more; please report it' });
  }
}

/** Ends a response with a problem, also outside Nest's own handling. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  const shape: ProblemShape = problemShape(problem);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = shape.status;
  response.setHeader('content-type', PROBLEM_TYPE);
  response.setHeader('cache-control', 'no-store');
  response.end(JSON.stringify(shape));
}

// what the outside did to the store is nobody's mistake; its errors hold no content and no password
function problemOfStore({ code, message, isOutcomeUnknown }: StoreError): Problem {
  const hint = isOutcomeUnknown ? 'it may have been written all the same: look, then decide again' : 'nothing was written: ringfence status says how the store is';
  return new Problem(503, { code: `store-${code}`, subject: 'the store', message: `could not be used: ${cleanLogText(message)}`, hint });
}

// Express' own errors (a body that is too large or no JSON) carry `status`, Nest's are HttpException.
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'status' in error && typeof error.status === 'number') return error.status;
  return undefined;
}

function saidOfHttp(status: number, error: unknown): Problem['said'] {
  const text = error instanceof Error ? cleanLogText(error.message) : '';
  const message = text.charAt(0).toLowerCase() + text.slice(1);
  const subject = 'the request';
  switch (status) {
    case 404:
      return { code: 'no-such-route', subject, message, hint: 'GET /openapi.json lists what there is' };
    case 413:
      return { code: 'too-large', subject, message: 'has a body larger than is read', hint: 'decide about fewer workloads at once' };
    case 415:
      return { code: 'not-json', subject, message, hint: 'send content-type: application/json in UTF-8' };
    default:
      return { code: 'not-understood', subject, message, hint: 'GET /openapi.json says what is expected' };
  }
}
