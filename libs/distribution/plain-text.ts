import { parseAddress } from '#model';

import { isRecord } from './bundle-text.ts';

/** Names JSON could not be told apart from an address by; each is written with one more `@`. */
const RESERVED = /^@+$/;

/**
 * Writes a value made of plain data and addresses as JSON: an address is `{"@": text}`.
 *
 * Labels and the like are written by strangers, so an object of theirs that looks like one of ours
 * is written otherwise: what is read is always what was written.
 */
export function writePlain(value: unknown): string {
  return JSON.stringify(packed(value));
}

/** The way back; undefined where it is no JSON, or an address in it is none. */
export function readPlain(text: string): unknown {
  try {
    return unpacked(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function packed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly unknown[]).map(packed);
  if ('bits' in value && typeof value.bits === 'bigint' && 'text' in value) return { '@': value.text };
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && RESERVED.test(only[0])) return { [`${only[0]}@`]: packed(only[1]) };
  return Object.fromEntries(entries.map(([key, each]) => [key, packed(each)]));
}

function unpacked(value: unknown): unknown {
  if (Array.isArray(value)) return (value as readonly unknown[]).map(unpacked);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === '@') {
    const address = parseAddress(String(only[1]));
    if (address === undefined) throw new Error('it is no address');
    return address;
  }
  if (entries.length === 1 && only !== undefined && RESERVED.test(only[0])) return { [only[0].slice(1)]: unpacked(only[1]) };
  return Object.fromEntries(entries.map(([key, each]) => [key, unpacked(each)]));
}
