// C0 and C1 controls, line and paragraph separators, bidirectional overrides and zero-width characters:
// a name holding them could move the cursor, recolour the terminal or read differently than it is.
// eslint-disable-next-line no-control-regex
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;
const LONGEST = 400;

/** Text from somebody's manifest made safe to print on one line: unprintable characters become `\uXXXX`, very long texts are cut. */
export function cleanText(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${String(text.length)} characters)` : text;
  return short.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
