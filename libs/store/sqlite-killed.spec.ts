import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { openSqliteStore, type Store } from '#store';

import { appendUntilKilled } from '../../test/support/appending-child.ts';
import { batchFaults } from '../../test/support/journal-batches.ts';
import { Random } from '../../test/support/random.ts';

const PATIENCE_MS = 180_000;
const DEATHS = 25;

describe('a SQLite store whose process is killed', () => {
  it(`has every entry that was acknowledged, and none of a batch without the others: ${String(DEATHS)} times`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-store-'));
    const random = new Random(4);
    try {
      let acknowledged = 0;
      for (let death = 0; death < DEATHS; death += 1) {
        const last = await appendUntilKilled(folder, death % 5 === 0 ? 0 : random.below(30));
        const store = openSqliteStore({ folder });
        const found = await store.journal.lastSeq();
        expect(found).toBeGreaterThanOrEqual(last?.seq ?? acknowledged);
        if (last !== undefined) expect((await store.journal.read(last.seq - 1, 1))[0]?.digest).toBe(last.digest);
        acknowledged = found;
        expect(await store.journal.verify()).toMatchObject({ kind: 'whole', entries: found });
        await store.close();
      }
      const store = openSqliteStore({ folder });
      expect(batchFaults(await store.journal.read(0, 1_000_000))).toEqual([]);
      await store.close();
      expect(acknowledged).toBeGreaterThan(DEATHS);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, PATIENCE_MS);
});

const small = mkdtempSync(join(tmpdir(), 'ringfence-small-'));
const mounted = process.getuid?.() === 0 && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', small]).status === 0;
if (mounted) spawnSync('umount', [small]);
rmSync(small, { recursive: true });

describe('a SQLite store on a disk that is full', () => {
  (mounted ? it : it.skip)(mounted ? 'says so, keeps what it had, and goes on once there is room' : 'says so (skipped: a file system in memory cannot be mounted here)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ringfence-small-'));
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'none', folder]);
    let store: Store | undefined;
    try {
      store = openSqliteStore({ folder });
      const filling = join(folder, 'filling');
      mkdirSync(filling);
      let seq = 0;
      let failure: unknown;
      while (failure === undefined) {
        try {
          const records = Array.from({ length: 3 }, (_, at) => ({ at: 1, content: { of: seq, at, filling: 'x'.repeat(20_000) } }));
          const result = await store.journal.append(records, { expectedSeq: seq });
          expect(result.kind).toBe('appended');
          seq += 3;
        } catch (error) {
          failure = error;
        }
      }
      expect(failure).toMatchObject({ code: 'full', message: `append to ${join(folder, 'decisions.db')}: there is no room left on the disk, nothing was written` });
      expect(seq).toBeGreaterThan(3);
      expect(await store.journal.lastSeq()).toBe(seq);
      expect((await store.journal.verify()).kind).toBe('whole');
      await expect(store.evidence.put(Array.from({ length: 20 }, (_, at) => ({ key: `k${String(at)}`, value: 'x'.repeat(100_000) })))).rejects.toMatchObject({ code: 'full' });
      spawnSync('mount', ['-o', 'remount,size=30m', folder]);
      expect(await store.journal.append([{ at: 1, content: 'more' }], { expectedSeq: seq })).toMatchObject({ kind: 'appended' });
      await store.close();
      store = openSqliteStore({ folder });
      expect(await store.journal.verify()).toMatchObject({ kind: 'whole', entries: seq + 1 });
    } finally {
      await store?.close();
      spawnSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
