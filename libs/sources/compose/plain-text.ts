const LONGEST = 80;
// eslint-disable-next-line no-control-regex -- these are what must not reach a terminal
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** A text from the user's files as a message may show it: one line, no control characters, not too long. */
export function shown(text: string, longest = LONGEST): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A path as the subject of a message: whole, for somebody has to find the file. */
export function shownPath(path: string): string {
  return shown(path, 1_000);
}
