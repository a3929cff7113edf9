import { type FlowParty, type ObservedPeer, observedPeerKey, PROTOCOLS, type Protocol } from '#model';

import { HourBitmaps } from './hour-bitmaps.ts';
import { ObservedPair, type PairedParty } from './observed-pair.ts';
import { ObservedParty, PEER_LIMITS } from './observed-party.ts';
import { type Coarseness, outsideText } from './outside-block.ts';

/** What is spoken of when two parties are known: the port a client used of a server. */
export interface PortName {
  readonly protocol: Protocol;
  readonly port: number | null;
}

export type OutsideParty = Extract<FlowParty, { kind: 'external' }>;
export type InsideParty = Exclude<FlowParty, { kind: 'external' | 'unattributed' }>;

/** Of the room for pairs this much is filled at the most when an hour begins. */
const ROOM_KEPT = 0.9;

/**
 * The parties that were seen and the pairs they make, within bounds.
 *
 * Hosts outside go by their name, else by their address. A party that meets more nameless ones
 * than are kept apart meets the rest by block, and then by family; which are kept apart is decided
 * by who comes first.
 */
export class PairTable {
  readonly hours = new HourBitmaps();
  readonly parties = new Map<string, PairedParty>();
  readonly #mostPairs: number;
  // the parties of pods come back as the very same objects, report after report
  readonly #known = new WeakMap<FlowParty, PairedParty>();
  #pairs = 0;
  #nextId = 1;

  constructor(mostPairs: number) {
    this.#mostPairs = mostPairs;
  }

  get size(): number {
    return this.#pairs;
  }

  intern(peer: ObservedPeer): PairedParty {
    const key = observedPeerKey(peer);
    const known = this.parties.get(key);
    if (known !== undefined) return known;
    const party = new ObservedParty<ObservedPair>(this.#nextId, key, peer);
    this.#nextId += 1;
    if (peer.kind === 'workload') party.hoursRow = this.hours.add();
    this.parties.set(key, party);
    return party;
  }

  ofInside(party: InsideParty): PairedParty {
    switch (party.kind) {
      case 'workload': {
        const known = this.#known.get(party);
        if (known?.isGone === false) return known;
        const interned = this.intern({ kind: 'workload', workload: party.workload });
        this.#known.set(party, interned);
        return interned;
      }
      case 'node': {
        const node = this.intern({ kind: 'node', node: party.node, mayBe: [] });
        node.noteSharing(party.mayBe);
        return node;
      }
      case 'service':
        return this.intern({ kind: 'service', service: party.service });
    }
  }

  /** The pair of two ends, made where there is room; `isRefused`: nothing was let through. Two hosts outside make none. */
  pairOf(client: InsideParty | OutsideParty, server: InsideParty | OutsideParty, name: PortName, isRefused: boolean): ObservedPair | undefined {
    if (client.kind === 'external') return server.kind === 'external' ? undefined : this.#findOutside(this.ofInside(server), client, 'clients', name, isRefused);
    const from = this.ofInside(client);
    return server.kind === 'external' ? this.#findOutside(from, server, 'servers', name, isRefused) : this.#find(from, this.ofInside(server), name, isRefused);
  }

  /** The pair of a row that was kept; undefined where it is there, or there is no room for it. */
  restore(from: PairedParty, to: PairedParty, name: PortName, isRefused: boolean): ObservedPair | undefined {
    if (from.asClient.has(pairKey(to, name)) || this.#pairs >= this.#mostPairs) return undefined;
    const pair = this.#create(from, to, name, isRefused);
    enterBound(from, to, 'servers');
    enterBound(to, from, 'clients');
    return pair;
  }

  #find(from: PairedParty, to: PairedParty, name: PortName, isRefused: boolean): ObservedPair | undefined {
    const key = pairKey(to, name);
    const known = from.asClient.get(key);
    if (known !== undefined) {
      if (!isRefused) this.#letThrough(known);
      return known;
    }
    if (this.#pairs >= this.#mostPairs || from.asClient.size >= PEER_LIMITS.pairs || (isRefused && from.refusedPairs >= PEER_LIMITS.refused)) return undefined;
    return this.#create(from, to, name, isRefused);
  }

  #create(from: PairedParty, to: PairedParty, name: PortName, isRefused: boolean): ObservedPair {
    const pair = new ObservedPair(from, to, name.protocol, name.port, this.hours.add());
    pair.countsAsRefused = isRefused;
    if (isRefused) from.refusedPairs += 1;
    from.asClient.set(pairKey(to, name), pair);
    to.asServer += 1;
    this.#pairs += 1;
    return pair;
  }

  /** The pair of a party with a host outside, on either side of it. */
  #findOutside(inside: PairedParty, outside: OutsideParty, side: 'servers' | 'clients', name: PortName, isRefused: boolean): ObservedPair | undefined {
    if (outside.entity !== undefined) return this.#between(inside, this.intern({ kind: 'entity', entity: outside.entity }), side, name, isRefused);
    const [host] = outside.names;
    if (host !== undefined) {
      const party = this.intern({ kind: 'external', host, addresses: [] });
      party.noteAddress(outside.address);
      return this.#between(inside, party, side, name, isRefused);
    }
    const bounds = inside.outside[side];
    for (const coarseness of ['host', 'block'] as const) {
      const met = this.#met(inside, outside.address, coarseness, side, name);
      if (met !== undefined) {
        if (!isRefused) this.#letThrough(met);
        return met;
      }
      if (bounds[coarseness] >= PEER_LIMITS[coarseness]) continue;
      const pair = this.#between(inside, this.#nameless(outside.address, coarseness), side, name, isRefused);
      if (pair !== undefined) bounds[coarseness] += 1;
      return pair;
    }
    return this.#between(inside, this.#nameless(outside.address, 'family'), side, name, isRefused);
  }

