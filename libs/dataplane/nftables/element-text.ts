import { writeValue } from './datatype.ts';
import { readSetKey, type SetKey } from './set-key.ts';

const scratch = Buffer.alloc(256);

/** An element apart: its key as written, and what stands behind it. */
export interface ElementText {
  readonly key: string;
  readonly timeoutMs?: number;
  readonly comment?: string;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Takes `10.0.0.1 timeout 90s comment "why"` apart. Most elements have nothing behind their key. */
export function splitElement(text: string): ElementText {
  if (!text.includes(' ') || !/ (?:timeout|comment) /.test(text)) return { key: text };
  const match = /^(.*?)(?: timeout ((?:[0-9]+(?:ms|[smhd]))+))?(?: comment "([^"\\]*)")?$/.exec(text);
  const [, key = text, timeout, comment] = match ?? [];
  return { key, ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) }), ...(comment === undefined ? {} : { comment }) };
}

/**
 * Writes the key of one element, and where it is a range its end too, the same size behind it.
 *
 * Says whether it is a range. Throws on what is no key of this set: elements come from our own compiler.
 */
export function writeKey({ fields, size }: SetKey, text: string, into: Buffer): boolean {
  let from = 0;
  let offset = 0;
  let isRange = false;
  let at = 0;
  for (const { type } of fields) {
    at += 1;
    const separator = at === fields.length ? -1 : text.indexOf(' . ', from);
    const to = separator < 0 ? text.length : separator;
    if (writeValue(type, text, from, to, into, offset)) into.copyWithin(size + offset, offset, offset + type.size);
    else if (writeRange(type.size, text.slice(from, to), into, offset, size + offset, (part, place) => writeValue(type, part, 0, part.length, into, place))) isRange = true;
    else throw new Error(`encode element: ${JSON.stringify(text)} is no key here`);
    offset += fields.length === 1 ? type.size : (type.size + 3) & ~3;
    from = to + 3;
  }
  return isRange;
}

/** A key as its bytes, however it is written: where it begins, and where it ends. */
export function keyBytes(keyType: string, text: string): string {
  if (text === '*') return text;
  const key = readSetKey(keyType);
  scratch.fill(0, 0, 2 * key.size);
  writeKey(key, text, scratch);
  return scratch.toString('latin1', 0, 2 * key.size);
}

type WritePart = (text: string, at: number) => boolean;

function writeRange(size: number, text: string, into: Buffer, at: number, endAt: number, write: WritePart): boolean {
  const slash = text.indexOf('/');
  if (slash >= 0) return write(text.slice(0, slash), at) && fillPrefix(size, text.slice(slash + 1), into, at, endAt);
  const dash = text.indexOf('-');
  if (dash < 0) return false;
  const isWritten = write(text.slice(0, dash), at) && write(text.slice(dash + 1), endAt);
  return isWritten && into.compare(into, endAt, endAt + size, at, at + size) <= 0;
}

function fillPrefix(size: number, length: string, into: Buffer, at: number, endAt: number): boolean {
  if (!/^[0-9]{1,3}$/.test(length) || Number(length) > 8 * size) return false;
  for (let byte = 0; byte < size; byte += 1) {
    const kept = Math.min(8, Math.max(0, Number(length) - 8 * byte));
    const mask = (0xff00 >> kept) & 0xff;
    into[at + byte] = (into[at + byte] ?? 0) & mask;
    into[endAt + byte] = (into[at + byte] ?? 0) | (~mask & 0xff);
  }
  return true;
}

/** Adds one to a key of network order; false where it was the last there is. */
export function increment(bytes: Buffer, from: number, to: number): boolean {
  for (let at = to - 1; at >= from; at -= 1) {
    const next = ((bytes[at] ?? 0) + 1) & 0xff;
    bytes[at] = next;
    if (next !== 0) return true;
  }
  return false;
}

function parseDuration(text: string): number {
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)(ms|[smhd])/g)) sum += Number(amount) * (unitMs[unit ?? ''] ?? 0);
  return sum;
}
