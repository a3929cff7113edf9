import { makePrefix, parseAddress } from '#model';

/** How a nameless host outside is told: by itself, by the block it is in, or as anything of its family. */
export type Coarseness = 'host' | 'block' | 'family';

const BLOCK = { 4: 16, 6: 32 } as const;

/** The text a host outside goes by: its address, `203.0.0.0/16` or `2001:db8::/32`, `0.0.0.0/0` or `::/0`. */
export function outsideText(text: string, coarseness: Coarseness): string {
  const address = parseAddress(text);
  if (coarseness === 'host' || address === undefined) return text;
  return makePrefix(address.family, address.bits, coarseness === 'block' ? BLOCK[address.family] : 0).text;
}
