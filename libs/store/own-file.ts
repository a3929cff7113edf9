import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

import { messageOf, StoreError } from './store-error.ts';

/**
 * Makes an empty file for its owner alone where there is none, and the folder it is in. SQLite would
 * ask the umask; the files it makes beside it take after this one.
 */
export function makeOwnFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // one that is there is not opened: closing it again would let go of the locks this process has on it
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST') return;
    throw new StoreError('failed', `open ${path}: ${messageOf(error)}`, { cause: error });
  }
}
