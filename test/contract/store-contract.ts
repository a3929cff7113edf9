import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Json } from '#model';
import { type AppendResult, isStoreError, type Journal, type JournalEntry, type Store } from '#store';

import { journalKeyContract } from './journal-key-contract.ts';
import { leaseContract } from './lease-contract.ts';

/** One place that keeps things, as several clients see it. */
export interface StoreBench {
  /** Another client of the same place, with this key for its journal. */
  open(journalKey?: Uint8Array): Promise<Store>;
  /** Changes an entry behind the store's back; `digest` puts another digest under it. */
  tamper(change: { readonly seq: number; readonly content: string }): Promise<void>;
  /** Takes the last entry away behind the store's back. */
  cut(): Promise<void>;
  /** Lets time pass for leases. */
  passMs(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What every store keeps to. */
export function storeContract(name: string, openBench: () => Promise<StoreBench>): void {
  leaseContract(`of a store ${name}`, async () => {
    const bench = await openBench();
    const stores: Store[] = [];
    const open = async (): Promise<Store> => {
      const store = await bench.open();
      stores.push(store);
      return store;
    };
    return {
      open: async () => (await open()).leases,
      know: async (fence) => {
        await (await open()).raiseFence(fence);
      },
      passMs: (ms) => bench.passMs(ms),
      close: async () => {
        for (const store of stores) await store.close();
        await bench.close();
      },
    };
  });
  journalKeyContract(name, openBench);
  describe(`store ${name}`, () => {
    let bench: StoreBench;
    let store: Store;
    let other: Store;
    const opened: Store[] = [];

    beforeEach(async () => {
      bench = await openBench();
      store = await open();
      other = await open();
    });
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
      await bench.close();
    });

    async function open(journalKey?: Uint8Array): Promise<Store> {
      const made = await bench.open(journalKey);
      opened.push(made);
      return made;
    }

    describe('its journal', () => {
      it('begins empty and whole', async () => {
        expect(await store.journal.lastSeq()).toBe(0);
        expect(await store.journal.read(0, 10)).toEqual([]);
        expect(await store.journal.verify()).toMatchObject({ kind: 'whole', entries: 0 });
      });

      it('gives back what was appended, in order, to every client', async () => {
        const first = await appended(store.journal, 0, [{ a: 1 }, 'two']);
        const second = await appended(other.journal, 2, [[3, null, true, { deep: ['x'] }]]);
        expect([...first, ...second].map(({ seq, content }) => [seq, content])).toEqual([
          [1, { a: 1 }],
          [2, 'two'],
          [3, [3, null, true, { deep: ['x'] }]],
        ]);
        expect(await store.journal.read(0, 10)).toEqual([...first, ...second]);
        expect(await store.journal.read(1, 1)).toEqual([first[1]]);
        expect(await store.journal.read(3, 10)).toEqual([]);
        expect(await store.journal.lastSeq()).toBe(3);
      });

      it.each<[string, Json]>([
        ['text of every kind', { text: 'üöß 漢字 \u{1f980} \ud800 \u0000 \u2028 "\\\n\t' }],
        ['keys others chose', JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "": 3}') as Json],
        ['numbers', [0, 1.5, -2, 9_007_199_254_740_991, 1e-300, 1e300]],
        ['a long text', 'x'.repeat(2_000_000)],
      ])('keeps %s as it is', async (_what, content) => {
        await appended(store.journal, 0, [content]);
        expect(JSON.stringify((await other.journal.read(0, 1))[0]?.content)).toBe(JSON.stringify(content));
        expect((await store.journal.verify()).kind).toBe('whole');
      });

      it('appends only where the last entry is the expected one, and leaves nothing behind otherwise', async () => {
        await appended(store.journal, 0, ['a']);
        expect(await other.journal.append([record('b')], { expectedSeq: 0 })).toEqual({ kind: 'conflict', lastSeq: 1 });
        expect(await other.journal.append([record('b')], { expectedSeq: 5 })).toEqual({ kind: 'conflict', lastSeq: 1 });
        expect(contents(await store.journal.read(0, 10))).toEqual(['a']);
      });

      it('takes one of two appends at once', async () => {
        const results = await Promise.all([store, other, store, other].map((client, at) => client.journal.append([record(at)], { expectedSeq: 0 })));
        expect(results.map(({ kind }) => kind).sort()).toEqual(['appended', 'conflict', 'conflict', 'conflict']);
        expect(await store.journal.lastSeq()).toBe(1);
      });

      it('appends many in full or not at all', async () => {
        const many = Array.from({ length: 500 }, (_, at) => record({ at }));
        expect((await store.journal.append(many, { expectedSeq: 0 })).kind).toBe('appended');
        expect(await store.journal.lastSeq()).toBe(500);
        await expect(store.journal.append([record('fine'), record('x'.repeat(65 * 1024 * 1024))], { expectedSeq: 500 })).rejects.toMatchObject({ code: 'too-large' });
        expect(await store.journal.lastSeq()).toBe(500);
        expect(await store.journal.verify()).toMatchObject({ kind: 'whole', entries: 500 });
      });

      it('appending nothing is nothing', async () => {
        expect(await store.journal.append([], { expectedSeq: 0 })).toEqual({ kind: 'appended', entries: [] });
        expect(await store.journal.append([], { expectedSeq: 1 })).toEqual({ kind: 'conflict', lastSeq: 0 });
      });

      it('chains its entries: the same content at another place has another digest', async () => {
        const [first, second] = await appended(store.journal, 0, ['same', 'same']);
        expect(first?.digest).toMatch(/^[0-9a-f]{64}$/);
        expect(second?.digest).not.toBe(first?.digest);
      });

      it('finds an entry that was changed', async () => {
        await appended(store.journal, 0, ['a', { allow: 'web' }, 'c']);
        await bench.tamper({ seq: 2, content: '{"allow":"everybody"}' });
        const after = await open();
        expect(await after.journal.verify()).toMatchObject({ kind: 'broken', seq: 2 });
      });

      it('finds that its end was cut off, and appends no more', async () => {
        await appended(store.journal, 0, ['a', 'b', 'c']);
        const known = (await store.journal.read(2, 1))[0]?.digest;
        await bench.cut();
        const after = await open();
        const verified = await after.journal.verify();
        // a store without another place to look can only tell whoever remembers the end
        expect(verified.kind === 'broken' || verified.digest !== known).toBe(true);
        const outcome = await after.journal.append([record('d')], { expectedSeq: 3 }).catch((error: unknown) => error);
        expect(isStoreError(outcome, 'unreadable') || (outcome as AppendResult).kind === 'conflict').toBe(true);
      });

      it('tells subscribers of other clients and its own that there is more, until they leave', async () => {
        const told = { own: 0, other: 0, left: 0 };
        const waiting: (() => void)[] = [];
        const until = async (isSo: () => boolean): Promise<void> => {
          while (!isSo()) await new Promise<void>((resolve) => waiting.push(resolve));
        };
        const tell = (who: keyof typeof told) => () => {
          told[who] += 1;
          for (const resolve of waiting.splice(0)) resolve();
        };
        const leave = store.journal.subscribe(tell('left'));
        const ends = [store.journal.subscribe(tell('own')), other.journal.subscribe(tell('other'))];
        leave();
        await appended(store.journal, 0, ['a']);
        await until(() => told.own > 0 && told.other > 0);
        told.other = 0;
        await appended(store.journal, 1, ['b']);
        await until(() => told.other > 0);
        expect(await other.journal.lastSeq()).toBe(2);
        for (const end of ends) end();
        expect(told.left).toBe(0);
      });
    });

    describe('its fences', () => {
      it('refuse whoever has an older one, in every part', async () => {
        expect(await store.raiseFence(3)).toBe(true);
        expect(await store.raiseFence(3)).toBe(true);
        expect(await other.raiseFence(2)).toBe(false);
        expect(await other.journal.append([record('old')], { expectedSeq: 0, fence: 2 })).toEqual({ kind: 'fenced', fence: 3 });
        expect(await other.evidence.put([{ key: 'a', value: 1 }], { fence: 2 })).toEqual({ kind: 'fenced', fence: 3 });
        expect(await other.documents.put('a', 1, { fence: 2 })).toEqual({ kind: 'fenced', fence: 3 });
        expect(await other.documents.remove('a', { fence: 2 })).toEqual({ kind: 'fenced', fence: 3 });
        expect([await store.journal.lastSeq(), await rows(store), await store.documents.get('a')]).toEqual([0, {}, undefined]);
        expect((await store.journal.append([record('new')], { expectedSeq: 0, fence: 3 })).kind).toBe('appended');
        expect(await store.evidence.put([{ key: 'a', value: 1 }], { fence: 3 })).toEqual({ kind: 'written' });
      });

      it('are raised by whoever writes with a higher one', async () => {
        expect(await store.knownFence()).toBe(0);
        expect((await store.journal.append([record('a')], { expectedSeq: 0, fence: 7 })).kind).toBe('appended');
        expect(await other.knownFence()).toBe(7);
        expect(await other.journal.append([record('b')], { expectedSeq: 1, fence: 6 })).toEqual({ kind: 'fenced', fence: 7 });
        expect((await other.journal.append([record('b')], { expectedSeq: 1 })).kind).toBe('appended');
      });
    });

    describe('its evidence', () => {
      it('is put, changed and taken away row by row', async () => {
        await store.evidence.put([{ key: 'a', value: { n: 1 } }, { key: 'b', value: 2 }, { key: '__proto__', value: 3 }]);
        await other.evidence.put([{ key: 'a', value: { n: 2 } }, { key: 'b', value: undefined }, { key: 'gone', value: undefined }]);
        expect(await rows(store)).toEqual({ a: { n: 2 }, ['__proto__']: 3 });
      });

      it('of one batch is there in full or not at all', async () => {
        await expect(store.evidence.put([{ key: 'a', value: 1 }, { key: '', value: 2 }])).rejects.toMatchObject({ code: 'too-large' });
        await expect(store.evidence.put([{ key: 'a', value: 1 }, { key: 'b', value: 'x'.repeat(2_000_000) }])).rejects.toMatchObject({ code: 'too-large' });
        expect(await rows(store)).toEqual({});
      });

      it('may be many', async () => {
        await store.evidence.put(Array.from({ length: 2_500 }, (_, at) => ({ key: `row ${String(at)}`, value: at })));
        expect(Object.keys(await rows(other)).length).toBe(2_500);
      });
    });

    describe('its documents', () => {
      it('have versions that never come again', async () => {
        expect(await store.documents.put('ca/key', { v: 1 })).toEqual({ kind: 'written', version: 1 });
        expect(await store.documents.put('ca/key', { v: 2 })).toEqual({ kind: 'written', version: 2 });
        expect(await other.documents.get('ca/key')).toEqual({ name: 'ca/key', version: 2, value: { v: 2 } });
        expect(await other.documents.remove('ca/key')).toEqual({ kind: 'written', version: 3 });
        expect(await store.documents.get('ca/key')).toBeUndefined();
        expect(await store.documents.put('ca/key', { v: 4 })).toEqual({ kind: 'written', version: 4 });
      });

      it('are written only where they have the expected version', async () => {
        expect(await store.documents.put('a', 1, { expectedVersion: 1 })).toEqual({ kind: 'conflict', version: 0 });
        expect(await store.documents.put('a', 1, { expectedVersion: 0 })).toEqual({ kind: 'written', version: 1 });
        expect(await other.documents.put('a', 2, { expectedVersion: 0 })).toEqual({ kind: 'conflict', version: 1 });
        expect(await other.documents.remove('a', { expectedVersion: 2 })).toEqual({ kind: 'conflict', version: 1 });
        expect((await store.documents.get('a'))?.value).toBe(1);
      });

      it('are listed by how their names begin, sorted', async () => {
        for (const name of ['node/b', 'node/a', 'nodes', 'node/*', 'other', 'node/[x]']) await store.documents.put(name, name);
        await store.documents.remove('node/b');
        expect((await other.documents.list('node/')).map(({ name }) => name)).toEqual(['node/*', 'node/[x]', 'node/a']);
        expect((await other.documents.list('node/*')).map(({ name }) => name)).toEqual(['node/*']);
        expect((await other.documents.list('')).length).toBe(5);
      });
    });

    it('keeps everything while nobody is there', async () => {
      await appended(store.journal, 0, ['a']);
      await store.evidence.put([{ key: 'k', value: 'v' }]);
      await store.documents.put('d', 'e');
      await store.leases.acquire('leader', 'a', 1);
      for (const each of opened.splice(0)) await each.close();
      const again = await open();
      expect(contents(await again.journal.read(0, 10))).toEqual(['a']);
      expect(await rows(again)).toEqual({ k: 'v' });
      expect((await again.documents.get('d'))?.value).toBe('e');
      await bench.passMs(20);
      expect(await again.leases.acquire('leader', 'b', 10_000)).toEqual({ kind: 'held', fence: 2 });
    });

    it('says so where it is used after its end, which may come twice', async () => {
      await store.close();
      await store.close();
      await expect(store.journal.lastSeq()).rejects.toMatchObject({ code: 'closed' });
      await expect(store.documents.get('a')).rejects.toMatchObject({ code: 'closed' });
      expect(isStoreError(await store.raiseFence(1).catch((error: unknown) => error), 'closed')).toBe(true);
      expect(await other.journal.lastSeq()).toBe(0);
    });
  });
}

function record(content: Json): { readonly at: number; readonly content: Json } {
  return { at: 1_700_000_000_000, content };
}

async function appended(journal: Journal, expectedSeq: number, items: readonly Json[]): Promise<readonly JournalEntry[]> {
  const result: AppendResult = await journal.append(items.map(record), { expectedSeq });
  if (result.kind !== 'appended') throw new Error(`append at ${String(expectedSeq)}: ${result.kind}`);
  return result.entries;
}

function contents(entries: readonly JournalEntry[]): readonly Json[] {
  return entries.map(({ content }) => content);
}

async function rows(store: Store): Promise<Readonly<Record<string, Json>>> {
  const found: [string, Json][] = [];
  for await (const { key, value } of store.evidence.all()) found.push([key, value]);
  return Object.fromEntries(found);
}
