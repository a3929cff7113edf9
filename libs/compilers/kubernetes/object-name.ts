const MAX_LENGTH = 63;
const HASH_LENGTH = 10;

/**
 * A name for an object of ours, from words that may be anything: RFC 1123, at most 63 characters,
 * always behind `ringfence-`, so that it never takes the place of somebody else's policy.
 *
 * Words that had to be changed or cut get a hash of what they were, so two names that differ only
 * at the end, or only in case, still differ.
 */
export function objectName(words: readonly string[]): string {
  const wanted = words.join('-');
  const plain = wanted
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  const full = `ringfence-${plain}`;
  const isFaithful = words.every((word) => /^[A-Za-z][A-Za-z0-9]*$/.test(word) || /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(word));
  if (isFaithful && plain !== '' && full.length <= MAX_LENGTH) return full;
  const head = full.slice(0, MAX_LENGTH - HASH_LENGTH - 1).replace(/-+$/, '');
  return `${head}-${textHash(JSON.stringify(words))}`;
}

// FNV-1a, 64 bits: it keeps names apart, it guards nothing.
function textHash(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i += 1) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash.toString(36).padStart(HASH_LENGTH, '0').slice(-HASH_LENGTH);
}
