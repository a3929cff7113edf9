import { type Address, comparePrefixes, hostPrefix, makePrefix, parsePrefix, type Prefix, prefixCovers, type Snapshot } from '#model';

import type { AddressBlock } from './address-block.ts';

function prefix(text: string): Prefix {
  const read = parsePrefix(text);
  if (read === undefined) throw new Error(`read built-in prefix ${text}: not a prefix`);
  return read;
}

/**
 * IPv4 that is not the public internet, from the IANA IPv4 special-purpose address registry
 * (RFC 6890 and its updates) and the multicast block. The documentation blocks of RFC 5737 are
 * left in: nobody routes them, and examples use them as outside addresses.
 */
export const NOT_INTERNET_4: readonly Prefix[] = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, cloud metadata in it
  '172.16.0.0/12', // private
  '192.0.0.0/24', // IETF protocol assignments
  '192.88.99.0/24', // 6to4 relays, withdrawn
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarking
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast in it
].map(prefix);

/** Global unicast IPv6 (RFC 4291): everything outside it is loopback, unique local, link-local, multicast or unassigned. */
const GLOBAL_UNICAST_6 = prefix('2000::/3');

/** Global unicast IPv6 that is not the public internet, from the IANA IPv6 special-purpose address registry. */
export const NOT_INTERNET_6: readonly Prefix[] = [
  '2001::/23', // IETF protocol assignments, Teredo in it
  '2002::/16', // 6to4: embeds IPv4 addresses, private ones too
].map(prefix);

/** Where a NAT64 gateway shows the IPv4 internet to IPv6-only pods (RFC 6052). */
const NAT64 = prefix('64:ff9b::/96');

const EVERYTHING_4 = prefix('0.0.0.0/0');
const EVERYTHING_6 = prefix('::/0');

/** Every address of both families, inside the cluster and out. */
export const EVERY_ADDRESS: readonly AddressBlock[] = [
  { cidr: EVERYTHING_4, except: [] },
  { cidr: EVERYTHING_6, except: [] },
];

/**
 * The public internet as this cluster sees it, in both families: minus private, carrier, link-local
 * and metadata, loopback, multicast and reserved ranges, and minus the addresses of the cluster's
 * own nodes, pods and services, even where those are public.
 */
export function publicInternet(snapshot: Snapshot): readonly AddressBlock[] {
  const known = KNOWN.get(snapshot);
  if (known !== undefined) return known;
  const own = clusterPrefixes(snapshot);
  const blocks = [
    blockWithout(EVERYTHING_4, [...NOT_INTERNET_4, ...own]),
    blockWithout(GLOBAL_UNICAST_6, [...NOT_INTERNET_6, ...own]),
    blockWithout(NAT64, NOT_INTERNET_4.map(behindNat64)),
  ];
  KNOWN.set(snapshot, blocks);
  return blocks;
}

// Half a second for ten thousand pods, and asked for again by everybody who looks at a snapshot; one never changes.
const KNOWN = new WeakMap<Snapshot, readonly AddressBlock[]>();

function clusterPrefixes(snapshot: Snapshot): readonly Prefix[] {
  const prefixes = new Map<string, Prefix>();
  for (const node of snapshot.nodes.values()) {
    for (const text of node.podCidrs) {
      const block = parsePrefix(text);
      if (block !== undefined) prefixes.set(block.text, block);
    }
  }
  const ranges = [...prefixes.values(), ...NOT_INTERNET_4, ...NOT_INTERNET_6];
  for (const address of clusterAddresses(snapshot)) {
    const block = neighbourhood(address);
    if (address.family === 6 && !prefixCovers(GLOBAL_UNICAST_6, block)) continue;
    if (!ranges.some((range) => prefixCovers(range, block))) prefixes.set(block.text, block);
  }
  return [...prefixes.values()];
}

function* clusterAddresses(snapshot: Snapshot): Generator<Address> {
  for (const node of snapshot.nodes.values()) yield* node.addresses;
  // a finished pod has given its addresses back
  for (const pod of snapshot.pods.values()) if (pod.phase !== 'finished') yield* pod.addresses;
  for (const service of snapshot.services.values()) yield* service.clusterAddresses;
}

// A /64 is one network (RFC 4291), so a pod's neighbours in it are the cluster's too; and the list stays short.
function neighbourhood(address: Address): Prefix {
  return address.family === 6 ? makePrefix(6, address.bits, 64) : hostPrefix(address);
}

function blockWithout(cidr: Prefix, holes: readonly Prefix[]): AddressBlock {
  const inside = holes.filter((hole) => prefixCovers(cidr, hole)).sort(comparePrefixes);
  const except: Prefix[] = [];
  for (const hole of inside) {
    const previous = except.at(-1);
    if (previous === undefined || !prefixCovers(previous, hole)) except.push(hole);
  }
  return { cidr, except };
}

function behindNat64(hole: Prefix): Prefix {
  return makePrefix(6, NAT64.first | hole.first, 96 + hole.length);
}
