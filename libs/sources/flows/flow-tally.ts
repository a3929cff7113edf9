import type { Flow, FlowEnd } from '#model';

import type { FlowRecord } from './flow-record.ts';

/** Different flows that are kept apart; beyond, memory would grow with the file. */
export const MOST_FLOWS = 250_000;

interface Tallied {
  readonly first: FlowRecord;
  readonly line: number;
  time: string;
  count: number;
  bytes: number | undefined;
  application: string | undefined;
}

/**
 * Adds up equal flows, so that memory grows with the number of different ones and not with the file.
 *
 * Equal means same ends, protocol, port, application and fate. Of the times the last one is kept,
 * of the lines the first.
 */
export class FlowTally {
  readonly #flows = new Map<string, Tallied>();
  // The same few ends come again and again; each is kept once.
  readonly #ends = new Map<string, FlowEnd>();
  #refused = 0;

  /** Lines whose flows no longer fitted. */
  get refused(): number {
    return this.#refused;
  }

  /** Counts a connection. */
  add(record: FlowRecord, line: number): void {
    const flow = this.#find(record, line, record.application);
    if (flow === undefined) return;
    flow.count += record.count;
    if (record.bytes !== undefined) flow.bytes = (flow.bytes ?? 0) + record.bytes;
    if (isLater(record.time, flow.time)) flow.time = record.time;
  }

  /** Notes that a connection exists, and what is spoken over it, without counting it again. */
  note(record: FlowRecord, line: number): void {
    const flow = this.#find(record, line, undefined);
    if (flow === undefined) return;
    flow.application ??= record.application;
    if (isLater(record.time, flow.time)) flow.time = record.time;
  }

  /** The flows in the order of the lines they first stood on. */
  flows(): readonly Flow[] {
    return [...this.#flows.values()].map(({ first, line, time, count, bytes, application }) => ({
      time,
      from: first.from,
      to: first.to,
      protocol: first.protocol,
      port: first.port,
      ...(application === undefined ? {} : { application }),
      count: Math.max(1, count),
      ...(bytes === undefined ? {} : { bytes }),
      forwarded: first.forwarded,
      line,
    }));
  }

  #find(record: FlowRecord, line: number, application: string | undefined): Tallied | undefined {
    const from = endKey(record.from);
    const to = endKey(record.to);
    const key = `${from} ${to} ${record.protocol} ${String(record.port)} ${String(record.forwarded)} ${application ?? ''}`;
    const known = this.#flows.get(key);
    if (known !== undefined) return known;
    if (this.#flows.size >= MOST_FLOWS) {
      this.#refused += 1;
      return undefined;
    }
    const first = { ...record, from: this.#intern(from, record.from), to: this.#intern(to, record.to) };
    const flow: Tallied = { first, line, time: record.time, count: 0, bytes: undefined, application };
    this.#flows.set(key, flow);
    return flow;
  }

  #intern(key: string, end: FlowEnd): FlowEnd {
    const known = this.#ends.get(key);
    if (known !== undefined) return known;
    this.#ends.set(key, end);
    return end;
  }
}

// None of the parts can hold a blank or a comma: they were checked where they were read.
function endKey({ address, pod, workload, entity, names }: FlowEnd): string {
  return `${address?.text ?? ''},${pod ?? ''},${workload ?? ''},${entity ?? ''},${names.join(',')}`;
}

function isLater(time: string, than: string): boolean {
  return time.endsWith('Z') && than.endsWith('Z') && time.length === than.length ? time > than : Date.parse(time) > Date.parse(than);
}
