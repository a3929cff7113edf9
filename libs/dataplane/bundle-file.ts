import { createHash } from 'node:crypto';

import type { NodeBundle } from '#compilers/nftables';
import { parseAddress } from '#model';

import { bundleFault } from './bundle-fault.ts';

/** No node's bundle comes near; a larger file is not one. */
export const LARGEST_BUNDLE_BYTES = 256 * 2 ** 20;

const FORMAT = 'ringfence-bundle 1';

export type BundleReading = { readonly kind: 'bundle'; readonly bundle: NodeBundle } | { readonly kind: 'refused'; readonly why: string };

/**
 * Writes a bundle as text: a first line that says what it is, how long and with which digest, then
 * JSON. Sets that many rules share are written once, addresses as their text.
 */
export function writeBundle(bundle: NodeBundle): string {
  const shared: unknown[] = [];
  const places = new Map<object, number>();
  const content = pack(bundle, (value) => {
    const known = places.get(value);
    if (known !== undefined) return known;
    const packed = packFields(value, () => undefined);
    shared.push(packed);
    places.set(value, shared.length - 1);
    return shared.length - 1;
  });
  const body = JSON.stringify({ shared, bundle: content });
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
  return readBody(body);
}

function readBody(body: string): BundleReading {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    return refused(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { shared, bundle } = isRecord(parsed) ? parsed : {};
  const list = Array.isArray(shared) ? (shared as readonly unknown[]).map((each) => unpack(each, [])) : [];
  const found = unpack(bundle, list);
  const fault = bundleFault(found);
  return fault === undefined ? { kind: 'bundle', bundle: found as NodeBundle } : refused(fault);
}

type Share = (value: object) => number | undefined;

function pack(value: unknown, share: Share): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly unknown[]).map((each) => pack(each, share));
  if ('bits' in value && 'text' in value) return { '@': value.text };
  const place = isShared(value) ? share(value) : undefined;
  return place === undefined ? packFields(value, share) : { '#': place };
}

function packFields(value: object, share: Share): unknown {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, pack(each, share)]));
}

// a set of peers or of ports
function isShared(value: object): boolean {
  return 'name' in value && ('elements4' in value || 'ranges' in value);
}

function unpack(value: unknown, shared: readonly unknown[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly unknown[]).map((each) => unpack(each, shared));
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === '@') return parseAddress(String(first[1]));
  if (entries.length === 1 && first?.[0] === '#') return shared[Number(first[1])];
  return Object.fromEntries(entries.map(([key, each]) => [key, unpack(each, shared)]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function refused(why: string): BundleReading {
  return { kind: 'refused', why };
}
