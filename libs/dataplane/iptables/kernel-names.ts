import { createHash } from 'node:crypto';

/** What every chain of ours begins with, and what every set does: nothing else is ever touched. */
export const CHAIN_PREFIX = 'RINGFENCE-';
export const SET_PREFIX = 'rf-';
/** The chain whose one rule says which bundle this is. */
export const NOTE_CHAIN = `${CHAIN_PREFIX}about`;

const LONGEST_PLAIN = 18;

export function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The name of a chain, of which iptables takes 28 characters. */
export function chainName(name: string): string {
  return `${CHAIN_PREFIX}${name.length <= LONGEST_PLAIN && !/^about$|^x[0-9a-f]{16}$/.test(name) ? name : `x${shortDigest(name)}`}`;
}

/** The name of a set, of which ipset takes 31 characters: what it stands for, and which commit wrote it. */
export function setName(part: string, serial: number): string {
  return `${SET_PREFIX}${serial.toString(36)}-${shortDigest(part)}`;
}

/** Takes the name of a set apart; undefined for names that are not ours. */
export function readSetName(name: string): { readonly serial: number; readonly digest: string } | undefined {
  const match = /^rf-([0-9a-z]{1,9})-([0-9a-f]{16})$/.exec(name);
  return match === null ? undefined : { serial: parseInt(match[1] ?? '', 36), digest: match[2] ?? '' };
}