  /** Drops pairs of which no hour is left, or no room, and parties nothing is left of. Gives them. */
  dropForgotten(): { readonly pairs: readonly ObservedPair[]; readonly parties: readonly PairedParty[]; readonly crowdedOut: ReadonlySet<ObservedPair> } {
    const pairs: ObservedPair[] = [];
    const crowdedOut = this.#crowdedOut();
    for (const party of this.parties.values()) {
      for (const [key, pair] of party.asClient) {
        if (this.hours.count(pair.row) > 0 && !crowdedOut.has(pair)) continue;
        party.asClient.delete(key);
        pair.to.asServer -= 1;
        if (pair.countsAsRefused) party.refusedPairs -= 1;
        party.forgetTranslated(pair);
        leaveBound(party, pair.to, 'servers');
        leaveBound(pair.to, party, 'clients');
        this.hours.release(pair.row);
        this.#pairs -= 1;
        pairs.push(pair);
      }
    }
    const parties = [...this.parties.values()].filter((party) => party.asClient.size === 0 && party.asServer === 0 && (crowdedOut.size > 0 || party.hoursRow === undefined || this.hours.count(party.hoursRow) === 0));
    for (const party of parties) {
      if (party.hoursRow !== undefined) this.hours.release(party.hoursRow);
      party.isGone = true;
      this.parties.delete(party.key);
    }
    return { pairs, parties, crowdedOut };
  }

  /** Where there is hardly any room left: those not seen for longest, such as runs of jobs of a name of their own each, so that what is new finds some. */
  #crowdedOut(): ReadonlySet<ObservedPair> {
    const room = Math.floor(this.#mostPairs * ROOM_KEPT);
    if (this.#pairs <= room) return new Set();
    const all = [...this.parties.values()].flatMap((party) => [...party.asClient.values()]).sort((a, b) => a.lastSeen - b.lastSeen);
    return new Set(all.slice(0, this.#pairs - room));
  }

  #between(inside: PairedParty, other: PairedParty, side: 'servers' | 'clients', name: PortName, isRefused: boolean): ObservedPair | undefined {
    return side === 'servers' ? this.#find(inside, other, name, isRefused) : this.#find(other, inside, name, isRefused);
  }

  #met(inside: PairedParty, address: string, coarseness: Coarseness, side: 'servers' | 'clients', name: PortName): ObservedPair | undefined {
    const other = this.parties.get(observedPeerKey({ kind: 'external', host: outsideText(address, coarseness), addresses: [] }));
    if (other === undefined) return undefined;
    return side === 'servers' ? inside.asClient.get(pairKey(other, name)) : other.asClient.get(pairKey(inside, name));
  }

  #nameless(address: string, coarseness: Coarseness): PairedParty {
    const host = outsideText(address, coarseness);
    return this.intern({ kind: 'external', host, addresses: coarseness === 'host' ? [address] : [] });
  }

  #letThrough(pair: ObservedPair): void {
    if (!pair.countsAsRefused) return;
    pair.countsAsRefused = false;
    pair.from.refusedPairs -= 1;
  }
}

// Of a row that is restored the bound may be passed a little: what was kept stays.
function enterBound(inside: PairedParty, other: PairedParty, side: 'servers' | 'clients'): void {
  const coarseness = other.coarseness;
  if (coarseness !== undefined && coarseness !== 'family') inside.outside[side][coarseness] += 1;
}

function leaveBound(inside: PairedParty, other: PairedParty, side: 'servers' | 'clients'): void {
  const coarseness = other.coarseness;
  if (coarseness !== undefined && coarseness !== 'family') inside.outside[side][coarseness] -= 1;
}

/** 2 bits of protocol, 16 of port, and the server's number above: within what a number holds exactly. */
export function pairKey(to: PairedParty, { protocol, port }: PortName): number {
  return to.id * 262_144 + (port ?? 0) * 4 + PROTOCOLS.indexOf(protocol);
}
