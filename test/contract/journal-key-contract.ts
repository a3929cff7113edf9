import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type Journal, type JournalEntry, NO_DIGEST, type Store } from '#store';

import type { StoreBench } from './store-contract.ts';

const KEY = Buffer.from('a key of thirty-two bytes or more');

/** What every store keeps to whose journal is sealed with a key. */
export function journalKeyContract(name: string, openBench: () => Promise<StoreBench>): void {
  describe(`the journal of a store ${name}`, () => {
    let bench: StoreBench;
    let store: Store;
    const opened: Store[] = [];

    beforeEach(async () => {
      bench = await openBench();
      store = await open();
    });
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
      await bench.close();
    });

    async function open(key?: Uint8Array): Promise<Store> {
      const made = await bench.open(key);
      opened.push(made);
      return made;
    }

    it('sealed with a key takes nothing from who lacks it, whole as it may be', async () => {
      const [ours, stolen] = [await open(KEY), await open(Buffer.from('another key'))];
      const [first] = await append(ours.journal, 0, ['a']);
      const end = { seq: 1, digest: first?.digest ?? '' };
      expect(await ours.journal.verify()).toMatchObject({ kind: 'whole', entries: 1, sealedFrom: 1 });
      expect(await ours.journal.readOn(end, 10)).toEqual({ kind: 'entries', entries: [], end });
      expect(await ours.journal.readOn({ ...end, seq: 0, digest: NO_DIGEST }, 10)).toEqual({ kind: 'entries', entries: [first], end });
      expect(await stolen.journal.verify()).toMatchObject({ kind: 'broken', seq: 1, why: expect.stringContaining('sealed with another key') as unknown });
      expect(await store.journal.verify()).toMatchObject({ kind: 'broken', seq: 1, why: expect.stringContaining('a key that is not here') as unknown });
      // whoever may write the store appends what follows
      await append(store.journal, 1, ['allow everybody']);
      const why = expect.stringContaining('somebody without the key wrote it') as unknown;
      expect(await ours.journal.readOn(end, 10)).toEqual({ kind: 'broken', seq: 2, why });
      expect(await ours.journal.verify()).toEqual({ kind: 'broken', seq: 2, why });
      await expect(ours.journal.append([{ at: 1, content: 'b' }], { expectedSeq: 2, expectedDigest: end.digest })).rejects.toMatchObject({ code: 'unreadable' });
    });

    it('of before there was a key goes on, and the first entry with one seals what was there', async () => {
      await append(store.journal, 0, ['a', 'b']);
      const ours = await open(KEY);
      expect(await ours.journal.verify()).toEqual({ kind: 'whole', entries: 2, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown });
      const [third] = await append(ours.journal, 2, ['c']);
      expect(third?.digest).toMatch(/^hmac-sha256:[0-9a-f]{64}$/);
      expect(await ours.journal.verify()).toEqual({ kind: 'whole', entries: 3, digest: third?.digest, sealedFrom: 3 });
      await bench.tamper({ seq: 1, content: '"x"' });
      expect(await ours.journal.verify()).toMatchObject({ kind: 'broken', seq: 1 });
    });
  });
}

async function append(journal: Journal, expectedSeq: number, contents: readonly string[]): Promise<readonly JournalEntry[]> {
  const result = await journal.append(contents.map((content) => ({ at: 1, content })), { expectedSeq });
  if (result.kind !== 'appended') throw new Error(`append: ${result.kind}`);
  return result.entries;
}
