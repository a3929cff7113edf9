import { isJsonObject, type Json, type JsonObject } from '#model';

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
  const line = message.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
  return line === '' ? `the API server answered ${String(status)}` : line.slice(0, 500);
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
