/**
 * A collision-resistant digest of a text, as at least 32 lower-case hexadecimal digits (SHA-256 in
 * practice). Handed in by the caller: this library does no I/O and brings no cryptography.
 */
export type Digest = (text: string) => string;

// 128 bits: enough that nobody finds a second text, and short enough to be joined by the thousand.
const KEPT = 32;

/** The digest of several parts; no two lists of parts are joined to the same text. */
export function digestOf(digest: Digest, parts: readonly string[]): string {
  let text = '';
  for (const part of parts) text += `${String(part.length)}:${part}`;
  return digest(text).slice(0, KEPT);
}
