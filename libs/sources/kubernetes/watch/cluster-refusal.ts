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

/** What an error says, with what is behind it; one line, for what follows may quote a file with secrets in it. */
export function errorText(error: unknown): string {
  const text = messageIn(error) ?? 'something was thrown that is no error';
  // what Node says of an answer that ended in the middle
  if (text === 'aborted') return 'the connection broke off';
  const behind = messageIn((error as { readonly cause?: unknown }).cause);
  return shown((behind === undefined || text.includes(behind) ? text : `${text}: ${behind}`).split('\n', 1)[0] ?? '', 300);
}

// errors of other realms are no instances of this one's
function messageIn(error: unknown): string | undefined {
  const message: unknown = typeof error === 'object' && error !== null && 'message' in error ? error.message : undefined;
  return typeof message === 'string' ? message : undefined;
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
