import { createHash } from 'node:crypto';

import type { NodeBundle } from '#compilers/nftables';
import { type BundleReading, readBundleText, writeBundleText } from '#distribution';

/** No node's bundle comes near; a larger file is not one. */
export const LARGEST_BUNDLE_BYTES = 256 * 2 ** 20;

const FORMAT = 'ringfence-bundle 1';

/** Writes a bundle as text: a first line that says what it is, how long and with which digest, then JSON. */
export function writeBundle(bundle: NodeBundle): string {
  const body = writeBundleText(bundle);
  return `${FORMAT} ${String(Buffer.byteLength(body))} ${digestOf(body)}\n${body}\n`;
}

/** Reads what {@link writeBundle} wrote. Anything else, cut short or changed by so much as a byte, is refused with the reason. */
export function readBundle(text: string): BundleReading {
  const end = text.indexOf('\n');
  const match = /^ringfence-bundle 1 ([0-9]{1,12}) ([0-9a-f]{64})$/.exec(text.slice(0, Math.max(0, end)));
  if (match === null) return refused(`it does not begin with "${FORMAT}", its length and its digest`);
  const body = text.slice(end + 1).replace(/\n$/, '');
  const bytes = Buffer.byteLength(body);
  if (bytes !== Number(match[1])) return refused(`it has ${String(bytes)} bytes where it says ${match[1] ?? ''}`);
  if (digestOf(body) !== match[2]) return refused('its digest is another: it was changed or damaged');
  return readBundleText(body);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function refused(why: string): BundleReading {
  return { kind: 'refused', why };
}
