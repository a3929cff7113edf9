import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { holdFolder } from '#store';
import { makeFolder } from '#targets';

/**
 * Makes the folder of state, for its owner alone. One that others can look into is closed to them.
 *
 * Begun afresh only where a controller has kept its state: a folder named by mistake may be
 * somebody's home. Not while another controller keeps its state there.
 */
export function prepareStateFolder(folder: string, { isFresh }: { readonly isFresh: boolean }): void {
  if (isFresh) forget(folder);
  makeFolder(folder, 0o700);
  if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/** Where the store is in a folder of state, when it is in there. */
export function storeFolder(folder: string): string {
  return join(folder, 'store');
}

function forget(folder: string): void {
  const found = existsSync(folder) ? readdirSync(folder) : [];
  // one that was ended before it had an authority has left its log
  const isOurs = found.every((name) => name === 'controller.log') || existsSync(join(folder, 'authority', 'certificate.pem'));
  if (!isOurs) throw new Error(`begin ${folder} afresh: no controller has kept its state in there, so nothing is removed; name another folder with --state`);
  const store = storeFolder(folder);
  const hold = existsSync(store) ? holdFolder(store) : undefined;
  rmSync(folder, { recursive: true, force: true });
  hold?.release();
}
