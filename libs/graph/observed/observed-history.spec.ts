import { describe, expect, it } from '@jest/globals';

import type { AttributedFlow, ObservedRelationship } from '#model';

import { flow, HOUR, report, START } from '../../../test/support/observed.ts';
import { shuffled } from '../../../test/support/random.ts';
import { ref } from '../../../test/support/worlds.ts';

import { ObservedHistory } from './observed-history.ts';
import { PEER_LIMITS } from './observed-party.ts';
import type { ObservedReport } from './observed-report.ts';

const web = 'shop/Deployment/web';
const db = 'shop/StatefulSet/db';
const NOW = START + 60_000;

function historyOf(reports: readonly ObservedReport[], now = NOW): ObservedHistory {
  const history = new ObservedHistory();
  for (const each of reports) history.accept(each, now);
  return history;
}

function lines(history: ObservedHistory): readonly string[] {
  return history.relationships().map(({ from, to, protocol, port, connections, denied, wouldBeDenied, buckets }) => {
    const refused = denied + wouldBeDenied === 0 ? '' : ` refused ${denied} would be ${wouldBeDenied}`;
    return `${peer(from)} -> ${peer(to)} ${port}/${protocol} x${connections}${refused} in ${buckets}`;
  });
}

function peer(of: ObservedRelationship['from']): string {
  switch (of.kind) {
    case 'workload':
      return of.workload.name;
    case 'external':
      return of.host;
    case 'node':
      return of.node;
    case 'entity':
      return of.entity;
    case 'service':
      return of.service;
  }
}

