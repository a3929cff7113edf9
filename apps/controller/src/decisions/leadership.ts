import type { LeaseStore } from '#store';

import type { Leadership } from '../operator/controller-status.ts';

const LEASE = 'controller';
const SOONEST_MS = 100;

export interface LeadershipOptions {
  readonly leases: LeaseStore;
  /** Makes a fence known before anything is read under it; false where a newer leader's is. */
  readonly raiseFence: (fence: number) => Promise<boolean>;
  /** This process's own name, never used again. */
  readonly holder: string;
  readonly ttlMs: number;
  /** Told after each change. As leader it is told only when the fence is known to the store. */
  readonly onChange: (leadership: Leadership) => void;
  readonly onTrouble: (what: string, error: unknown) => void;
}

/**
 * Whether this process is the one that writes.
 *
 * It asks for the lease three times as often as it runs out, and when it does. Who loses it stops being the leader at
 * the latest when the lease ends, by its own clock, whether or not the store can be reached; what it
 * wrote meanwhile carries an older fence and is refused.
 */
export class Leader {
  readonly #options: LeadershipOptions;
  #timer: NodeJS.Timeout | undefined;
  #state: Leadership = { kind: 'follower' };
  #fence: number | undefined;
  /** By performance.now(). */
  #heldUntil = 0;
  #isClosed = false;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  get leadership(): Leadership {
    return this.#state;
  }

  /** What writes have to carry; undefined where this process is not the leader. */
  get fence(): number | undefined {
    if (this.#state.kind === 'leader' && performance.now() >= this.#heldUntil) this.lost();
    return this.#state.kind === 'leader' ? this.#fence : undefined;
  }

  /** Tries at once, and then goes on trying or renewing. */
  async start(): Promise<void> {
    await this.#round();
  }

  /** The store has told that somebody else leads. */
  lost(leader?: string): void {
    this.#fence = undefined;
    this.#become({ kind: 'follower', ...(leader === undefined ? {} : { leader }) });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const fence = this.#fence;
    this.#fence = undefined;
    if (fence === undefined) return;
    // the next one need not wait for the lease to run out
    await this.#options.leases.release(LEASE, this.#options.holder, fence).catch((error: unknown) => {
      this.#options.onTrouble('give the lease back', error);
    });
  }

  async #round(): Promise<void> {
    const { ttlMs, onTrouble } = this.#options;
    let freeInMs = Number.POSITIVE_INFINITY;
    try {
      if (this.#fence === undefined) freeInMs = await this.#acquire();
      else await this.#renew(this.#fence);
    } catch (error) {
      onTrouble('ask for the lease', error);
      if (this.#state.kind === 'leader' && performance.now() >= this.#heldUntil) this.lost();
    }
    if (this.#isClosed) return;
    // where it is not renewed it is asked for when it ends, and not at the next round only
    this.#timer = setTimeout(() => void this.#round(), Math.min(ttlMs / 3, Math.max(SOONEST_MS, freeInMs)));
  }

  /** In how many milliseconds the lease of whoever leads ends, unless that one renews it. */
  async #acquire(): Promise<number> {
    const { leases, holder, ttlMs, raiseFence } = this.#options;
    const asked = performance.now();
    const result = await leases.acquire(LEASE, holder, ttlMs);
    if (result.kind === 'taken') {
      this.#become({ kind: 'follower', leader: result.by, takesOverAt: Date.now() + Math.ceil(result.forMs) });
      return result.forMs;
    }
    if (!(await raiseFence(result.fence)) || this.#isClosed) return Number.POSITIVE_INFINITY;
    this.#fence = result.fence;
    this.#heldUntil = asked + ttlMs;
    this.#become({ kind: 'leader', since: Date.now(), fence: result.fence });
    return Number.POSITIVE_INFINITY;
  }

  async #renew(fence: number): Promise<void> {
    const { leases, holder, ttlMs } = this.#options;
    const asked = performance.now();
    if (await leases.renew(LEASE, holder, fence, ttlMs)) this.#heldUntil = asked + ttlMs;
    else this.lost();
  }

  #become(state: Leadership): void {
    const before = this.#state;
    // when a lease ends is another time whenever it is renewed, which is no news
    if (before.kind === 'follower' && state.kind === 'follower' && before.leader === state.leader) this.#state = state;
    if (before.kind === state.kind && (before.kind === 'leader' || (state.kind === 'follower' && before.leader === state.leader))) return;
    this.#state = state;
    this.#options.onChange(state);
  }
}
