import { isJsonObject, type Json, type JsonObject, type Refuser } from '#model';

const LONGEST_LINE = 500;

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

/**
 * Asks an API server with the credentials of whoever made this function.
 *
 * An answer of any status is an answer; where there is none (connection refused, broken, too late)
 * it rejects.
 */
export type AskCluster = (request: ClusterRequest) => Promise<ClusterResponse>;

/** The server's own words for a refusal (a Status object), or its number. */
export function refusalText({ status, body }: ClusterResponse): string {
  const message = isJsonObject(body) && typeof body['message'] === 'string' ? body['message'] : '';
  const line = plainLine(message);
  return line === '' ? `the API server answered ${String(status)}` : line;
}

/** What others wrote, as one line that can do nothing but be read. */
export function plainLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim().slice(0, LONGEST_LINE);
}

/**
 * Who said no. Whoever may not do it is told so by name (`… is forbidden: User "x" cannot …`);
 * any other 403, and whatever names a webhook or a policy of admission, comes from what looks at objects before they are admitted.
 */
export function refuserOf(response: ClusterResponse): Refuser {
  const text = refusalText(response);
  if (response.status === 401 || /is forbidden: User "/.test(text)) return 'access';
  return response.status === 403 || /\bwebhook\b|ValidatingAdmissionPolicy|denied (?:the )?request/.test(text) ? 'admission' : 'server';
}

/** A field of an object that is an object itself; an empty one where it is not. */
export function fieldsOf(value: Json | undefined, name: string): JsonObject {
  const field = isJsonObject(value) ? value[name] : undefined;
  return isJsonObject(field) ? field : {};
}

export function textOf(value: JsonObject, name: string): string {
  const field = value[name];
  return typeof field === 'string' ? field : '';
}