describe('what is remembered of flows', () => {
  it('is one summary for each client, server and port', () => {
    const history = historyOf([
      report([flow(web, db, 5432), flow(`${web}#web-2`, db, 5432, { processes: [{ end: 'client', name: 'node', connections: 1 }] })]),
      report([flow(web, db, 5432, { applications: [{ protocol: 'postgresql', connections: 3 }] })], { from: START + HOUR, reporter: 'node-b' }),
      report([flow(web, db, 9187)], { from: START + 20_000 }),
    ], NOW + HOUR);
    expect(history.relationships()[0]).toEqual({
      from: { kind: 'workload', workload: ref(web) },
      to: { kind: 'workload', workload: ref(db) },
      protocol: 'TCP',
      port: 5432,
      firstSeen: START,
      lastSeen: START + HOUR + 10_000,
      buckets: 2, spells: 1,
      connections: 9,
      bytes: 300,
      replied: 9,
      denied: 0,
      wouldBeDenied: 0,
      clientPods: 2,
      serverPods: 1,
      applications: ['postgresql'],
      processes: ['client node'],
      reporters: ['node-a', 'node-b'],
    });
    expect(lines(history)).toEqual(['web -> db 5432/TCP x9 in 2', 'web -> db 9187/TCP x3 in 1']);
    expect(history.bucketsOf(web)).toEqual([START, START + HOUR]);
    expect(history.evidence().workloads.get(db)).toEqual({ since: START, hours: [START, START + HOUR], reporters: ['node-a', 'node-b'], overflowed: 0, unattributed: 0, beyondBounds: 0 });
  });

  it('counts a connection once that both nodes report, and makes up for what one of them lost', () => {
    const atClient = (connections: number) => report([flow(web, db, 5432, { seenAt: 'client', connections, replied: connections })]);
    const atServer = (connections: number) => report([flow(web, db, 5432, { seenAt: 'server', connections, replied: connections })], { reporter: 'node-b' });
    expect(historyOf([atClient(5), atServer(5)]).relationships()[0]).toMatchObject({ connections: 5, replied: 5, bytes: 100, reporters: ['node-a', 'node-b'] });
    expect(historyOf([atClient(2), atServer(5)]).relationships()[0]).toMatchObject({ connections: 5, replied: 5 });
    expect(historyOf([atClient(5)]).relationships()[0]).toMatchObject({ connections: 5 });
  });

  it('does not hold for let through what the server’s node refused', () => {
    const history = historyOf([
      report([flow(web, db, 5432, { seenAt: 'client', replied: 0 })]),
      report([flow(web, db, 5432, { seenAt: 'server', verdict: 'denied', connections: 9 })], { reporter: 'node-b' }),
      report([flow(web, db, 1, { verdict: 'would-be-denied' })], { from: START + 20_000 }),
    ]);
    expect(lines(history)).toEqual(['web -> db 1/TCP x0 refused 0 would be 3 in 1', 'web -> db 5432/TCP x0 refused 9 would be 0 in 1']);
  });

  it('counts once what would be denied at both of its ends, and tells when', () => {
    const audited = (fields: Partial<AttributedFlow>) => flow(web, db, 1, { verdict: 'would-be-denied', connections: 2, ...fields });
    const seen = (...reports: Parameters<typeof historyOf>[0]) => historyOf(reports).relationships().map(({ wouldBeDenied, wouldBeDeniedIn }) => [wouldBeDenied, wouldBeDeniedIn]);
    const once = { first: START, last: START + 10_000 };
    // one node has both ends, and the rules of each would refuse it
    expect(seen(report([audited({ judgedAt: 'client' }), audited({ judgedAt: 'server' })]))).toEqual([[2, once]]);
    expect(seen(report([audited({ seenAt: 'client', judgedAt: 'client' })]), report([audited({ seenAt: 'server', judgedAt: 'server', connections: 3 })], { reporter: 'node-b' }))).toEqual([[3, once]]);
    // the rules of one end alone
    expect(seen(report([audited({ judgedAt: 'server' })]))).toEqual([[2, once]]);
    expect(seen(report([flow(web, db, 1)]), report([audited({})], { from: START + 20_000 }), report([flow(web, db, 1)], { from: START + 40_000 }))).toEqual([[2, { first: START + 20_000, last: START + 30_000 }]]);
    expect(seen(report([flow(web, db, 1)]))).toEqual([[0, undefined]]);
  });

  it('counts what goes on once, however often its rules are asked again', () => {
    const goesOn = (ongoing: number, from: number) => report([flow(web, db, 1, { verdict: 'would-be-denied', connections: 0, ongoing, from, to: from + 10_000 })], { from });
    const begun = report([flow(web, db, 1, { verdict: 'would-be-denied', connections: 2 })], { from: START + 50_000 });
    const count = (...reports: Parameters<typeof historyOf>[0]) => historyOf(reports).relationships()[0]?.wouldBeDenied;
    expect(count(goesOn(1, START))).toBe(1);
    expect(count(goesOn(1, START), goesOn(2, START + 10_000), goesOn(1, START + 20_000))).toBe(2);
    expect([count(goesOn(2, START), begun), count(begun, goesOn(2, START)), count(begun, goesOn(3, START))]).toEqual([2, 2, 3]);
  });

  it('knows of replies only where somebody could tell', () => {
    const mute = flow(web, db, 5432);
    delete (mute as { replied?: number }).replied;
    expect(historyOf([report([mute])]).relationships()[0]).toHaveProperty('replied', undefined);
    expect(historyOf([report([mute]), report([flow(web, db, 5432, { replied: 0 })], { from: START + 20_000 })]).relationships()[0]).toHaveProperty('replied', 0);
  });

  it('is found alive though it never began', () => {
    expect(lines(historyOf([report([flow(web, db, 5432, { connections: 0 })])]))).toEqual(['web -> db 5432/TCP x0 in 1']);
  });
});

