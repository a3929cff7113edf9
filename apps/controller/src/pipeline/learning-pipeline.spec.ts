import { describe, expect, it } from '@jest/globals';

import type { EvidenceRow } from '#graph';
import type { Relationship, ServiceGraph, SourceUpdate } from '#model';

import { HubbleReports } from '#sources/flows';

import { flowReport, HOUR, learningPipeline, manifest, nodeUpdate, observedFlow, podUpdate, settle, shopUpdates, START } from '../../../../test/support/live-shop.ts';

import type { LearningPipeline } from './learning-pipeline.ts';

const NODES = { a: ['192.0.2.11', '2001:db8:a::11'], b: ['192.0.2.12', '2001:db8:a::12'] } as const;
const PODS = {
  products: ['10.1.0.5', '2001:db8:1::5'],
  mailer: ['10.1.0.6', '2001:db8:1::6'],
  media: ['10.2.0.7', '2001:db8:2::7'],
  salesDb: ['10.2.0.8', '2001:db8:2::8'],
} as const;

const cluster: readonly SourceUpdate[] = [
  nodeUpdate('node-a', NODES.a),
  nodeUpdate('node-b', NODES.b),
  podUpdate('shop/Deployment/products', 'products-1', 'node-a', PODS.products),
  podUpdate('shop/Deployment/mailer', 'mailer-1', 'node-a', PODS.mailer),
  podUpdate('shop/Deployment/media', 'media-1', 'node-b', PODS.media),
  podUpdate('shop-data/StatefulSet/sales-db', 'sales-db-0', 'node-b', PODS.salesDb),
];

function started(options: Parameters<typeof learningPipeline>[0] = {}): LearningPipeline {
  const pipeline = learningPipeline({ settleMs: 0, ...options });
  for (const update of [...shopUpdates(), ...cluster]) pipeline.accept(update);
  pipeline.setInSync('cluster', true);
  return pipeline;
}

function kinds(graph: ServiceGraph | undefined, from: string, to: string): string | undefined {
  const name = (peer: Relationship['from']): string => (typeof peer === 'string' ? peer : peer.name);
  const found = graph?.relationships.find((each) => name(each.from) === from && name(each.to) === to);
  return found === undefined ? undefined : `${found.port} ${found.tier} ${[...new Set(found.evidence.map(({ kind }) => kind))].join('+')}`;
}

