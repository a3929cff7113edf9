import { describe, expect, it } from '@jest/globals';

import type { UnattributedAddress } from '#graph';

import { liveUnattributed } from './live-unattributed.ts';

const all = ['10.1.0.9', '10.1.0.10', '2001:db8::9', '2001:db8::10', '10.1.0.9'].map((name, at): UnattributedAddress => ({
  kind: 'address',
  name,
  why: at === 4 ? 'several held it' : 'nobody held it',
  mayBe: [],
  connections: at,
  firstSeen: 0,
  lastSeen: at * 100,
  reporters: [at % 2 === 0 ? 'n1' : 'n2'],
  others: [],
}));

describe('a page of what nobody could be found for', () => {
  it('is followed by the next one until all were read, each once', () => {
    const read: string[] = [];
    let cursor: string | undefined;
    do {
      const page = liveUnattributed(all, {}, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      read.push(...page.items.map(({ name, why }) => `${name} ${why}`));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(read).toEqual(['10.1.0.10 nobody held it', '10.1.0.9 nobody held it', '10.1.0.9 several held it', '2001:db8::10 nobody held it', '2001:db8::9 nobody held it']);
  });

  it.each([
    [{ why: 'several held it' } as const, 1],
    [{ reporter: 'n2' }, 2],
    [{ since: 200 }, 3],
    [{ reporter: 'n3' }, 0],
  ])('of %j has %d', (filter, count) => {
    expect(liveUnattributed(all, filter, { limit: 10 }).items).toHaveLength(count);
  });
});
