import { type AttributedFlow, compareText, isPortNumber, type ObservedEvidence, type ObservedRelationship, type ObservedWorkload, type WorkloadKey, workloadKey } from '#model';

import { keepSmallest } from './bounded-list.ts';
import type { EvidenceRow } from './evidence-row.ts';
import { HOUR_MS, HOURS_KEPT } from './hour-bitmaps.ts';
import type { ObservedPair, PairedParty } from './observed-pair.ts';
import type { ObservedCounts, ObservedReport, ReportFate, UnattributedAddress } from './observed-report.ts';
import { ObservedReporters, REPORTER_ROW } from './observed-reporters.ts';
import { PAIR_ROW, pairRow, pairRowKey, partyRow, partyRowKey, restorePair, restoreParty } from './observed-rows.ts';
import { ObservedTally } from './observed-tally.ts';
import { sinceMoment } from './observed-window.ts';
import { PairTable } from './pair-table.ts';
import { partyText } from './party-text.ts';
import { sharedAddresses } from './shared-addresses.ts';
import { UnattributedAddresses } from './unattributed-addresses.ts';
import { shownProcess, Words } from './words.ts';

export interface ObservedHistoryOptions {
  /** Relationships kept in all; of more, connections are counted as beyond bounds. */
  readonly mostPairs?: number;
}

/** How far ahead of ours the clock of a node may be. */
const AHEAD_MS = 600_000;
const MOST_WORKLOAD_REPORTERS = 16;
const NO_PROCESSES: readonly string[] = [];

/**
 * Everything that was observed, as a summary that grows with the number of relationships and not
 * with traffic, for four weeks.
 *
 * ```
 *   report ─► new? ─► each flow ─► two parties ─► their pair ─► hours, counts, sets
 *             (reporter, from)      │ hosts outside: by name, by address, by block
 *                                   └ nobody known: counted, listed, no pair
 * ```
 *
 * Taking a report is idempotent and the order of reports makes no difference, but for which peers
 * beyond a bound are kept apart: those that came first. Connections that both nodes report count
 * once, see `ObservedPair`.
 */
export class ObservedHistory {
  readonly #table: PairTable;
  readonly #reporters = new ObservedReporters();
  readonly #tally = new ObservedTally();
  readonly #addresses = new UnattributedAddresses();
  readonly #words = new Words();
  readonly #goneRows = new Set<string>();

  constructor({ mostPairs = 400_000 }: ObservedHistoryOptions = {}) {
    this.#table = new PairTable(mostPairs);
  }

  /** Relationships kept. */
  get size(): number {
    return this.#table.size;
  }

  get counts(): ObservedCounts {
    return this.#tally.counts;
  }