describe('a report', () => {
  const flows: readonly AttributedFlow[] = [
    flow(web, db, 5432),
    flow(web, 'api.example.com=203.0.113.7', 443),
    flow('203.0.113.9', web, 8080),
    flow('2001:db8:f::9', web, 8080),
    flow('node node-b', web, 8080, { seenAt: 'server' }),
    flow(web, '? 10.0.0.1', 80),
    flow(web, 'kube-apiserver', 443),
    flow(web, 'Service shop/cache', 6379, { verdict: 'denied' }),
    flow(web, db, null, { protocol: 'ICMP' }),
  ];
  const reports = Array.from({ length: 40 }, (_, at) => report([flows[at % 9]!, flows[(at * 7 + 1) % 9]!], { reporter: `node-${at % 3}`, from: START + Math.floor(at / 3) * 10_000 * (at % 2 === 0 ? 1 : 3) + (at % 3) }));

  it('that comes again changes nothing', () => {
    const once = historyOf(reports);
    const history = historyOf([...reports, ...reports, ...[...reports].reverse()]);
    expect(history.evidence()).toEqual(once.evidence());
    expect(history.counts).toEqual({ ...once.counts, replayed: once.counts.replayed + reports.length * 2 });
  });

  it('may come in any order', () => {
    const once = historyOf(reports);
    for (let seed = 1; seed <= 20; seed += 1) {
      const history = historyOf(shuffled(reports, seed));
      expect(history.evidence()).toEqual(once.evidence());
      expect(history.counts).toEqual(once.counts);
    }
  });

  it.each([
    ['from the future', { from: NOW + 600_000 }],
    ['too old', { from: NOW - 29 * 24 * HOUR }],
    ['from the future', { from: START, to: START }],
    ['from the future', { from: Number.NaN }],
  ])('is refused if it is %s', (fate, fields) => {
    const history = new ObservedHistory();
    expect(history.accept(report([flow(web, db, 5432)], fields), NOW)).toBe(fate);
    expect([history.size, history.counts.refused, history.counts.records]).toEqual([0, 1, 0]);
  });

  it('says what is missing of it', () => {
    const loss = { connectionEvents: 4, logRecords: 3, resyncs: 1, unreadable: 2 };
    const history = historyOf([report([flow(web, '? 10.0.0.1', 80), flow('? 10.0.0.1', '? 10.0.0.2', 80)], { loss, overflowed: [{ workload: ref(web), connections: 7 }], foreign: 5, misplaced: 6 })]);
    expect(history.counts).toMatchObject({ lost: loss, overflowedConnections: 7, foreign: 5, misplaced: 6, unattributed: { nobody: 6, several: 0 } });
    expect(history.evidence().workloads.get(web)).toMatchObject({ overflowed: 7, unattributed: 3, hours: [START] });
    expect(history.evidence().reporters).toEqual([{ reporter: 'node-a', from: START, to: START + 10_000, coveredMs: 10_000, lostConnectionEvents: 4, lostLogRecords: 3, unreadable: 2 }]);
    const rest = { kind: 'address', why: 'nobody held it', mayBe: [], firstSeen: START, lastSeen: START + 10_000, reporters: ['node-a'] };
    expect(history.unattributed()).toEqual([
      { ...rest, name: '10.0.0.1', connections: 6, others: ['10.0.0.2', web] },
      { ...rest, name: '10.0.0.2', connections: 3, others: ['10.0.0.1'] },
    ]);
  });

  it('of a forged address is evidence of nobody’s need', () => {
    const history = historyOf([report([flow(web, db, 5432, { verdict: 'spoofed' })])]);
    expect([history.size, history.counts.spoofed]).toEqual([0, 3]);
  });
});

describe('a node that translates', () => {
  const through = flow(web, db, 5432, { seenAt: 'client', isMasqueraded: true, service: 'shop/db', connections: 4 });
  const seenThere = (connections: number) => report([flow('node node-a', db, 5432, { seenAt: 'server', connections })], { reporter: 'node-b' });

  it('is no client of its own, as far as it tells for whom it did', () => {
    expect(lines(historyOf([report([through]), seenThere(4)]))).toEqual(['web -> db 5432/TCP x4 in 1']);
    expect(lines(historyOf([seenThere(4), report([through])]))).toEqual(['web -> db 5432/TCP x4 in 1']);
    expect(lines(historyOf([report([through]), seenThere(6)]))).toEqual(['node-a -> db 5432/TCP x2 in 1', 'web -> db 5432/TCP x4 in 1']);
    const outside = report([flow('2001:db8:f::9', db, 5432, { seenAt: 'client', isMasqueraded: true, connections: 1 })], { from: START + 20_000 });
    expect(lines(historyOf([report([through]), outside, seenThere(5)]))).toEqual(['2001:db8:f::9 -> db 5432/TCP x1 in 1', 'web -> db 5432/TCP x4 in 1']);
    expect(lines(historyOf([seenThere(4)]))).toEqual(['node-a -> db 5432/TCP x4 in 1']);
  });
});

