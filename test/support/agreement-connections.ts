import {
  type Address,
  addressFromBits,
  type Connection,
  type Endpoint,
  hostPrefix,
  lastOf,
  parseAddress,
  parsePrefix,
  type Peer,
  type Prefix,
  prefixContains,
  type Revision,
  type ServiceGraph,
  type Snapshot,
  widthOf,
} from '#model';
import { publicInternet } from '#policy';

import { type Place, portsToTry } from './scenario-ends.ts';

/** Addresses outside of every kind: public, private, link-local, metadata, behind NAT64, reserved. */
const KINDS = ['203.0.113.7', '8.8.8.8', '10.200.0.9', '192.168.7.7', '100.64.0.1', '169.254.169.254', '169.254.20.10', '224.0.0.1', '2001:db8:ffff::7', '2a00:1450::8', 'fd99::7', 'fe80::7', '64:ff9b::808:808', '64:ff9b::a00:1', 'ff02::1'];

/** The last port of every protocol: rules for all ports must mean it too. */
const HIGHEST: readonly Place[] = (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => ({ protocol, port: 65535 }));

/**
 * Connections between every pair of ends of a world: pods on each address with every port worth
 * trying; nodes, addresses of every kind and both sides of every block a rule names, with the ports
 * rules name.
 */
export function* connectionsOf(snapshot: Snapshot, revision: Revision, graph?: ServiceGraph): Generator<Connection> {
  const places = [...portsToTry(snapshot, revision, graph), ...HIGHEST];
  const pods = [...snapshot.pods.values()].filter(({ phase }) => phase !== 'finished');
  const inside = pods.flatMap((pod) => pod.addresses.map((address): Endpoint => ({ kind: 'pod', pod, address })));
  const outside = outsideAddresses(snapshot, revision).map((address): Endpoint => ({ kind: 'address', address }));
  for (const from of inside) for (const to of inside) yield* between(from, to, places);
  const plain = plainPlaces(places, snapshot, revision);
  for (const pod of inside) {
    for (const end of outside) {
      yield* between(pod, end, plain);
      yield* between(end, pod, plain);
    }
  }
}

function* between(from: Endpoint, to: Endpoint, places: readonly Place[]): Generator<Connection> {
  if (from.address.family !== to.address.family) return;
  for (const place of places) yield { from, to, ...place };
}

// Ports rules and pods name themselves, without neighbours: the other end is what is tried here.
function plainPlaces(places: readonly Place[], snapshot: Snapshot, revision: Revision): readonly Place[] {
  const named = new Set([...snapshot.pods.values()].flatMap(({ ports }) => ports.map(({ protocol, port }) => `${protocol} ${String(port)}`)));
  for (const { ingress = [], egress = [] } of revision.policies) {
    for (const { ports } of [...ingress, ...egress]) {
      for (const match of ports === 'any' ? [] : ports) if (match.kind === 'range') for (const port of [match.from, match.to]) named.add(`${match.protocol} ${String(port)}`);
    }
  }
  return places.filter((place) => named.has(`${place.protocol} ${String(place.port)}`) || HIGHEST.includes(place) || place.protocol === 'ICMP');
}

/** Addresses that belong to no pod: of every kind, of nodes, and on both sides of each end of every block the revision names. */
export function outsideAddresses(snapshot: Snapshot, revision: Revision): readonly Address[] {
  const found = new Map<string, Address>();
  for (const text of KINDS) found.set(text, parseAddress(text)!);
  for (const { addresses } of snapshot.nodes.values()) for (const address of addresses) found.set(address.text, address);
  for (const prefix of prefixesIn(revision, snapshot)) for (const address of sidesOf(prefix)) found.set(address.text, address);
  for (const pod of snapshot.pods.values()) if (!pod.hostNetwork && pod.phase !== 'finished') for (const { text } of pod.addresses) found.delete(text);
  // where only pods are, an address nobody has is a pod that is not known yet
  const blocks = podBlocks(snapshot);
  return [...found.values()].filter((address) => !blocks.some((block) => prefixContains(block, address)));
}

/** The blocks nodes give their pods addresses from. */
export function podBlocks({ nodes }: Snapshot): readonly Prefix[] {
  return [...nodes.values()].flatMap(({ podCidrs }) => podCidrs.map((text) => parsePrefix(text)!));
}

function* prefixesIn({ policies }: Revision, snapshot: Snapshot): Generator<Prefix> {
  const internet = publicInternet(snapshot).flatMap(({ cidr, except }) => [cidr, ...except]);
  for (const { ingress = [], egress = [] } of policies) {
    for (const { peers } of [...ingress, ...egress]) for (const peer of peers === 'any' ? [] : peers) yield* prefixesOf(peer, internet);
  }
}

function prefixesOf(peer: Peer, internet: readonly Prefix[]): readonly Prefix[] {
  if (peer.kind === 'cidr') return [peer.cidr, ...peer.except];
  const address = peer.kind === 'host' ? parseAddress(peer.host) : undefined;
  if (address !== undefined) return [hostPrefix(address)];
  return (peer.kind === 'host' && peer.isExact !== true) || (peer.kind === 'entity' && peer.entity === 'internet') ? internet : [];
}

function sidesOf(prefix: Prefix): readonly Address[] {
  const last = lastOf(prefix);
  const highest = (1n << BigInt(widthOf(prefix.family))) - 1n;
  const bits = [prefix.first - 1n, prefix.first, last, last + 1n].filter((each) => each >= 0n && each <= highest);
  // an IPv6 address that only maps IPv4 is no address of this family
  return bits.map((each) => addressFromBits(prefix.family, each)).filter(({ family }) => family === prefix.family);
}
