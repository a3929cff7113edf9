import { describe, expect, it } from '@jest/globals';

import { flow, HOUR, report, START } from '../../../test/support/observed.ts';
import { shuffled } from '../../../test/support/random.ts';
import { ref } from '../../../test/support/worlds.ts';

import type { EvidenceRow } from './evidence-row.ts';
import { ObservedHistory } from './observed-history.ts';
import type { ObservedReport } from './observed-report.ts';

const web = 'shop/Deployment/web';
const db = 'shop/StatefulSet/db';

function historyOf(reports: readonly ObservedReport[], now: number): ObservedHistory {
  const history = new ObservedHistory();
  for (const each of reports) history.accept(each, now);
  return history;
}

describe('a store', () => {
  const reports = [
    report([flow(web, db, 5432, { seenAt: 'client', isMasqueraded: true }), flow(web, 'api.example.com=203.0.113.7', 443, { processes: [{ end: 'client', name: 'cu\u001brl', connections: 1 }] }), flow(web, '? 10.0.0.1', 80)]),
    report([flow('node node-a', db, 5432, { seenAt: 'server' }), flow(web, db, 1, { verdict: 'denied' }), flow(web, db, 2, { verdict: 'would-be-denied', connections: 0, ongoing: 4 }), flow(web, db, 3, { verdict: 'would-be-denied' }), flow(db, web, 3), flow(db, '2001:db8:f::1', 443)], { reporter: 'node-b', from: START + 5 * HOUR, overflowed: [{ workload: ref(db), connections: 2 }] }),
  ];
  const later = START + 6 * HOUR;

  function rowsOf(history: ObservedHistory, into = new Map<string, EvidenceRow>(), everything = false): Map<string, EvidenceRow> {
    for (const row of history.changes(later, everything)) {
      if (row.value === undefined) into.delete(row.key);
      else into.set(row.key, JSON.parse(JSON.stringify(row)) as EvidenceRow);
    }
    return into;
  }

  it('gives back what it was given, in any order, and takes replays for replays', () => {
    const history = historyOf(reports, later);
    const rows = [...rowsOf(history).values()];
    expect(history.changes(later)).toEqual([]);
    for (let seed = 1; seed < 5; seed += 1) {
      const restored = new ObservedHistory();
      expect(restored.restore(shuffled(rows, seed), later)).toBe(0);
      expect(restored.evidence()).toEqual(history.evidence());
      expect(restored.changes(later)).toEqual([]);
      for (const each of reports) expect(restored.accept(each, later)).toBe('replayed');
      expect(restored.evidence()).toEqual(history.evidence());
    }
  });

  it('gives back rows of releases that did not tell when something would have been denied', () => {
    const rows = [...rowsOf(historyOf(reports, later)).values()].map(({ key, value }) => ({ key, value: Object.fromEntries(Object.entries(value as object).filter(([field]) => field !== 'audited')) }));
    const restored = new ObservedHistory();
    expect(restored.restore(rows, later)).toBe(0);
    const seen = restored.relationships().filter(({ wouldBeDenied }) => wouldBeDenied > 0);
    expect(seen.map(({ port, wouldBeDenied, wouldBeDeniedIn }) => [port, wouldBeDenied, wouldBeDeniedIn])).toEqual([2, 3].map((port) => [port, port === 2 ? 4 : 3, { first: START + 5 * HOUR, last: START + 5 * HOUR + 10_000 }]));
  });

  it('knows since when a workload was watched after the hours of then are forgotten, and of rows of an earlier release since its first hour', () => {
    const muchLater = START + 40 * 24 * HOUR;
    const first = historyOf([reports[0] as ObservedReport], later);
    const rows = rowsOf(first);
    const often = new ObservedHistory();
    often.restore([...rows.values()], later);
    for (let day = 1; day < 40; day += 1) often.accept(report([flow(web, db, 5432)], { from: START + day * 24 * HOUR }), START + (day + 1) * 24 * HOUR);
    const again = new ObservedHistory();
    again.restore([...rowsOf(often, rows).values()], muchLater);
    expect(again.evidence().workloads.get(web)).toMatchObject({ since: START, hours: expect.not.arrayContaining([START]) as unknown });
    const old = new ObservedHistory();
    old.restore([...rowsOf(first, new Map(), true).values()].map(({ key, value }) => ({ key, value: Object.fromEntries(Object.entries(value as object).filter(([field]) => field !== 'since')) })), later);
    expect(old.evidence().workloads.get(web)?.since).toBe(START);
  });

  it('is told little while nothing but counts changes, and everything when asked', () => {
    const history = historyOf(reports, later);
    const rows = rowsOf(history);
    history.accept(report([flow(web, 'api.example.com=203.0.113.7', 443)], { from: later - 60_000 }), later);
    rowsOf(history, rows);
    history.accept(report([flow(web, 'api.example.com=203.0.113.7', 443)], { from: later - 30_000 }), later);
    expect(history.changes(later).map(({ key }) => key)).toEqual(['reporter node-a']);
    rowsOf(history, rows, true);
    const restored = new ObservedHistory();
    restored.restore(rows.values(), later);
    expect(restored.evidence()).toEqual(history.evidence());
  });

  it.each([null, 1, 'x', [], {}, { from: 1 }, { peer: { kind: 'workload' } }, { edges: ['x'] }, { from: 'workload a', to: 'b', protocol: 'TCP', port: 1, seen: [1, 2] }])('row %j is passed over', (value) => {
    const history = new ObservedHistory();
    expect(history.restore([{ key: 'pair x', value }, { key: 'party x', value }, { key: 'reporter x', value }, { key: 'other', value }], later)).toBe(4);
    expect(history.size).toBe(0);
  });

  it('is not read into evidence that is there already', () => {
    expect(() => historyOf(reports, later).restore([], later)).toThrow('there is some already');
  });
});
