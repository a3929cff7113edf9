import { compareText, type FlowReport, isJsonObject, isPortNumber, isWireProtocol, type ObservedEnd, type ObservedFlow } from '#model';

import { LONGEST_LINE } from './flow-lines.ts';
import type { FlowRecord } from './flow-record.ts';
import { isHubble, readHubble } from './hubble-line.ts';

/** What lines gave beside reports. */
export interface HubbleCounts {
  readonly lines: number;
  /** Lines that are no Hubble event, or one that can not be read. */
  readonly unreadable: number;
  /** Flows that do not say which node saw them, or lack an address. */
  readonly nameless: number;
  /** Events that came after the report on their time was made. */
  readonly late: number;
}

const STRETCH_MS = 10_000;
/** Hubble writes events a little out of order. */
const LATE_MS = 5_000;
const MOST_FLOWS = 20_000;
const MOST_STRETCHES = 5_000;

interface Tallied {
  readonly record: FlowRecord;
  readonly verdict: ObservedFlow['verdict'];
  connections: number;
  alive: number;
  isAnswered: boolean;
  readonly applications: Map<string, number>;
}

interface Stretch {
  readonly node: string;
  readonly from: number;
  readonly flows: Map<string, Tallied>;
  lost: number;
  foreign: number;
}

/**
 * Makes reports of what Hubble exports, one for each node and ten seconds, as the node's own
 * enforcer would send them.
 *
 * A stretch is told once it is over, by the clock of its events or by the caller's, and never
 * changes after: reading an export again from its beginning gives the same reports, which whoever
 * takes them knows already. A packet in the middle of its connection shows that it is alive and is
 * no beginning; a reply shows that it is answered.
 */
export class HubbleReports {
  readonly #stretches = new Map<string, Stretch>();
  /** Up to where each node has been told. */
  readonly #told = new Map<string, number>();
  readonly #newest = new Map<string, number>();
  #counts: HubbleCounts = { lines: 0, unreadable: 0, nameless: 0, late: 0 };

  get counts(): HubbleCounts {
    return this.#counts;
  }

  line(text: string): void {
    if (text.trim() === '') return;
    this.#count('lines');
    const object = text.length > LONGEST_LINE ? undefined : parseJson(text);
    if (!isJsonObject(object) || !isHubble(object)) {
      this.#count('unreadable');
      return;
    }
    const reading = readHubble(object);
    switch (reading.kind) {
      case 'flow':
      case 'echo':
        this.#add(reading.record, reading.kind === 'echo');
        return;
      case 'passed-over':
        if (reading.lost !== undefined && reading.node !== undefined) this.#lost(reading.node, reading.lost);
        return;
      case 'unreadable':
        this.#count('unreadable');
    }
  }

  /**
   * The reports of stretches that are over, oldest first: by later events of the same node, and by
   * `now`, for whoever has read all there is.
   */
  take(now = 0): readonly FlowReport[] {
    const done: Stretch[] = [];
    for (const [key, stretch] of this.#stretches) {
      const end = stretch.from + STRETCH_MS + LATE_MS;
      if (end > now && end > (this.#newest.get(stretch.node) ?? 0)) continue;
      this.#stretches.delete(key);
      this.#told.set(stretch.node, Math.max(this.#told.get(stretch.node) ?? 0, stretch.from + STRETCH_MS));
      done.push(stretch);
    }
    return done.sort((a, b) => a.from - b.from || compareText(a.node, b.node)).map(reportOf);
  }

  #add(record: FlowRecord, isEcho: boolean): void {
    const { node, from, to } = record;
    if (node === undefined || from.address === undefined || to.address === undefined) {
      this.#count('nameless');
      return;
    }
    const stretch = this.#stretchOf(node, Date.parse(record.time));
    if (stretch === undefined) {
      this.#count('late');
      return;
    }
    this.#addTo(stretch, record, verdictOf(record), isEcho);
    // as a node's own enforcer tells it: let through, and noted
    if (record.forwarded && record.isAudited === true) this.#addTo(stretch, record, 'allowed', isEcho);
  }

  #addTo(stretch: Stretch, record: FlowRecord, verdict: ObservedFlow['verdict'], isEcho: boolean): void {
    const { from, to } = record;
    if (from.address === undefined || to.address === undefined) return;
    const key = `${from.address.text} ${to.address.text} ${record.protocol} ${String(record.port)} ${verdict}`;
    const known = stretch.flows.get(key);
    if (known === undefined && stretch.flows.size >= MOST_FLOWS) {
      stretch.foreign += 1;
      return;
    }
    const flow: Tallied = known ?? { record, verdict, connections: 0, alive: 0, isAnswered: false, applications: new Map() };
    if (known === undefined) stretch.flows.set(key, flow);
    if (record.application !== undefined) flow.applications.set(record.application, (flow.applications.get(record.application) ?? 0) + 1);
    if (isEcho) flow.isAnswered ||= record.application === undefined;
    if (isEcho || record.isContinued === true) flow.alive = 1;
    else flow.connections += record.count;
  }