describe.each([
  ['IPv4', 0],
  ['IPv6', 1],
] as const)('the learning pipeline, over %s', (_family, at) => {
  const flows = [
    observedFlow(PODS.products[at], PODS.salesDb[at], 5432, { applications: [{ protocol: 'postgresql', connections: 1 }] }),
    // what no manifest shows
    observedFlow(PODS.mailer[at], PODS.media[at], 8080),
    observedFlow(PODS.mailer[at], PODS.salesDb[at], 5432),
    observedFlow(PODS.mailer[at], '203.0.113.9', 25),
  ];

  function hours(pipeline: LearningPipeline, count: number): number {
    for (let hour = 0; hour < count; hour += 1) {
      const from = START + hour * HOUR;
      pipeline.acceptReport(flowReport('node-a', from, flows), from + 11_000);
      pipeline.acceptReport(flowReport('node-b', from, flows.slice(0, 3)), from + 11_000);
      settle(pipeline, from + 12_000);
    }
    const end = START + count * HOUR;
    settle(pipeline, end);
    return end;
  }

  it('has nothing of a workload but from the nodes its pods are on', () => {
    const pipeline = started();
    for (let hour = 0; hour < 3; hour += 1) {
      const from = START + hour * HOUR;
      const nobody = at === 0 ? '10.1.0.99' : '2001:db8:1::99';
      // sales-db is on node-b
      const report = flowReport('node-a', from, [observedFlow(nobody, PODS.salesDb[at], 5432), observedFlow(PODS.salesDb[at], nobody, 80), observedFlow(PODS.mailer[at], PODS.salesDb[at], 5432)]);
      pipeline.acceptReport({ ...report, overflowed: [{ pod: 'shop-data/sales-db-0', connections: 1_000 }] }, from + 11_000);
      settle(pipeline, from + 12_000);
    }
    settle(pipeline, START + 3 * HOUR);
    const coverage = pipeline.view?.reviews.get('shop-data/StatefulSet/sales-db')?.coverage;
    expect(coverage).toMatchObject({ buckets: 0, lowered: [] });
  });

  it('joins what is declared with what is seen', () => {
    const pipeline = started();
    hours(pipeline, 3);
    const graph = pipeline.view?.graph;
    expect(kinds(graph, 'products', 'sales-db')).toBe('5432 strong declared+observed');
    expect(kinds(graph, 'mailer', 'media')).toBe('8080 weak observed');
    expect(kinds(graph, 'payments', 'sales-db')).toBe('5432 strong declared');
    const products = graph?.relationships.find(({ from, port }) => typeof from !== 'string' && from.name === 'products' && port === 5432);
    expect(products?.evidence.find(({ kind }) => kind === 'observed')?.text).toMatch(/^6 connections, all answered; from 1 pod; first 2026-02-01 00:00 UTC, last 2026-02-01 02:00 UTC$/);
  });

  it('proposes with both kinds of evidence, and says what is undeclared and what was not exercised', () => {
    const pipeline = started();
    hours(pipeline, 30);
    const reviews = pipeline.view?.reviews;
    const rules = (key: string, direction: 'ingress' | 'egress'): readonly string[] => {
      const proposed = reviews?.get(key)?.proposal[direction];
      return proposed?.kind === 'closed' ? proposed.rules.map(({ why, evidence }) => `${[...new Set(evidence.map(({ kind }) => kind))].join('+')}: ${why}`) : [`open: ${proposed?.why}`];
    };
    expect(rules('shop-data/StatefulSet/sales-db', 'ingress')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^declared\+observed: .*products/), expect.stringMatching(/^declared: .*payments.*not exercised yet/), expect.stringMatching(/^observed: undeclared: shop\/Deployment\/mailer connects to it on 5432\/TCP/)]),
    );
    expect(reviews?.get('shop-data/StatefulSet/sales-db')?.coverage).toMatchObject({ buckets: 30 });
  });

  it('proposes nothing before every required source is in sync, and attributes what came meanwhile', () => {
    const pipeline = learningPipeline({ settleMs: 0, required: ['cluster', 'other'] });
    for (const update of [...shopUpdates(), ...cluster]) pipeline.accept(update);
    pipeline.setInSync('cluster', true);
    expect(pipeline.acceptReport(flowReport('node-a', START, flows), START + 11_000)).toBe(true);
    expect(pipeline.turn(START + 60_000, { flows: 100 })).toEqual({ reviews: [], isNew: false, rows: [], waitsFor: ['other'], hasMore: false });
    expect(pipeline.view).toBeUndefined();
    pipeline.setInSync('other', true);
    settle(pipeline, START + 120_000);
    expect(kinds(pipeline.view?.graph, 'mailer', 'media')).toBe('8080 weak observed');
    expect(pipeline.counts).toMatchObject({ reports: 1, records: 4, unattributed: { nobody: 0, several: 0 } });
    // a source that falls behind later on holds nothing up
    pipeline.setInSync('other', false);
    expect(pipeline.turn(START + 130_000, { flows: 100 }).waitsFor).toEqual([]);
  });

  it('attributes to who held the address then: a pod that is gone, and the one after it', () => {
    const pipeline = started();
    settle(pipeline, START);
    pipeline.accept({ ...podUpdate('shop/Deployment/mailer', 'mailer-1', 'node-a', PODS.mailer), value: undefined });
    settle(pipeline, START + 20_000);
    pipeline.accept(podUpdate('shop/Deployment/basket', 'basket-1', 'node-a', PODS.mailer));
    settle(pipeline, START + 25_000);
    pipeline.acceptReport(flowReport('node-a', START + 1_000, [flows[1]!]), START + 30_000);
    pipeline.acceptReport(flowReport('node-a', START + 21_000, [flows[1]!]), START + 40_000);
    settle(pipeline, START + 60_000);
    expect([kinds(pipeline.view?.graph, 'mailer', 'media'), kinds(pipeline.view?.graph, 'basket', 'media')]).toEqual(['8080 weak observed', '8080 weak observed']);
  });

  it('waits a moment with a report, for news of the pods in it', () => {
    const pipeline = started({ settleMs: 1_000 });
    settle(pipeline, START);
    pipeline.acceptReport(flowReport('node-a', START, [observedFlow('10.1.0.99', PODS.salesDb[at], 5432, at === 0 ? {} : { client: { address: '2001:db8:1::99' } })]), START + 10_000);
    expect(pipeline.turn(START + 10_500, { flows: 100 }).dueAt).toBe(START + 11_000);
    pipeline.accept(podUpdate('shop/Deployment/reviews', 'reviews-1', 'node-a', ['10.1.0.99', '2001:db8:1::99']));
    settle(pipeline, START + 11_000);
    expect(pipeline.counts.unattributed).toEqual({ nobody: 0, several: 0 });
  });

  it('takes what Hubble exports for what a node reports', () => {
    const pipeline = started();
    settle(pipeline, START);
    const hubble = new HubbleReports();
    const event = { time: '2026-02-01T00:00:03Z', verdict: 'FORWARDED', IP: { source: PODS.mailer[at], destination: PODS.media[at] }, l4: { TCP: { source_port: 40_000, destination_port: 8080, flags: { SYN: true } } }, Type: 'L3_L4', node_name: 'node-a' };
    hubble.line(JSON.stringify({ flow: event, node_name: 'node-a' }));
    const reports = hubble.take(START + 60_000);
    for (const each of [...reports, ...reports]) pipeline.acceptReport(each, START + 60_000);
    settle(pipeline, START + 60_000);
    expect(pipeline.counts).toMatchObject({ reports: 1, replayed: 1, connections: 1 });
    expect(kinds(pipeline.view?.graph, 'mailer', 'media')).toBe('8080 weak observed');
  });

  it('names policies of others that let a relationship through already, and takes none of its own for one', () => {
    const policy = (name: string, labels: Record<string, string>): SourceUpdate => ({
      ...manifest('NetworkPolicy', 'shop', name, { metadata: { labels }, spec: { podSelector: { matchLabels: { app: 'media' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'mailer' } } }] }] } }),
    });
    const asPolicy = (update: SourceUpdate): SourceUpdate => (update.value?.kind === 'manifest' ? { ...update, value: { ...update.value, apiVersion: 'networking.k8s.io/v1' } } : update);
    const pipeline = started();
    pipeline.accept(asPolicy(policy('old', {})));
    pipeline.accept(asPolicy(policy('ours', { 'app.kubernetes.io/managed-by': 'ringfence' })));
    hours(pipeline, 1);
    expect(kinds(pipeline.view?.graph, 'mailer', 'media')).toBe('8080 weak observed+permitted');
    expect(pipeline.view?.snapshot.policies.map(({ name }) => name)).toEqual(['NetworkPolicy shop/old']);
  });

  it('gives back what it knew from its rows', () => {
    const pipeline = started();
    const rows = new Map<string, EvidenceRow>();
    const keep = (all: readonly EvidenceRow[]): void => {
      for (const row of all) {
        if (row.value === undefined) rows.delete(row.key);
        else rows.set(row.key, row);
      }
    };
    for (const from of [START, START + HOUR, START + 2 * HOUR]) {
      pipeline.acceptReport(flowReport('node-a', from, flows), from + 11_000);
      for (const turn of settle(pipeline, from + 12_000)) keep(turn.rows);
    }
    keep(pipeline.allRows(START + 3 * HOUR));
    const again = learningPipeline({ settleMs: 0 });
    expect(again.restore(rows.values(), START + 3 * HOUR)).toBe(0);
    for (const update of [...shopUpdates(), ...cluster]) again.accept(update);
    again.setInSync('cluster', true);
    settle(again, START + 3 * HOUR);
    settle(pipeline, START + 3 * HOUR);
    expect(again.view?.observed).toEqual(pipeline.view?.observed);
    expect([...(again.view?.reviews ?? [])].map(([key, { hash }]) => [key, hash])).toEqual([...(pipeline.view?.reviews ?? [])].map(([key, { hash }]) => [key, hash]));
    expect(again.acceptReport(flowReport('node-a', START, flows), START + 3 * HOUR)).toBe(true);
    settle(again, START + 3 * HOUR + 10_000);
    expect(again.counts.records).toBe(0);
  });
});

