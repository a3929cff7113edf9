import type { BundleMark, TextPart } from '#distribution';

/** A decoded message, of which nothing is believed. */
export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

export function textIn(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** 0 where it is no number that counts. */
export function countIn(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

export function amountIn(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

export function textsIn(fields: Fields, name: string): readonly string[] {
  const value = fields[name];
  return Array.isArray(value) ? (value as readonly unknown[]).filter((each) => typeof each === 'string') : [];
}

/** More than any digest has. */
const LONGEST_HASH = 200;

export function markIn(fields: Fields, name: string): BundleMark | undefined {
  const mark = fields[name];
  if (typeof mark !== 'object' || mark === null) return undefined;
  return { revision: countIn(mark as Fields, 'revision'), hash: textIn(mark as Fields, 'hash').slice(0, LONGEST_HASH) };
}

export function partIn(fields: Fields): TextPart {
  const part = fieldsOf(fields['part']);
  const bytes = part['bytes'];
  return { total: countIn(part, 'total'), offset: countIn(part, 'offset'), bytes: bytes instanceof Uint8Array ? bytes : new Uint8Array() };
}
