import { readSync, writeSync } from 'node:fs';

import { foldProse } from './output/prose.ts';

/** Where a command talks to: results to `out`, messages and progress to `err`. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Replaces the last progress line; silent where nobody watches. An empty text clears it. */
  progress(text: string): void;
  readStdin(): string;
  /** Asks whoever sits there for one line; undefined where nobody does. */
  ask(question: string): string | undefined;
  /** Columns a table may use. */
  readonly columns: number;
  /** Columns sentences are folded at; absent in a pipe, where each stays one line. */
  readonly proseColumns?: number;
}

const DEFAULT_COLUMNS = 120;
const NARROWEST = 60;
const REFUSED_FOR_NOW = new Set(['EAGAIN', 'EWOULDBLOCK']);

export function processTerminal(): Terminal {
  const isWatched = process.stderr.isTTY;
  let isProgressShown = false;
  return {
    out: (text) => {
      writeAll(1, text);
    },
    err: (text) => {
      writeAll(2, foldProse(text, isWatched ? widthOf(process.stderr) : undefined));
    },
    progress: (text) => {
      if (!isWatched || (text === '' && !isProgressShown)) return;
      isProgressShown = text !== '';
      writeAll(2, `\r\u001b[K${text}`);
    },
    readStdin,
    ask: (question) => {
      if (!isWatched || !process.stdin.isTTY) return undefined;
      writeAll(2, question);
      return readLine();
    },
    columns: process.stdout.isTTY ? widthOf(process.stdout) : DEFAULT_COLUMNS,
    ...(process.stdout.isTTY ? { proseColumns: widthOf(process.stdout) } : {}),
  };
}

function widthOf({ columns }: { readonly columns: number }): number {
  return Math.max(NARROWEST, columns);
}

// A pipe may be set not to block, and then says EAGAIN while its writer is slower than we are.
function readStdin(): string {
  const chunk = Buffer.alloc(1 << 16);
  const chunks: Buffer[] = [];
  for (;;) {
    try {
      const count = readSync(0, chunk);
      if (count === 0) return Buffer.concat(chunks).toString('utf8');
      chunks.push(Buffer.from(chunk.subarray(0, count)));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (code === 'EOF') return Buffer.concat(chunks).toString('utf8');
      if (!REFUSED_FOR_NOW.has(code)) throw error;
      pause();
    }
  }
}

// A terminal hands over a line at a time; the end of input (ctrl-D) is an empty answer.
function readLine(): string {
  const byte = Buffer.alloc(1);
  const bytes: number[] = [];
  for (;;) {
    try {
      if (readSync(0, byte) === 0 || byte[0] === 10) return Buffer.from(bytes).toString('utf8').trim();
      if (byte[0] !== undefined) bytes.push(byte[0]);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!REFUSED_FOR_NOW.has(code)) throw error;
      pause();
    }
  }
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

// Synchronous, so that a megabyte into a pipe is not cut off when the process ends.
function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      // the reader has seen enough (`| head`)
      if (code === 'EPIPE') process.exit(0);
      if (!REFUSED_FOR_NOW.has(code)) throw error;
      pause();
    }
  }
}
