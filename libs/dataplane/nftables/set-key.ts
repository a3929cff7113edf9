import { type PacketField, readField } from './packet-field.ts';
import { SET_F } from './kernel-numbers.ts';

/** What the keys of a set are: one field of a packet, or several side by side, each padded to four bytes. */
export interface SetKey {
  readonly fields: readonly PacketField[];
  /** As nft numbers it, so that it can show the elements. */
  readonly type: number;
  readonly size: number;
}

const known = new Map<string, SetKey>();

/** Reads a key such as `ip saddr . meta l4proto . th dport`. Throws on one we do not know: keys come from our own compiler. */
export function readSetKey(text: string): SetKey {
  const before = known.get(text);
  if (before !== undefined) return before;
  const words = text.split(' ');
  const fields: PacketField[] = [];
  let at = 0;
  do {
    const found = readField(words, at);
    if (found === undefined) throw new Error(`encode set: key ${JSON.stringify(text)} is not known`);
    fields.push(found.field);
    at += found.words;
  } while (words[at++] === '.');
  if (at <= words.length) throw new Error(`encode set: key ${JSON.stringify(text)} has something left over`);
  const isConcatenated = fields.length > 1;
  const key: SetKey = {
    fields,
    type: fields.reduce((sum, { type }) => sum * 64 + type.id, 0),
    size: fields.reduce((sum, { type }) => sum + (isConcatenated ? (type.size + 3) & ~3 : type.size), 0),
  };
  known.set(text, key);
  return key;
}

/** The flags of a set with such keys. */
export function setFlags({ fields }: SetKey, options: { readonly isInterval: boolean; readonly isMap: boolean; readonly hasTimeouts: boolean }): number {
  const interval = options.isInterval ? SET_F.INTERVAL | (fields.length > 1 ? SET_F.CONCAT : 0) : 0;
  return interval | (options.isMap ? SET_F.MAP : 0) | (options.hasTimeouts ? SET_F.TIMEOUT : 0);
}