describe('the work of the learning pipeline', () => {
  it('is done in stages, with reports taken in between, and seldom', () => {
    const pipeline = started({ workEveryMs: 2_000 });
    let now = START;
    const news: number[] = [];
    for (let step = 0; step < 600; step += 1) {
      now += 100;
      if (step % 50 === 0) pipeline.acceptReport(flowReport('node-a', now - 10_000, [observedFlow(PODS.mailer[0], PODS.media[0], 8080)]), now);
      if (pipeline.turn(now, { flows: 100 }).isNew) news.push(now - START);
    }
    expect(news.length).toBeGreaterThan(5);
    expect(news.length).toBeLessThan(25);
  });

  it('is no news while nothing but counts changes', () => {
    const pipeline = started();
    settle(pipeline, START);
    const first = settle(pipeline, START + 5_000);
    expect(first.every(({ isNew }) => !isNew)).toBe(true);
    const flows = [observedFlow(PODS.products[0], PODS.salesDb[0], 5432)];
    pipeline.acceptReport(flowReport('node-a', START, flows), START + 20_000);
    const seen = settle(pipeline, START + 20_000).flatMap(({ reviews }) => reviews.map(({ name }) => name));
    expect(seen).toEqual(expect.arrayContaining(['sales-db', 'products']));
    pipeline.acceptReport(flowReport('node-a', START + 20_000, flows), START + 60_000);
    expect(settle(pipeline, START + 60_000).flatMap(({ reviews }) => reviews)).toEqual([]);
  });

  it('holds back what it has no room for', () => {
    const pipeline = learningPipeline();
    const big = Array.from({ length: 100_000 }, () => observedFlow(PODS.products[0], PODS.salesDb[0], 5432));
    const taken = [0, 1, 2, 3, 4, 5, 6].map((at) => pipeline.acceptReport(flowReport('node-a', START + at * 10_000, big), START));
    expect(taken).toEqual([true, true, true, true, true, false, false]);
  });

  it('keeps secrets out of every row', () => {
    const pipeline = started();
    settle(pipeline, START);
    expect(JSON.stringify(pipeline.allRows(START))).not.toMatch(/password|s3cr3t/i);
  });
});
