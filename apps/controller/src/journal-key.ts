import { readFileSync, statSync } from 'node:fs';

import type { CertificateAuthority } from '#certificates';

const SHORTEST = 32;
const LONGEST = 4_096;

/**
 * What the journal is sealed with: a file's content, or a key that comes out of the authority's, which
 * every replica has anyway and the store does not.
 */
export function journalKey(authority: CertificateAuthority, file: string | undefined): Uint8Array {
  if (file === undefined) return authority.deriveKey('journal');
  let text: string;
  let mode: number;
  try {
    ({ mode } = statSync(file));
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new Error(`read the key of the journal ${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if ((mode & 0o007) !== 0) throw new Error(`read the key of the journal ${file}: others can read it: chmod o= on it`);
  if (text.length < SHORTEST || text.length > LONGEST) throw new Error(`read the key of the journal ${file}: it has ${String(SHORTEST)} to ${String(LONGEST)} characters: openssl rand -hex 32 makes one`);
  return Buffer.from(text);
}
