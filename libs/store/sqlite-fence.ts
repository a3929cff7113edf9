import { checkFence } from './limits.ts';
import { numberAt, type SqliteDatabase } from './sqlite-database.ts';

/** What stands against a write with this fence, inside its transaction; where nothing does, the fence becomes known. */
export function fenceRefusal(database: SqliteDatabase, fence: number | undefined): { readonly kind: 'fenced'; readonly fence: number } | undefined {
  checkFence(fence);
  if (fence === undefined) return undefined;
  const known = knownFence(database);
  if (fence < known) return { kind: 'fenced', fence: known };
  if (fence > known) database.run('UPDATE fences SET fence = ? WHERE one = 1', fence);
  return undefined;
}

export function knownFence(database: SqliteDatabase): number {
  return numberAt(database.row('SELECT fence FROM fences WHERE one = 1'), 'fence');
}
