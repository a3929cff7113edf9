import type { UnattributedAddress } from '#graph';

import { type Page, type PageRequest, pageOf, type UnattributedFilter } from './live-list.ts';

/** One page of the ends that could not be told to be one workload's, by kind and name. */
export function liveUnattributed(all: readonly UnattributedAddress[], filter: UnattributedFilter, page: PageRequest): Page<UnattributedAddress> {
  const keyed = all.filter((one) => isMeant(one, filter)).map((one) => ({ one, key: `${one.kind} ${one.name} ${one.why}` })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const { items, ...rest } = pageOf(keyed, page, ({ key }) => key);
  return { items: items.map(({ one }) => one), ...rest };
}

function isMeant({ why, reporters, lastSeen }: UnattributedAddress, filter: UnattributedFilter): boolean {
  if (filter.why !== undefined && filter.why !== why) return false;
  if (filter.since !== undefined && lastSeen < filter.since) return false;
  return filter.reporter === undefined || reporters.includes(filter.reporter);
}
