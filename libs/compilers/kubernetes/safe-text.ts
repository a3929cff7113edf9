// Control characters, line separators, direction marks and lone surrogates: nothing a terminal or a YAML reader may act on.
// eslint-disable-next-line no-control-regex
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

/** One line of text that is safe to print, at most `length` characters and an ellipsis. */
export function safeLine(text: string, length: number): string {
  const clean = text.slice(0, length * 4).replace(UNSAFE, ' ').replace(/ {2,}/g, ' ').trim();
  if (clean.length <= length) return clean;
  // never half of a surrogate pair
  const end = /[\ud800-\udbff]$/.test(clean.slice(0, length)) ? length - 1 : length;
  return `${clean.slice(0, end)}…`;
}

/** Lines joined, as many as fit into that many bytes of UTF-8; how many were left out is the last line. */
export function boundedLines(lines: readonly string[], bytes: number): string {
  const room = bytes - 32; // for the last line: `… and 9999999 more`
  const kept: string[] = [];
  let used = 0;
  for (const line of lines) {
    used += byteLength(line) + 1;
    if (used > room) break;
    kept.push(line);
  }
  const left = lines.length - kept.length;
  return left === 0 ? kept.join('\n') : [...kept, `… and ${String(left)} more`].join('\n');
}

function byteLength(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}
