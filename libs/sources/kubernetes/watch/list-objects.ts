import type { IncomingMessage } from 'node:http';

import { isJsonObject, type Json, type JsonObject } from '#model';

import type { ClusterConnection } from './cluster-connection.ts';
import { isGone } from './cluster-refusal.ts';
import { ListSplitter } from './list-splitter.ts';
import { listPath, type WatchedKind } from './watched-kind.ts';

const MOST_RESTARTS = 3;

/** Some objects of a list, as they come. */
export interface ListedObjects {
  readonly items: readonly Json[];
  /** What the whole list is a picture of. */
  readonly version: string;
  /** How many there are beyond this page, where the server tells. */
  readonly remaining: number;
  /** The list begins anew with these: of what came before, not all may be there. */
  readonly isRestart: boolean;
}

export interface ListOptions {
  readonly connection: ClusterConnection;
  readonly kind: WatchedKind;
  /** Objects a page. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * A list, page by page, each read as it arrives; the server makes the next page meanwhile.
 *
 * A server that has forgotten the list in the middle (410) is asked from the beginning, for larger
 * pages, a few times.
 */
export async function* listObjects({ connection, kind, limit, signal }: ListOptions): AsyncGenerator<ListedObjects> {
  let size = limit;
  let restarts = 0;
  let isRestart = false;
  let token = '';
  const leaving = new AbortController();
  const ask = async (after: string): Promise<IncomingMessage> => {
    const query = new URLSearchParams({ limit: String(size), ...(after === '' ? {} : { continue: after }) });
    return connection.stream(`${listPath(kind)}?${query.toString()}`, AbortSignal.any([signal, leaving.signal]));
  };
  let next = ask('');
  try {
    for (;;) {
      let response: IncomingMessage;
      try {
        response = await next;
      } catch (error) {
        if (!isGone(error) || token === '' || restarts >= MOST_RESTARTS) throw error;
        restarts += 1;
        size *= 4;
        token = '';
        isRestart = true;
        next = ask('');
        continue;
      }
      const splitter = new ListSplitter();
      let frame: JsonObject | undefined;
      const goOn = (): void => {
        token = fieldOf(splitter.frame, 'continue');
        if (token === '') return;
        next = ask(token);
        // it is awaited in its turn, or not at all where this page ends everything
        next.catch(() => undefined);
      };
      for await (const piece of response as AsyncIterable<Buffer>) {
        const items = splitter.push(piece);
        if (items.length === 0) continue;
        if (frame === undefined) {
          frame = splitter.frame;
          goOn();
        }
        yield { items, ...placeOf(frame), isRestart };
        isRestart = false;
      }
      if (!splitter.isWhole) throw new Error(`list ${listPath(kind)}: the answer ended in the middle`);
      // one of nothing has no first item
      const whole = splitter.frame;
      if (frame === undefined || fieldOf(whole, 'continue') !== token) goOn();
      yield { items: [], ...placeOf(whole), isRestart };
      isRestart = false;
      if (token === '') return;
    }
  } finally {
    leaving.abort();
  }
}

function placeOf(frame: JsonObject): Pick<ListedObjects, 'version' | 'remaining'> {
  const metadata = isJsonObject(frame['metadata']) ? frame['metadata'] : {};
  const remaining = metadata['remainingItemCount'];
  return { version: fieldOf(frame, 'resourceVersion'), remaining: typeof remaining === 'number' ? remaining : 0 };
}

function fieldOf(frame: JsonObject, key: string): string {
  const metadata = isJsonObject(frame['metadata']) ? frame['metadata'] : {};
  const field = metadata[key];
  return typeof field === 'string' ? field : '';
}
