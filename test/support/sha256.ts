import { createHash } from 'node:crypto';

/** What pure code is handed as its digest. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