describe('room', () => {
  const many = (count: number, make: (at: number) => AttributedFlow): readonly AttributedFlow[] => Array.from({ length: count }, (_, at) => make(at));

  it('is given to nameless hosts by address, then by block, then by family', () => {
    const history = historyOf([report(many(PEER_LIMITS.host, (at) => flow(web, `203.0.113.${at}`, 443)))]);
    history.accept(report([...many(200, (at) => flow(web, `${at + 20}.9.8.7`, 443)), flow(web, '203.0.113.200', 443), flow(web, '203.0.200.1', 443), flow(web, '203.0.113.1', 443), flow(web, '2001:db8:1::1', 443)], { from: START + 20_000 }), NOW);
    const hosts = lines(history).filter((line) => line.includes('/0 ') || line.includes('/16') || line.includes('203.0.113.1 '));
    expect(hosts).toHaveLength(2 + PEER_LIMITS.block + 1 - 1 + 1);
    expect(hosts).toContain('web -> 203.0.113.1 443/TCP x6 in 1');
    expect(hosts).toContain('web -> 0.0.0.0/0 443/TCP x414 in 1');
    expect(hosts).toContain('web -> ::/0 443/TCP x3 in 1');
    expect(history.counts.beyondBounds).toBe(0);
  });

  it('is the same for clients outside', () => {
    const history = historyOf([report(many(5_000, (at) => flow(`198.${at >> 8}.${at & 255}.1`, web, 8080)))]);
    expect(history.size).toBe(PEER_LIMITS.host + 20);
  });

  it('is not taken from real traffic by a sweep', () => {
    const history = historyOf([report(many(3_000, (at) => flow(web, db, at + 1, { verdict: 'denied' })))]);
    expect(history.size).toBe(PEER_LIMITS.refused);
    history.accept(report([flow(web, db, 5432), ...many(2_000, (at) => flow(web, db, at + 10_000))], { from: START + 20_000 }), NOW);
    expect(history.size).toBe(PEER_LIMITS.pairs);
    expect(lines(history)).toContain('web -> db 5432/TCP x3 in 1');
    const beyond = (3_000 - PEER_LIMITS.refused + 2_001 - (PEER_LIMITS.pairs - PEER_LIMITS.refused)) * 3;
    expect(history.counts.beyondBounds).toBe(beyond);
    expect(history.evidence().workloads.get(web)?.beyondBounds).toBe(beyond);
  });

  it('is bounded in all', () => {
    const history = new ObservedHistory({ mostPairs: 10 });
    history.accept(report(many(20, (at) => flow(`shop/Deployment/w${at}`, db, 5432))), NOW);
    expect([history.size, history.counts.beyondBounds]).toEqual([10, 30]);
  });
});

describe('hardly any room', () => {
  it('is made for what is new, hour by hour, by what was not seen for longest', () => {
    const history = new ObservedHistory({ mostPairs: 10 });
    for (let at = 0; at < 10; at += 1) history.accept(report([flow(`ci/Job/run-${at}`, db, 5432)], { from: START + at * 10_000 }), NOW + 60_000);
    history.changes(NOW);
    history.expire(NOW + HOUR);
    expect([history.size, history.counts.beyondBounds]).toEqual([9, 3]);
    expect(history.changes(NOW).filter(({ value }) => value === undefined).map(({ key }) => key)).toEqual(['pair workload ci/Job/run-0\nworkload shop/StatefulSet/db\nTCP\n5432', 'party workload ci/Job/run-0']);
    history.accept(report([flow('ci/Job/run-10', db, 5432)], { from: NOW + HOUR - 10_000 }), NOW + HOUR);
    expect(lines(history)).toContain('run-10 -> db 5432/TCP x3 in 1');
  });
});

describe('time', () => {
  const day = 24 * HOUR;

  it('takes away what is older than four weeks', () => {
    const history = historyOf([report([flow(web, db, 5432), flow(web, 'a.example.com=203.0.113.1', 443)])]);
    history.changes(NOW);
    history.accept(report([flow(web, db, 5432)], { from: START + 20 * day }), START + 20 * day);
    history.expire(START + 28 * day - 1);
    expect(lines(history)).toEqual(['web -> a.example.com 443/TCP x3 in 1', 'web -> db 5432/TCP x6 in 2']);
    history.expire(START + 28 * day);
    expect(lines(history)).toEqual(['web -> db 5432/TCP x6 in 1']);
    expect(history.changes(NOW).filter(({ value }) => value === undefined).map(({ key }) => key)).toEqual(['pair workload shop/Deployment/web\nexternal a.example.com\nTCP\n443', 'party external a.example.com']);
    history.expire(START + 60 * day);
    expect([history.size, history.evidence()]).toEqual([0, { relationships: [], workloads: new Map(), reporters: [] }]);
  });

  it('that goes back is taken to stand still', () => {
    const history = historyOf([report([flow(web, db, 5432)])]);
    history.expire(0);
    expect(history.size).toBe(1);
  });
});
