import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const CHUNK = 256 * 1024;

/** A line beyond this is cut: no flow is that long, and a file without line ends must not fill the memory. */
export const LONGEST_LINE = 1024 * 1024;

/** The lines of a file, or of standard input for `-`, read piece by piece. Throws what opening and reading throw. */
export function* linesOfFile(path: string): Generator<string> {
  const handle = path === '-' ? 0 : openSync(path, 'r');
  try {
    const decoder = new StringDecoder('utf8');
    const buffer = Buffer.alloc(CHUNK);
    let rest = '';
    for (let size = readSync(handle, buffer); size > 0; size = readSync(handle, buffer)) {
      const parts = (rest + decoder.write(buffer.subarray(0, size))).split('\n');
      rest = parts.pop() ?? '';
      if (rest.length > LONGEST_LINE) rest = rest.slice(0, LONGEST_LINE + 1);
      yield* parts;
    }
    rest += decoder.end();
    if (rest !== '') yield rest;
  } finally {
    if (handle !== 0) closeSync(handle);
  }
}

/** The lines of a text, one after the other. */
export function* linesOfText(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    yield end < 0 ? text.slice(from) : text.slice(from, end);
    from = end < 0 ? text.length : end + 1;
  }
}
