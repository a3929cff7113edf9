import type { CallGate } from './call-gate.ts';
import type { LeaseResult, LeaseStore } from './lease-store.ts';
import { checkName, checkTtl } from './limits.ts';
import { numberAt, type SqliteDatabase, textAt } from './sqlite-database.ts';
import { knownFence } from './sqlite-fence.ts';

/** Leases between processes of one machine, which share its clock. */
export class SqliteLeases implements LeaseStore {
  readonly #database: SqliteDatabase;
  readonly #gate: CallGate;
  readonly #now: () => number;

  constructor(database: SqliteDatabase, gate: CallGate, now: () => number) {
    this.#database = database;
    this.#gate = gate;
    this.#now = now;
  }

  acquire(name: string, holder: string, ttlMs: number): Promise<LeaseResult> {
    return this.#gate.run(() => {
      checkName(name, 'acquire a lease');
      checkName(holder, 'acquire a lease');
      checkTtl(ttlMs);
      return this.#database.transaction('acquire a lease in', (): LeaseResult => {
        const now = this.#now();
        const row = this.#database.row('SELECT holder, fence, until FROM leases WHERE name = ?', name);
        const until = row === undefined ? 0 : numberAt(row, 'until');
        const by = row === undefined ? '' : textAt(row, 'holder');
        if (until > now && by !== holder) return { kind: 'taken', by, forMs: until - now };
        const last = row === undefined ? 0 : numberAt(row, 'fence');
        const fence = until > now ? last : Math.max(last, knownFence(this.#database)) + 1;
        this.#database.run('INSERT INTO leases (name, holder, fence, until) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, until = excluded.until', name, holder, fence, now + ttlMs);
        return { kind: 'held', fence };
      });
    });
  }

  renew(name: string, holder: string, fence: number, ttlMs: number): Promise<boolean> {
    return this.#gate.run(() => {
      checkTtl(ttlMs);
      const now = this.#now();
      return this.#database.transaction('renew a lease in', () => this.#database.row('UPDATE leases SET until = ? WHERE name = ? AND holder = ? AND fence = ? AND until > ? RETURNING until', now + ttlMs, name, holder, fence, now) !== undefined);
    });
  }

  release(name: string, holder: string, fence: number): Promise<void> {
    return this.#gate.run(() => {
      this.#database.run('UPDATE leases SET until = 0 WHERE name = ? AND holder = ? AND fence = ?', name, holder, fence);
    });
  }
}
