import type { KeptLease, LeaseMedium } from './local-leases.ts';
import { numberAt, type SqliteDatabase, textAt } from './sqlite-database.ts';
import { knownFence } from './sqlite-fence.ts';

/** Leases as rows: a process that dies leaves its own behind. */
export class SqliteLeases implements LeaseMedium {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  /** For whoever knows that every process that could hold one is gone. */
  endAll(): void {
    this.#database.run('UPDATE leases SET until = 0 WHERE until > 0');
  }

  atOnce<T>(doing: string, work: () => T): T {
    return this.#database.transaction(doing, work);
  }

  leaseOf(name: string): KeptLease | undefined {
    const row = this.#database.row('SELECT holder, fence, until FROM leases WHERE name = ?', name);
    return row === undefined ? undefined : { holder: textAt(row, 'holder'), fence: numberAt(row, 'fence'), until: numberAt(row, 'until') };
  }

  setLease(name: string, { holder, fence, until }: KeptLease): void {
    this.#database.run('INSERT INTO leases (name, holder, fence, until) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, until = excluded.until', name, holder, fence, until);
  }

  knownFence(): number {
    return knownFence(this.#database);
  }
}
