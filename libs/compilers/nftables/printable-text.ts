/**
 * Makes any text safe to stand between quotes in a ruleset: printable ASCII without quote and
 * backslash, at most `limit` bytes. The kernel keeps 128 bytes of a comment with its closing zero.
 */
export function quotable(text: string, limit = 127): string {
  const clean = text.slice(0, 4 * limit).replace(/[^ !#-[\]-~]+/g, '?');
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 3)}...`;
}

/**
 * One line of JSON in printable ASCII, so that a name with a line break, a terminal escape or a
 * right-to-left mark stays inside the `#` comment it is written in.
 */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A short readable part for a name: the last word of the text, lower-case letters, digits and underscores; `x` where none is left. */
export function slug(text: string, limit = 16): string {
  const word = text.slice(-4 * limit).split(/[\s/=,]+/).findLast((part) => /[A-Za-z0-9]/.test(part)) ?? 'x';
  return word.toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, limit) || 'x';
}
