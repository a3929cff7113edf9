import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { EvidenceRow } from '#graph';
import { type EvidenceStore, MemoryStore, StoreError } from '#store';

import { EvidenceDesk } from './evidence-desk.ts';

/** Evidence of a store whose disk may be full. */
class FullDisk {
  readonly evidence: EvidenceStore;
  isFull = false;

  constructor(store: EvidenceStore) {
    this.evidence = {
      all: () => store.all(),
      put: (changes, options) => (this.isFull ? Promise.reject(new StoreError('full', 'put evidence: there is no room left')) : store.put(changes, options)),
    };
  }
}

let store: MemoryStore;
let disk: FullDisk;
let desk: EvidenceDesk;
let troubles: string[];
let written: number;
let fence: number | undefined;

async function kept(): Promise<readonly EvidenceRow[]> {
  const rows: EvidenceRow[] = [];
  for await (const row of store.evidence.all()) rows.push(row);
  return rows.sort((a, b) => (a.key < b.key ? -1 : 1));
}

beforeEach(async () => {
  store = new MemoryStore();
  disk = new FullDisk(store.evidence);
  [troubles, written, fence] = [[], 0, 1];
  desk = new EvidenceDesk({
    evidence: disk.evidence,
    leader: { get fence() { return fence; }, lost: () => { fence = undefined; } },
    restore: () => Promise.resolve(0),
    onUnread: () => undefined,
    onTrouble: (what) => troubles.push(what),
    onWritten: () => { written += 1; },
  });
  await desk.begin();
  desk.led({ kind: 'leader', since: 1, fence: 1 });
  await desk.whenKeeping;
});
afterEach(() => desk.close());

describe('what was seen', () => {
  it('is kept when the store takes it again, each row as it was last', async () => {
    disk.isFull = true;
    desk.keep([{ key: 'a', value: 1 }, { key: 'b', value: 1 }]);
    desk.keep([{ key: 'a', value: 2 }, { key: 'c', value: undefined }]);
    await desk.close();
    expect([await kept(), troubles.length > 0, written]).toEqual([[], true, 0]);
    disk.isFull = false;
    desk.keep([{ key: 'd', value: 1 }]);
    await desk.close();
    expect([await kept(), written]).toEqual([[{ key: 'a', value: 2 }, { key: 'b', value: 1 }, { key: 'd', value: 1 }], 1]);
  });

  it('is not written by one who leads no more, nor later by one who leads again', async () => {
    disk.isFull = true;
    desk.keep([{ key: 'a', value: 1 }]);
    await desk.close();
    fence = undefined;
    desk.led({ kind: 'follower' });
    disk.isFull = false;
    desk.keep([{ key: 'b', value: 1 }]);
    fence = 3;
    desk.led({ kind: 'leader', since: 1, fence: 3 });
    await desk.whenKeeping;
    desk.keep([{ key: 'c', value: 1 }]);
    await desk.close();
    expect(await kept()).toEqual([{ key: 'c', value: 1 }]);
  });
});
