import { type AttributedFlow, type FlowVerdict, type ObservedRelationship, type Protocol, WIRE_PROTOCOLS } from '#model';

import { keepSmallest } from './bounded-list.ts';
import type { ObservedParty } from './observed-party.ts';

/** A party with the pairs it is the client of. */
export type PairedParty = ObservedParty<ObservedPair>;

/** What the reporters at one end of a relationship counted. */
export interface SideCounts {
  connections: number;
  bytes: number;
  /** Undefined until some reporter could tell. */
  replied: number | undefined;
  denied: number;
  wouldBeDenied: number;
  /** Would be denied and go on: the most at a time, for each may be told again. */
  ongoing: number;
}

const MOST_PODS = 32;
const MOST_REPORTERS = 4;
const MOST_PROCESSES = 8;
/** A change of counts alone is told to the store this much later at the most, for it happens with every report. */
const COUNTS_SETTLE_MS = 1_800_000;

/**
 * Everything seen of one client and one server on one port.
 *
 * Both nodes report a connection between them. Each end is added up by itself, and the larger sum
 * counts: whichever node lost something, or has no enforcer, the other makes up for it, and nothing
 * is counted twice. What the server's node refused did not get through, whatever the client's saw leave.
 */
export class ObservedPair {
  readonly from: PairedParty;
  readonly to: PairedParty;
  readonly protocol: Protocol;
  readonly port: number | null;
  /** Its hours. */
  readonly row: number;
  readonly atClient = noCounts();
  readonly atServer = noCounts();
  firstSeen = Infinity;
  lastSeen = 0;
  /** When it would have been denied, first and last. */
  auditedFirst = Infinity;
  auditedLast = 0;
  clientPods: readonly number[] = [];
  serverPods: readonly number[] = [];
  reporters: readonly string[] = [];
  processes: readonly string[] = [];
  /** A bit for each of `WIRE_PROTOCOLS`. */
  spoken = 0;
  isChanged = true;
  toldAt = 0;
  /** Takes room among those its client was only ever refused. */
  countsAsRefused = false;

  constructor(from: PairedParty, to: PairedParty, protocol: Protocol, port: number | null, row: number) {
    this.from = from;
    this.to = to;
    this.protocol = protocol;
    this.port = port;
    this.row = row;
  }

  /** Whether nothing was ever let through: only attempts. */
  get isRefused(): boolean {
    return this.atClient.denied + this.atServer.denied > 0 && this.letThrough === 0;
  }

  get letThrough(): number {
    const { atClient, atServer } = this;
    return atServer.denied > 0 ? atServer.connections : Math.max(atClient.connections, atServer.connections);
  }

  /** `reporter` and `processes` are the flow's, as texts that others keep too. */
  add(flow: AttributedFlow, reporter: string, processes: readonly string[]): void {
    if (flow.from < this.firstSeen) this.firstSeen = flow.from;
    if (flow.to > this.lastSeen) this.lastSeen = flow.to;
    if (flow.verdict === 'would-be-denied') this.#addAudited(flow);
    else {
      if (flow.seenAt !== 'server') addTo(this.atClient, flow);
      if (flow.seenAt !== 'client') addTo(this.atServer, flow);
    }
    if (flow.client.kind === 'workload') this.#change('clientPods', keepSmallest(this.clientPods, hashOf(flow.client.pod), MOST_PODS));
    if (flow.server.kind === 'workload') this.#change('serverPods', keepSmallest(this.serverPods, hashOf(flow.server.pod), MOST_PODS));
    this.#change('reporters', keepSmallest(this.reporters, reporter, MOST_REPORTERS));
    for (const process of processes) this.#change('processes', keepSmallest(this.processes, process, MOST_PROCESSES));
    for (const { protocol } of flow.applications) this.#change('spoken', this.spoken | (1 << WIRE_PROTOCOLS.indexOf(protocol)));
    if (flow.to - this.toldAt > COUNTS_SETTLE_MS) this.isChanged = true;
  }

  // a node with both ends tells of the rules of each, and it is one connection all the same
  #addAudited({ connections, ongoing = 0, seenAt, judgedAt, from, to }: AttributedFlow): void {
    if (from < this.auditedFirst) this.auditedFirst = from;
    if (to > this.auditedLast) this.auditedLast = to;
    const end = judgedAt ?? seenAt;
    for (const counts of end === 'both' ? [this.atClient, this.atServer] : [end === 'client' ? this.atClient : this.atServer]) {
      if (counts.wouldBeDenied + counts.ongoing === 0) this.isChanged = true;
      counts.wouldBeDenied += connections;
      counts.ongoing = Math.max(counts.ongoing, ongoing);
    }
  }

  #change<K extends 'clientPods' | 'serverPods' | 'reporters' | 'processes' | 'spoken'>(name: K, value: this[K]): void {
    if (this[name] === value) return;
    this[name] = value;
    this.isChanged = true;
  }

  /** `explained` of its connections are known to be others', through the node they seem to come from. */
  view(hours: number, spells: number, explained: number): ObservedRelationship {
    const { atClient, atServer } = this;
    const wouldBeDenied = Math.max(atClient.wouldBeDenied, atClient.ongoing, atServer.wouldBeDenied, atServer.ongoing);
    return {
      from: this.from.peer,
      to: this.to.peer,
      protocol: this.protocol,
      port: this.port,
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
      buckets: hours,
      spells,
      connections: Math.max(0, this.letThrough - explained),
      bytes: Math.max(atClient.bytes, atServer.bytes),
      replied: atClient.replied === undefined ? atServer.replied : atServer.replied === undefined ? atClient.replied : Math.max(atClient.replied, atServer.replied),
      denied: Math.max(atClient.denied, atServer.denied),
      wouldBeDenied,
      ...(wouldBeDenied === 0 ? {} : { wouldBeDeniedIn: { first: this.auditedFirst, last: this.auditedLast } }),
      clientPods: this.clientPods.length,
      serverPods: this.serverPods.length,
      applications: WIRE_PROTOCOLS.filter((_, at) => (this.spoken & (1 << at)) !== 0),
      processes: this.processes,
      reporters: this.reporters,
    };
  }
}

export function noCounts(): SideCounts {
  return { connections: 0, bytes: 0, replied: undefined, denied: 0, wouldBeDenied: 0, ongoing: 0 };
}

function addTo(counts: SideCounts, { verdict, connections, bytes, replied }: AttributedFlow): void {
  if (verdict === 'would-be-denied') return;
  const what = counted(verdict);
  counts[what] += connections;
  counts.bytes += bytes;
  if (what === 'connections' && replied !== undefined) counts.replied = (counts.replied ?? 0) + replied;
}

function counted(verdict: Exclude<FlowVerdict, 'would-be-denied'>): 'connections' | 'denied' {
  switch (verdict) {
    case 'allowed':
      return 'connections';
    case 'denied':
    case 'unknown-pod':
    case 'spoofed':
    case 'wrong-protocol':
      return 'denied';
  }
}

/** FNV-1a, 31 bits: tells pods of one workload apart, and no more. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 1;
}
