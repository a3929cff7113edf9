import type { NftSet, Ruleset } from '#compilers/nftables';

/** What a table says about itself, in the same transaction as its contents: by this a fresh process knows it again. */
export interface TableNote {
  readonly revision: number;
  readonly hash: string;
  readonly generation: number;
}

const NAME = 'about';
const KEY = '0x00000001';

/** Adds the note to a ruleset: one element nothing looks at, whose comment says it. */
export function withNote(ruleset: Ruleset, note: TableNote): Ruleset {
  return { ...ruleset, sets: [...ruleset.sets, noteSet(note)] };
}

export function noteSet({ revision, hash, generation }: TableNote): NftSet {
  if (!/^[0-9A-Za-z]{1,80}$/.test(hash)) throw new Error(`note bundle: ${JSON.stringify(hash.slice(0, 100))} is no hash`);
  const text = `revision ${String(revision)} generation ${String(generation)} hash ${hash}`;
  return { name: NAME, keyType: 'ct mark', isInterval: false, why: 'which bundle this is', elements: [`${KEY} comment "${text}"`] };
}

/** Changes one note for another, as part of a delta. */
export function noteChange(before: TableNote, after: TableNote): { readonly set: NftSet; readonly removed: readonly string[]; readonly added: readonly string[] } {
  const set = noteSet(after);
  return { set, removed: noteSet(before).elements, added: set.elements };
}

/** Reads a note; undefined for anything else. */
export function parseNote(comment: string): TableNote | undefined {
  const match = /^revision ([0-9]{1,15}) generation ([0-9]{1,3}) hash ([0-9A-Za-z]{1,80})$/.exec(comment);
  return match === null ? undefined : { revision: Number(match[1]), generation: Number(match[2]), hash: match[3] ?? '' };
}

export const NOTE_SET = NAME;
