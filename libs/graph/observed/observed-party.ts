import { type ObservedPeer, parseAddress, type Protocol, type WorkloadRef, workloadKey } from '#model';

import { keepSmallest } from './bounded-list.ts';
import type { Coarseness } from './outside-block.ts';

/** How many peers of one workload (or node, or host) are kept apart. */
export const PEER_LIMITS = {
  /** Servers and ports of one client. */
  pairs: 1_024,
  /** Of these, such as were only ever refused: a sweep must not take the room of real traffic. */
  refused: 128,
  /** Hosts outside without a name, on each side of it; more are told by block. */
  host: 64,
  /** Blocks of these, on each side; more are told as the whole of their family. */
  block: 64,
} as const;

/** One end of what was observed, with all it was seen to call. */
export class ObservedParty<Pair = unknown> {
  readonly id: number;
  readonly key: string;
  #peer: ObservedPeer;
  /** By server, protocol and port. */
  readonly asClient = new Map<number, Pair>();
  /** How many pairs it is the server of. */
  asServer = 0;
  refusedPairs = 0;
  /** Nameless hosts and blocks outside, as its servers and as its clients. */
  readonly outside = { servers: { host: 0, block: 0 }, clients: { host: 0, block: 0 } };
  /** Of a node: connections it translated for others. The server sees them come from the node. */
  readonly translated = new Map<string, Translated>();
  /** The row of the hours it was seen in at all; workloads only. */
  hoursRow: number | undefined;
  /** Since when its own node has told of it, in hours since 1970; workloads only. */
  sinceHour = Infinity;
  overflowed = 0;
  unattributed = 0;
  beyondBounds = 0;
  reporters: readonly string[] = [];
  isChanged = true;
  /** Nothing is left of it: who still knows it has to ask anew. */
  isGone = false;

  constructor(id: number, key: string, peer: ObservedPeer) {
    this.id = id;
    this.key = key;
    this.#peer = peer;
  }

  get kind(): ObservedPeer['kind'] {
    return this.#peer.kind;
  }

  /** Of a nameless host outside: what it stands for. */
  get coarseness(): Coarseness | undefined {
    if (this.#peer.kind !== 'external') return undefined;
    const { host } = this.#peer;
    if (host.includes('/')) return host.endsWith('/0') ? 'family' : 'block';
    return parseAddress(host) === undefined ? undefined : 'host';
  }

  get peer(): ObservedPeer {
    return this.#peer;
  }

  noteTranslated(name: Omit<Translated, 'connections'>, connections: number): void {
    const key = translatedKey(name.to, name);
    const known = this.translated.get(key);
    if (known === undefined && this.translated.size >= MOST_TRANSLATED) return;
    this.translated.set(key, { ...name, connections: (known?.connections ?? 0) + connections });
    this.isChanged = true;
  }

  translatedTo({ to, protocol, port }: ServerPort): number {
    return this.translated.size === 0 ? 0 : (this.translated.get(translatedKey(to.key, { protocol, port }))?.connections ?? 0);
  }

  forgetTranslated({ to, protocol, port }: ServerPort): void {
    if (this.translated.delete(translatedKey(to.key, { protocol, port }))) this.isChanged = true;
  }

  /** Another address a named host was seen to have; of too many the smallest are kept. */
  noteAddress(address: string): void {
    const peer = this.#peer;
    if (peer.kind !== 'external' || peer.addresses.includes(address)) return;
    const addresses = keepSmallest(peer.addresses, address, MOST_ADDRESSES);
    if (addresses === peer.addresses) return;
    this.#peer = { ...peer, addresses };
    this.isChanged = true;
  }

  /** Who shares an address of a node changes with the time; the last word is as good as any, the union says all. */
  noteSharing(mayBe: readonly WorkloadRef[]): void {
    const peer = this.#peer;
    if (peer.kind !== 'node' || mayBe.length === 0) return;
    const known = new Map(peer.mayBe.map((ref) => [workloadKey(ref), ref]));
    const size = known.size;
    for (const ref of mayBe) known.set(workloadKey(ref), ref);
    if (known.size === size || size >= MOST_SHARING) return;
    const mayBeNow = [...known.keys()].sort().slice(0, MOST_SHARING).flatMap((key) => known.get(key) ?? []);
    this.#peer = { ...peer, mayBe: mayBeNow };
    this.isChanged = true;
  }
}

/** Connections to one port of a server that a node translated; `to` is the key of its party. */
export interface Translated {
  readonly to: string;
  readonly protocol: Protocol;
  readonly port: number | null;
  readonly connections: number;
}

interface ServerPort {
  readonly to: { readonly key: string };
  readonly protocol: Protocol;
  readonly port: number | null;
}

function translatedKey(to: string, { protocol, port }: { readonly protocol: Protocol; readonly port: number | null }): string {
  return `${to}\n${protocol}\n${String(port)}`;
}

const MOST_TRANSLATED = 4_096;
const MOST_ADDRESSES = 8;
const MOST_SHARING = 64;
