import type { CallGate } from './call-gate.ts';
import type { LeaseResult, LeaseStore } from './lease-store.ts';
import { checkName, checkTtl } from './limits.ts';

/** A lease as it is kept. `until` is in milliseconds since 1970; one that was given back has 0. */
export interface KeptLease {
  readonly holder: string;
  readonly fence: number;
  readonly until: number;
}

/** Where leases are kept that processes with one clock agree on. */
export interface LeaseMedium {
  /** Runs work while nobody else changes a lease; `doing` is for messages. */
  atOnce<T>(doing: string, work: () => T): T;
  leaseOf(name: string): KeptLease | undefined;
  setLease(name: string, lease: KeptLease): void;
  /** The highest fence there is, wherever it came from. */
  knownFence(): number;
}

/** Leases between processes of one machine, or clients of one process: they share a clock. */
export class LocalLeases implements LeaseStore {
  readonly #medium: LeaseMedium;
  readonly #gate: CallGate;
  readonly #now: () => number;

  constructor(medium: LeaseMedium, gate: CallGate, now: () => number) {
    this.#medium = medium;
    this.#gate = gate;
    this.#now = now;
  }

  acquire(name: string, holder: string, ttlMs: number): Promise<LeaseResult> {
    return this.#change('acquire a lease in', ttlMs, (now): LeaseResult => {
      checkName(name, 'acquire a lease');
      checkName(holder, 'acquire a lease');
      const lease = this.#medium.leaseOf(name);
      const isHeld = lease !== undefined && lease.until > now;
      if (isHeld && lease.holder !== holder) return { kind: 'taken', by: lease.holder, forMs: lease.until - now };
      // one that ran out is given anew, even to whom it was: somebody else may have held it in between
      const fence = isHeld ? lease.fence : Math.max(lease?.fence ?? 0, this.#medium.knownFence()) + 1;
      this.#medium.setLease(name, { holder, fence, until: now + ttlMs });
      return { kind: 'held', fence };
    });
  }

  renew(name: string, holder: string, fence: number, ttlMs: number): Promise<boolean> {
    return this.#change('renew a lease in', ttlMs, (now) => {
      if (!isOf(this.#medium.leaseOf(name), holder, fence, now)) return false;
      this.#medium.setLease(name, { holder, fence, until: now + ttlMs });
      return true;
    });
  }

  release(name: string, holder: string, fence: number): Promise<void> {
    return this.#gate.run(() => {
      this.#medium.atOnce('give a lease back in', () => {
        if (isOf(this.#medium.leaseOf(name), holder, fence, 0)) this.#medium.setLease(name, { holder, fence, until: 0 });
      });
    });
  }

  #change<T>(doing: string, ttlMs: number, work: (now: number) => T): Promise<T> {
    return this.#gate.run(() => {
      checkTtl(ttlMs);
      return this.#medium.atOnce(doing, () => work(this.#now()));
    });
  }
}

function isOf(lease: KeptLease | undefined, holder: string, fence: number, now: number): boolean {
  return lease?.holder === holder && lease.fence === fence && lease.until > now;
}
