import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

const LATER = 10;

/**
 * Lets every other thread of this process go first: for work nobody waits for.
 *
 * Linux has priorities for threads; elsewhere, or where the system refuses, nothing changes.
 */
export function goLater(): void {
  if (process.platform !== 'linux') return;
  try {
    // read by this very thread: `PROCESS/task/THREAD`
    setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), LATER);
  } catch {
    // it is only faster for others
  }
}
