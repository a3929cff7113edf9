import type { WouldDropsShape } from '#operator-api';

import { agoText } from './live-text.ts';

/** `would drop 12 connections of 3 kinds, first 2 h ago, last 5 min ago`. */
export function wouldDropsText({ kinds, connections, first, last }: WouldDropsShape, now: number): string {
  if (kinds === 0) return '';
  const when = first === undefined || last === undefined ? '' : `, first ${agoText(first, now)}, last ${agoText(last, now)}`;
  return `would drop ${String(connections)} ${connections === 1 ? 'connection' : 'connections'} of ${String(kinds)} ${kinds === 1 ? 'kind' : 'kinds'}${when}`;
}