  #lost(node: string, count: number): void {
    const newest = this.#newest.get(node);
    const stretch = newest === undefined ? undefined : this.#stretchOf(node, newest);
    if (stretch !== undefined) stretch.lost += count;
  }

  #stretchOf(node: string, time: number): Stretch | undefined {
    const from = Math.floor(time / STRETCH_MS) * STRETCH_MS;
    if (from < (this.#told.get(node) ?? 0)) return undefined;
    this.#newest.set(node, Math.max(this.#newest.get(node) ?? 0, time));
    const key = `${node} ${String(from)}`;
    const known = this.#stretches.get(key);
    if (known !== undefined) return known;
    if (this.#stretches.size >= MOST_STRETCHES) return undefined;
    const stretch: Stretch = { node, from, flows: new Map(), lost: 0, foreign: 0 };
    this.#stretches.set(key, stretch);
    return stretch;
  }

  #count(what: keyof HubbleCounts): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + 1 };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function verdictOf({ forwarded, isAudited }: FlowRecord): ObservedFlow['verdict'] {
  if (!forwarded) return 'denied';
  return isAudited === true ? 'would-be-denied' : 'allowed';
}

function reportOf({ node, from, flows, lost, foreign }: Stretch): FlowReport {
  const sorted = [...flows.keys()].sort(compareText).flatMap((key) => flows.get(key) ?? []);
  return {
    reporter: node,
    from,
    to: from + STRETCH_MS,
    flows: sorted.map(observedFlow),
    loss: { connectionEvents: lost, logRecords: 0, resyncs: 0, unreadable: 0 },
    overflowed: [],
    foreign,
  };
}

function observedFlow({ record, verdict, connections, alive, isAnswered, applications }: Tallied): ObservedFlow {
  const { from, to, protocol, port } = record;
  return {
    client: endOf(from),
    server: endOf(to),
    protocol,
    port: isPortNumber(port) ? port : null,
    verdict,
    egressRule: 0,
    ingressRule: 0,
    connections,
    alive: connections === 0 ? alive : 0,
    ended: 0,
    // a reply to what began before says nothing of what began now
    ...(isAnswered && connections > 0 ? { replied: connections } : {}),
    sentBytes: 0,
    receivedBytes: 0,
    sentPackets: 0,
    receivedPackets: 0,
    longestMs: 0,
    applications: [...applications].flatMap(([name, count]) => (isWireProtocol(name) ? [{ protocol: name, connections: count }] : [])).sort((a, b) => compareText(a.protocol, b.protocol)),
  };
}

function endOf({ address, pod, names }: FlowRecord['from']): ObservedEnd {
  return { address: address?.text ?? '', ...(pod === undefined ? {} : { pod }), ...(names.length === 0 ? {} : { names }) };
}
