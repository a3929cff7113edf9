import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { LeaseStore } from '#store';

/** One place that keeps leases, as several who want them see it. */
export interface LeaseBench {
  open(): Promise<LeaseStore>;
  /** Makes a fence known that came from elsewhere. */
  know(fence: number): Promise<void>;
  passMs(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What everything that gives leases keeps to. */
export function leaseContract(name: string, openBench: () => Promise<LeaseBench>): void {
  describe(`leases ${name}`, () => {
    let bench: LeaseBench;
    let one: LeaseStore;
    let other: LeaseStore;
    beforeEach(async () => {
      bench = await openBench();
      [one, other] = [await bench.open(), await bench.open()];
    });
    afterEach(() => bench.close());

    it('have one holder, and a higher fence for every next one', async () => {
      expect(await one.acquire('leader', 'a', 10_000)).toEqual({ kind: 'held', fence: 1 });
      expect(await one.acquire('leader', 'a', 10_000)).toEqual({ kind: 'held', fence: 1 });
      expect(await other.acquire('leader', 'b', 10_000)).toMatchObject({ kind: 'taken', by: 'a' });
      expect(await other.acquire('another', 'b', 10_000)).toEqual({ kind: 'held', fence: 1 });
      await one.release('leader', 'a', 1);
      expect(await other.acquire('leader', 'b', 10_000)).toEqual({ kind: 'held', fence: 2 });
      await one.release('leader', 'a', 1);
      expect(await one.renew('leader', 'a', 1, 10_000)).toBe(false);
      expect(await other.renew('leader', 'b', 2, 10_000)).toBe(true);
    });

    it('run out unless they are renewed, and are then given anew', async () => {
      await one.acquire('leader', 'a', 1_000);
      expect(await one.renew('leader', 'a', 1, 1_000)).toBe(true);
      const taken = await other.acquire('leader', 'b', 10_000);
      expect(taken).toMatchObject({ kind: 'taken', by: 'a' });
      expect(taken.kind === 'taken' && taken.forMs > 0 && taken.forMs <= 1_000).toBe(true);
      await bench.passMs(1_100);
      expect(await one.renew('leader', 'a', 1, 1_000)).toBe(false);
      expect(await other.acquire('leader', 'b', 10_000)).toEqual({ kind: 'held', fence: 2 });
      await other.release('leader', 'b', 2);
      expect(await one.acquire('leader', 'a', 10_000)).toEqual({ kind: 'held', fence: 3 });
    });

    it('that ran out are given anew to whoever had them too, as somebody else may have had them in between', async () => {
      await one.acquire('leader', 'a', 1_000);
      await bench.passMs(1_100);
      expect(await one.acquire('leader', 'a', 10_000)).toEqual({ kind: 'held', fence: 2 });
      expect(await one.renew('leader', 'a', 1, 10_000)).toBe(false);
    });

    it('stay with whoever renews them', async () => {
      await one.acquire('leader', 'a', 2_000);
      for (let round = 0; round < 2; round += 1) {
        expect(await other.acquire('leader', 'b', 2_000)).toMatchObject({ kind: 'taken' });
        await bench.passMs(1_100);
        expect(await one.renew('leader', 'a', 1, 2_000)).toBe(true);
      }
    });

    it('go on from the fence that is known', async () => {
      await bench.know(41);
      expect(await one.acquire('leader', 'a', 10_000)).toEqual({ kind: 'held', fence: 42 });
    });

    it('are given to one of many who want them at once', async () => {
      const results = await Promise.all(['a', 'b', 'c', 'd'].map((holder, at) => (at % 2 === 0 ? one : other).acquire('leader', holder, 10_000)));
      expect(results.filter(({ kind }) => kind === 'held').length).toBe(1);
    });
  });
}
