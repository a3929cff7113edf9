import { afterEach, describe, expect, it } from '@jest/globals';

import { MemoryMedium, MemoryStore } from '#store';

import type { Leadership } from '../operator/controller-status.ts';
import { Leader } from './leadership.ts';

const TTL_MS = 3_600_000;
const open: { close(): Promise<void> }[] = [];

function leaderOn(store: MemoryStore, holder: string): { readonly leader: Leader; readonly told: Leadership[]; readonly leads: Promise<void> } {
  const told: Leadership[] = [];
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const leader = new Leader({
    leases: store.leases,
    raiseFence: (fence) => store.raiseFence(fence),
    holder,
    ttlMs: TTL_MS,
    onChange: (leadership) => {
      told.push(leadership);
      if (leadership.kind === 'leader') resolve(undefined);
    },
    onTrouble: () => undefined,
  });
  open.push(leader);
  return { leader, told, leads: promise };
}

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

describe('who follows', () => {
  it('says when it takes over, and does as soon as the lease of one that is gone has ended', async () => {
    const store = new MemoryStore({ medium: new MemoryMedium() });
    const from = Date.now();
    expect(await store.leases.acquire('controller', 'dead', 400)).toMatchObject({ kind: 'held', fence: 1 });
    const { leader, told, leads } = leaderOn(store, 'next');
    await leader.start();
    expect(leader.leadership).toEqual({ kind: 'follower', leader: 'dead', takesOverAt: expect.any(Number) as unknown });
    const { takesOverAt = 0 } = leader.leadership as { readonly takesOverAt?: number };
    expect(takesOverAt).toBeGreaterThanOrEqual(from + 399);
    expect(takesOverAt).toBeLessThanOrEqual(Date.now() + 400);
    // a third of its own lease, after which it would ask again otherwise, is far away
    await leads;
    expect(Date.now()).toBeGreaterThanOrEqual(from + 399);
    expect(told.map(({ kind }) => kind)).toEqual(['follower', 'leader']);
    expect(leader.fence).toBe(2);
  });

  it('does not tell of every renewal of whoever leads', async () => {
    const store = new MemoryStore();
    expect(await store.leases.acquire('controller', 'living', 100)).toMatchObject({ kind: 'held' });
    const { leader, told } = leaderOn(store, 'next');
    await leader.start();
    const first = leader.leadership;
    // asked again when that lease would end, it finds the lease renewed
    await store.leases.renew('controller', 'living', 1, TTL_MS);
    while (leader.leadership === first) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(leader.leadership).toMatchObject({ kind: 'follower', leader: 'living' });
    expect(told.length).toBe(1);
  });
});
