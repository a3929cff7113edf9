import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs';

/** Makes the folder of state, for its owner alone. One that others can look into is closed to them. */
export function prepareStateFolder(folder: string, { isFresh }: { readonly isFresh: boolean }): void {
  if (isFresh) rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if ((statSync(folder).mode & 0o077) !== 0) chmodSync(folder, 0o700);
}
