import { isJsonObject, type Json } from '#model';

import { shown } from '../shown-text.ts';

/** An answer of the API server that is a refusal, in its own words. */
export class ClusterRefusal extends Error {
  readonly status: number;
  /** How long it asks to be left alone. */
  readonly retryAfterMs: number | undefined;

  constructor(what: string, status: number, body: Json | undefined, retryAfterMs?: number) {
    super(`${what}: ${refusalText(status, body)}`);
    this.name = 'ClusterRefusal';
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether what was asked for is too old to go on from. */
export function isGone(error: unknown): boolean {
  return error instanceof ClusterRefusal && error.status === 410;
}

export function isDenied(error: unknown): boolean {
  return error instanceof ClusterRefusal && error.status === 403;
}

export function isAbsent(error: unknown): boolean {
  return error instanceof ClusterRefusal && error.status === 404;
}

/** What an error says, with what is behind it; one line. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return 'something was thrown that is no error';
  // what Node says of an answer that ended in the middle
  if (error.message === 'aborted') return 'the connection broke off';
  const { cause } = error;
  const text = cause instanceof Error && !error.message.includes(cause.message) ? `${error.message}: ${cause.message}` : error.message;
  return shown(text, 300);
}

/** Reads a `Retry-After` of seconds, up to ten minutes. */
export function retryAfterMs(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header === undefined || !Number.isFinite(seconds) || seconds < 0 ? undefined : Math.min(seconds, 600) * 1_000;
}

function refusalText(status: number, body: Json | undefined): string {
  const message = isJsonObject(body) && typeof body['message'] === 'string' ? shown(body['message'], 300) : '';
  return message === '' ? `the API server answered ${String(status)}` : message;
}
