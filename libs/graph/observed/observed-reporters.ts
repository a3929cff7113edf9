import { compareText, type FlowLoss, isJsonObject, type Json, type ReporterRecord } from '#model';

import { AcceptedStretches } from './accepted-stretches.ts';
import type { EvidenceRow } from './evidence-row.ts';
import type { ObservedReport } from './observed-report.ts';

const MOST_REPORTERS = 20_000;

interface Reporter {
  readonly stretches: AcceptedStretches;
  loss: FlowLoss;
  isChanged: boolean;
}

/** Who reported on which stretches of time, and what they admit to have missed. */
export class ObservedReporters {
  readonly #reporters = new Map<string, Reporter>();

  has(reporter: string, from: number): boolean {
    return this.#reporters.get(reporter)?.stretches.has(from) === true;
  }

  hasRoomFor(reporter: string): boolean {
    return this.#reporters.size < MOST_REPORTERS || this.#reporters.has(reporter);
  }

  add({ reporter: name, from, to, loss }: ObservedReport): void {
    const known = this.#reporters.get(name);
    const reporter: Reporter = known ?? { stretches: new AcceptedStretches(), loss: NO_LOSS, isChanged: true };
    if (known === undefined) this.#reporters.set(name, reporter);
    reporter.stretches.add(from, to);
    reporter.loss = addLoss(reporter.loss, loss);
    reporter.isChanged = true;
  }

  /** Sorted by name. */
  records(): readonly ReporterRecord[] {
    const found = [...this.#reporters].map(([reporter, { stretches, loss }]): ReporterRecord => ({
      reporter,
      from: stretches.from,
      to: stretches.to,
      coveredMs: stretches.coveredMs,
      lostConnectionEvents: loss.connectionEvents,
      lostLogRecords: loss.logRecords,
      unreadable: loss.unreadable,
    }));
    return found.sort((a, b) => compareText(a.reporter, b.reporter));
  }

  /** Gives the rows of reporters of whom nothing is left. */
  forget(before: number): readonly string[] {
    const gone: string[] = [];
    for (const [name, { stretches }] of this.#reporters) {
      stretches.forget(before);
      if (stretches.edges.length > 0) continue;
      this.#reporters.delete(name);
      gone.push(REPORTER_ROW + name);
    }
    return gone;
  }

  changes(everything: boolean): readonly EvidenceRow[] {
    const rows: EvidenceRow[] = [];
    for (const [name, reporter] of this.#reporters) {
      if (!reporter.isChanged && !everything) continue;
      reporter.isChanged = false;
      const { connectionEvents, logRecords, resyncs, unreadable } = reporter.loss;
      rows.push({ key: REPORTER_ROW + name, value: { edges: [...reporter.stretches.edges], loss: { connectionEvents, logRecords, resyncs, unreadable } } });
    }
    return rows;
  }

  restore({ key, value }: EvidenceRow): boolean {
    if (value === undefined || !isJsonObject(value) || !isNumbers(value['edges']) || value['edges'].length % 2 !== 0) return false;
    const loss = isJsonObject(value['loss']) ? value['loss'] : {};
    const count = (name: keyof FlowLoss): number => (typeof loss[name] === 'number' ? loss[name] : 0);
    const read = { connectionEvents: count('connectionEvents'), logRecords: count('logRecords'), resyncs: count('resyncs'), unreadable: count('unreadable') };
    this.#reporters.set(key.slice(REPORTER_ROW.length), { stretches: new AcceptedStretches(value['edges']), loss: read, isChanged: false });
    return true;
  }
}

export const REPORTER_ROW = 'reporter ';
export const NO_LOSS: FlowLoss = { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 };

export function addLoss(a: FlowLoss, b: FlowLoss): FlowLoss {
  return {
    connectionEvents: a.connectionEvents + b.connectionEvents,
    logRecords: a.logRecords + b.logRecords,
    resyncs: a.resyncs + b.resyncs,
    unreadable: a.unreadable + b.unreadable,
  };
}

function isNumbers(value: Json | undefined): value is readonly number[] & Json {
  return Array.isArray(value) && value.every((each) => typeof each === 'number' && Number.isFinite(each));
}
