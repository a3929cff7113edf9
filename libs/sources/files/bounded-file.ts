import { closeSync, openSync, readSync } from 'node:fs';

/** Bounds on what is read from disk. */
export const FILE_LIMITS = {
  /** Bytes of one file; a larger one is not read. */
  bytes: 64 * 1024 * 1024,
  /** Folders inside each other. */
  depth: 64,
  /** Files of all folders together. */
  files: 100_000,
} as const;

const CHUNK = 1024 * 1024;

export type FileText = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'refused'; readonly why: string };

/** Reads a whole file (or pipe) as UTF-8, but never more than the limit: `/dev/zero` ends here too. */
export function readBounded(path: string): FileText {
  const chunks: Buffer[] = [];
  let total = 0;
  const file = openSync(path, 'r');
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const length = readSync(file, chunk, 0, CHUNK, null);
      if (length === 0) break;
      total += length;
      if (total > FILE_LIMITS.bytes) return { kind: 'refused', why: `is larger than ${FILE_LIMITS.bytes} bytes and is not read` };
      chunks.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
  return decode(Buffer.concat(chunks, total));
}

function decode(bytes: Buffer): FileText {
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return { kind: 'refused', why: 'is no text in UTF-8 and is not read' };
    throw error;
  }
}