  /** Ends that could not be told to be one workload's, sorted by kind and name. */
  unattributed(): readonly UnattributedAddress[] {
    const reporters = new Set(this.#reporters.records().map(({ reporter }) => reporter));
    return [...this.#addresses.list(), ...[...sharedAddresses(this.#table.parties.values(), reporters)].sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name) || compareText(a.why, b.why))];
  }

  /** Whether a report of this name was taken before: then it need not be attributed again. */
  has(reporter: string, from: number): boolean {
    return this.#reporters.has(reporter, from);
  }

  accept(report: ObservedReport, now: number): ReportFate {
    this.expire(now);
    const fate = this.#fateOf(report, now);
    this.#tally.report(report, fate);
    if (fate !== 'taken') return fate;
    this.#reporters.add(report);
    // texts come anew with every report, and those that are kept should be kept once
    const reporter = this.#words.of(report.reporter);
    for (const flow of report.flows) this.#addFlow(flow, reporter);
    for (const { workload, connections } of report.overflowed) {
      const party = this.#table.intern({ kind: 'workload', workload });
      party.overflowed += connections;
      party.isChanged = true;
      this.#noteWorkload(party, reporter, report.from);
    }
    return fate;
  }

  /** Forgets what is older than four weeks; next to nothing to do but once an hour. */
  expire(now: number): void {
    if (!this.#table.hours.advance(Math.floor(now / HOUR_MS))) return;
    this.#dropForgotten();
    for (const key of this.#reporters.forget(now - HOURS_KEPT * HOUR_MS)) this.#goneRows.add(key);
  }

  /** Everything learning takes. */
  evidence(): ObservedEvidence {
    return { relationships: this.relationships(), workloads: this.#workloads(), reporters: this.#reporters.records() };
  }

  /** Sorted by client, server, protocol and port. */
  relationships(): readonly ObservedRelationship[] {
    return this.#views((_, view) => view);
  }

  /** The same of the time since a moment, with what belongs to that time as far as hours tell: see `sinceMoment`. */
  relationshipsSince(since: number): readonly ObservedRelationship[] {
    return this.#views(({ row }, view) => sinceMoment(view, row, this.#table.hours, since));
  }

  #views(cut: (pair: ObservedPair, view: ObservedRelationship) => ObservedRelationship | undefined): readonly ObservedRelationship[] {
    const found: ObservedRelationship[] = [];
    for (const party of this.#inOrder()) {
      const pairs = [...party.asClient.values()].sort((a, b) => compareText(a.to.key, b.to.key) || compareText(a.protocol, b.protocol) || (a.port ?? 0) - (b.port ?? 0));
      for (const pair of pairs) {
        const view = pair.view(this.#table.hours.count(pair.row), this.#table.hours.spells(pair.row), party.translatedTo(pair));
        // all of it is known to be others', whose address the node took the place of
        const isExplained = party.kind === 'node' && view.connections === 0 && pair.letThrough > 0 && view.denied + view.wouldBeDenied === 0;
        const shown = isExplained ? undefined : cut(pair, view);
        if (shown !== undefined) found.push(shown);
      }
    }
    return found;
  }

  /** The beginnings of the hours in which a workload was seen, sorted. */
  bucketsOf(workload: WorkloadKey): readonly number[] {
    const row = this.#table.parties.get(`workload ${workload}`)?.hoursRow;
    return row === undefined ? [] : this.#table.hours.hours(row).map((hour) => hour * HOUR_MS);
  }

  /**
   * Rows that are different from what was told before, for a store. Counts alone are told with a
   * delay of half an hour at most, unless `everything` is asked for.
   */
  changes(now: number, everything = false): readonly EvidenceRow[] {
    const rows: EvidenceRow[] = [];
    for (const party of this.#table.parties.values()) {
      if (party.isChanged || everything) rows.push(partyRow(party, this.#table.hours));
      party.isChanged = false;
      for (const pair of party.asClient.values()) {
        if (!pair.isChanged && !everything) continue;
        rows.push(pairRow(pair, this.#table.hours));
        pair.isChanged = false;
        pair.toldAt = now;
      }
    }
    rows.push(...this.#reporters.changes(everything));
    // what went and came again is there
    for (const { key } of rows) this.#goneRows.delete(key);
    const gone = [...this.#goneRows].map((key): EvidenceRow => ({ key, value: undefined }));
    this.#goneRows.clear();
    return [...gone, ...rows];
  }

  /** Takes back what `changes` told, in any order, before anything else is accepted. Gives how many rows nothing could be made of. */
  restore(rows: Iterable<EvidenceRow>, now: number): number {
    if (this.#table.parties.size > 0) throw new Error('restore observed evidence: there is some already');
    this.#table.hours.advance(Math.floor(now / HOUR_MS));
    const pairs: EvidenceRow[] = [];
    let unread = 0;
    for (const row of rows) {
      if (row.key.startsWith(PAIR_ROW)) pairs.push(row);
      else if (!(row.key.startsWith(REPORTER_ROW) ? this.#reporters.restore(row) : restoreParty(row, this.#table))) unread += 1;
    }
    for (const row of pairs) if (!restorePair(row, this.#table)) unread += 1;
    this.#dropForgotten();
    return unread;
  }

  #fateOf({ reporter, from, to }: ObservedReport, now: number): ReportFate {
    if (!(to > from) || to > now + AHEAD_MS) return 'from the future';
    if (from < now - HOURS_KEPT * HOUR_MS) return 'too old';
    if (this.#reporters.has(reporter, from)) return 'replayed';
    return this.#reporters.hasRoomFor(reporter) ? 'taken' : 'too many reporters';
  }

  #addFlow(flow: AttributedFlow, reporter: string): void {
    const { client, server, verdict } = flow;
    // its client is somebody else than it says, so it is evidence of nobody's need
    if (verdict === 'spoofed') {
      if (client.kind === 'unattributed') this.#addresses.add(client, flow, reporter, partyText(server));
      return;
    }
    if (client.kind === 'unattributed' || server.kind === 'unattributed') {
      this.#addUnattributed(flow, reporter);
      return;
    }
    const isRefused = verdict !== 'allowed' && verdict !== 'would-be-denied';
    const pair = this.#table.pairOf(client, server, { protocol: flow.protocol, port: isPortNumber(flow.port) ? flow.port : null }, isRefused);
    if (pair === undefined) {
      this.#addBeyondBounds(flow);
      return;
    }
    const processes = flow.processes.length === 0 ? NO_PROCESSES : flow.processes.map(({ end, name }) => this.#words.of(`${end} ${shownProcess(name)}`));
    pair.add(flow, reporter, processes);
    if (this.#table.hours.set(pair.row, Math.floor(flow.from / HOUR_MS))) pair.isChanged = true;
    if (flow.seenAt !== 'server') this.#noteWorkload(pair.from, reporter, flow.from);
    if (flow.seenAt !== 'client') this.#noteWorkload(pair.to, reporter, flow.from);
    if (flow.isMasqueraded === true) this.#table.intern({ kind: 'node', node: reporter, mayBe: [] }).noteTranslated({ to: pair.to.key, protocol: pair.protocol, port: pair.port }, flow.connections);
  }

  #addUnattributed(flow: AttributedFlow, reporter: string): void {
    const { client, server } = flow;
    for (const [end, other, far] of [
      [client, server, 'server'],
      [server, client, 'client'],
    ] as const) {
      if (end.kind === 'unattributed') this.#addresses.add(end, flow, reporter, partyText(other));
      // who stands at the other end says nothing of this one: its own node does
      if (end.kind !== 'workload' || flow.seenAt === far) continue;
      const party = this.#table.ofInside(end);
      party.unattributed += Math.max(1, flow.connections);
      party.isChanged = true;
      this.#noteWorkload(party, reporter, flow.from);
    }
  }

  #addBeyondBounds(flow: AttributedFlow): void {
    this.#tally.beyondBounds(flow.connections);
    for (const end of [flow.client, flow.server]) {
      if (end.kind !== 'workload') continue;
      const party = this.#table.ofInside(end);
      party.beyondBounds += Math.max(1, flow.connections);
      party.isChanged = true;
    }
  }

  #noteWorkload(party: PairedParty, reporter: string, at: number): void {
    if (party.hoursRow === undefined) return;
    const hour = Math.floor(at / HOUR_MS);
    if (hour < party.sinceHour) {
      party.sinceHour = hour;
      party.isChanged = true;
    }
    const reporters = keepSmallest(party.reporters, reporter, MOST_WORKLOAD_REPORTERS);
    if (!this.#table.hours.set(party.hoursRow, hour) && reporters === party.reporters) return;
    party.reporters = reporters;
    party.isChanged = true;
  }

  #dropForgotten(): void {
    const { pairs, parties, crowdedOut } = this.#table.dropForgotten();
    for (const pair of crowdedOut) this.#tally.beyondBounds(pair.letThrough);
    for (const pair of pairs) this.#goneRows.add(pairRowKey(pair));
    for (const party of parties) this.#goneRows.add(partyRowKey(party));
  }

  #workloads(): ReadonlyMap<WorkloadKey, ObservedWorkload> {
    const found = new Map<WorkloadKey, ObservedWorkload>();
    for (const { peer, hoursRow, sinceHour, reporters, overflowed, unattributed, beyondBounds } of this.#inOrder()) {
      if (peer.kind !== 'workload' || hoursRow === undefined) continue;
      const hours = this.#table.hours.hours(hoursRow).map((hour) => hour * HOUR_MS);
      found.set(workloadKey(peer.workload), { since: Number.isFinite(sinceHour) ? sinceHour * HOUR_MS : undefined, hours, reporters, overflowed, unattributed, beyondBounds });
    }
    return found;
  }

  #inOrder(): readonly PairedParty[] {
    return [...this.#table.parties.values()].sort((a, b) => compareText(a.key, b.key));
  }
}
