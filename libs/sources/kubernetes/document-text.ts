/** One document of a YAML stream: its text and the line of the file it starts on, from 1. */
export interface DocumentText {
  readonly text: string;
  readonly line: number;
}

// A marker at the start of a line always ends a document, whatever it stands in: block scalars are
// indented, and YAML forbids the marker inside quotes. What follows `--- ` on the line belongs to
// the next document.
const MARKER = /^\uFEFF?(?:---|\.\.\.)(?=[ \t\r\n]|$)/gm;
const EMPTY_LINE = /^[ \t]*(?:[#%].*)?$/;

/**
 * Splits a YAML stream at its document markers, so that a broken document can not take the others
 * of its file with it. Documents of nothing but comments and directives are left out.
 */
export function* splitDocuments(stream: string): Generator<DocumentText> {
  let start = 0;
  let line = 1;
  for (const marker of stream.matchAll(MARKER)) {
    const text = withoutByteOrderMark(stream.slice(start, marker.index));
    if (!isEmpty(text)) yield { text, line };
    line += countLines(text);
    start = marker.index + marker[0].length;
  }
  const text = withoutByteOrderMark(stream.slice(start));
  if (!isEmpty(text)) yield { text, line };
}

// Files laid end to end may bring their marks along.
function withoutByteOrderMark(text: string): string {
  const at = text.indexOf('\uFEFF');
  return at >= 0 && /^[ \t\r\n]*$/.test(text.slice(0, at)) ? `${text.slice(0, at)}${text.slice(at + 1)}` : text;
}

function isEmpty(text: string): boolean {
  for (let at = 0; at <= text.length; ) {
    const end = text.indexOf('\n', at);
    const stop = end < 0 ? text.length : end;
    if (!EMPTY_LINE.test(text.slice(at, stop).trimEnd())) return false;
    at = stop + 1;
  }
  return true;
}

/** How many line ends `text` holds. */
export function countLines(text: string, end: number = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
