import type { NodeBundle, PeerSet, PortSet } from '#compilers/nftables';
import { parseAddress } from '#model';

import { bundleFault } from './bundle-fault.ts';

export type BundleReading = { readonly kind: 'bundle'; readonly bundle: NodeBundle } | { readonly kind: 'refused'; readonly why: string };

/** A set of peers or of ports: what many rules share, and a bundle holds once. */
export type SharedSet = PeerSet | PortSet;

/** How a shared set is written where it is used: the number or the name it is found by. */
export type ShareReference = (set: SharedSet) => number | string;

/**
 * Writes a bundle as JSON. Sets that many rules share are written once, addresses as their text.
 *
 * `textOf` is for those who write the same sets many times.
 */
export function writeBundleText(bundle: NodeBundle, textOf: (set: SharedSet) => string = packSet): string {
  const shared: string[] = [];
  const places = new Map<SharedSet, number>();
  const content = pack(bundle, (set) => {
    const known = places.get(set);
    if (known !== undefined) return known;
    places.set(set, shared.length);
    return shared.push(textOf(set)) - 1;
  });
  return `{"shared":[${shared.join()}],"bundle":${JSON.stringify(content)}}`;
}

/** Reads what {@link writeBundleText} wrote; anything else is refused with the reason. */
export function readBundleText(text: string): BundleReading {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return refused(`it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { shared, bundle } = isRecord(parsed) ? parsed : {};
  const list = Array.isArray(shared) ? (shared as readonly unknown[]).map((each) => unpack(each, () => undefined)) : [];
  const found = unpack(bundle, (place) => list[Number(place)]);
  const fault = bundleFault(found);
  return fault === undefined ? { kind: 'bundle', bundle: found as NodeBundle } : refused(fault);
}

/** A shared set by itself, in full. */
export function packSet(set: SharedSet): string {
  return JSON.stringify(set);
}

/** Makes a value one that JSON can say: addresses become `{"@": text}`, shared sets `{"#": reference}`. */
export function pack(value: unknown, reference: ShareReference): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly unknown[]).map((each) => pack(each, reference));
  if ('bits' in value && 'text' in value) return { '@': value.text };
  if (isShared(value)) return { '#': reference(value) };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, pack(each, reference)]));
}

/** The way back from {@link pack}; what leads nowhere becomes undefined. */
export function unpack(value: unknown, shared: (reference: unknown) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly unknown[]).map((each) => unpack(each, shared));
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first?.[0] === '@') return parseAddress(String(first[1]));
  if (entries.length === 1 && first?.[0] === '#') return shared(first[1]);
  return Object.fromEntries(entries.map(([key, each]) => [key, unpack(each, shared)]));
}

export function isShared(value: object): value is SharedSet {
  return 'name' in value && ('elements4' in value || 'ranges' in value);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(why: string): BundleReading {
  return { kind: 'refused', why };
}
