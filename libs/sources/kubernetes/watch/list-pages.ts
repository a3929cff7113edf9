import { isJsonObject, type Json, type JsonObject } from '#model';

import { type ClusterConnection, TooLongAnswer } from './cluster-connection.ts';
import { isGone } from './cluster-refusal.ts';
import { listPath, type WatchedKind } from './watched-kind.ts';

/** Parsing stalls the thread for some 10 ms a MiB: pages of more are asked for in smaller ones from then on. */
const LARGE_PAGE_BYTES = 6 * 2 ** 20;
const LONGEST_PAGE_BYTES = 96 * 2 ** 20;
const MOST_RESTARTS = 3;

export interface ListedPage {
  readonly items: readonly Json[];
  /** What the whole list is a picture of. */
  readonly version: string;
  /** How many there are beyond this page, where the server tells. */
  readonly remaining: number;
  readonly isLast: boolean;
  /** The list began anew: what came before may not be all there was. */
  readonly isRestart: boolean;
}

export interface ListOptions {
  readonly connection: ClusterConnection;
  readonly kind: WatchedKind;
  readonly limit: number;
  readonly signal: AbortSignal;
}

/**
 * A list, page by page. The next page is asked for while this one is worked on.
 *
 * A server that has forgotten the list in the middle (410) is asked from the beginning, for larger
 * pages, a few times.
 */
export async function* listPages({ connection, kind, limit, signal }: ListOptions): AsyncGenerator<ListedPage> {
  let size = limit;
  let restarts = 0;
  let isRestart = false;
  let token = '';
  let next: Promise<string> | undefined;
  const ask = (after: string): Promise<string> => {
    const query = new URLSearchParams({ limit: String(size), ...(after === '' ? {} : { continue: after }) });
    const text = connection.read(`${listPath(kind)}?${query.toString()}`, { signal, longest: LONGEST_PAGE_BYTES });
    // it is awaited later, or not at all where the page before ends everything
    text.catch(() => undefined);
    return text;
  };
  for (;;) {
    let text: string;
    try {
      text = await (next ?? ask(token));
    } catch (error) {
      next = undefined;
      if (error instanceof TooLongAnswer && size > 1) {
        size = Math.max(1, Math.floor(size / 8));
        continue;
      }
      if (!isGone(error) || token === '' || restarts >= MOST_RESTARTS) throw error;
      restarts += 1;
      size *= 4;
      token = '';
      isRestart = true;
      continue;
    }
    const page = JSON.parse(text) as Json;
    const metadata = isJsonObject(page) && isJsonObject(page['metadata']) ? page['metadata'] : {};
    token = textIn(metadata, 'continue');
    if (text.length > LARGE_PAGE_BYTES && size > 1) size = Math.max(1, Math.floor((size * LARGE_PAGE_BYTES) / text.length));
    next = token === '' ? undefined : ask(token);
    const remaining = metadata['remainingItemCount'];
    yield { items: itemsOf(page), version: textIn(metadata, 'resourceVersion'), remaining: typeof remaining === 'number' ? remaining : 0, isLast: token === '', isRestart };
    isRestart = false;
    if (token === '') return;
  }
}

function itemsOf(page: Json): readonly Json[] {
  const items = isJsonObject(page) ? page['items'] : undefined;
  return Array.isArray(items) ? (items as readonly Json[]) : [];
}

function textIn(value: JsonObject, key: string): string {
  const field = value[key];
  return typeof field === 'string' ? field : '';
}
