import { describe, expect, it } from '@jest/globals';

import type { ServiceGraph } from '#model';

import { flow, HOUR, report, START } from '../../../test/support/observed.ts';
import { graph, node, ref, relationship, service, workload, world } from '../../../test/support/worlds.ts';

import { joinObserved } from './join-observed.ts';
import { ObservedHistory } from './observed-history.ts';
import { timeText } from './time-text.ts';

const web = 'shop/Deployment/web';
const db = 'shop/StatefulSet/db';
const cache = 'shop/Deployment/cache';
const exporter = 'ops/DaemonSet/exporter';

const snapshot = world({
  nodes: [node('node-a', ['192.0.2.11', '2001:db8:a::11'])],
  workloads: [workload(web, { ports: ['8080'] }), workload(db, { ports: ['5432'] }), workload(cache, { ports: ['6379'] }), workload(exporter, { ports: ['9100'], hostNetwork: true })],
  services: [service('shop/cache', { selector: { app: 'cache' }, ports: [{ port: 6380, targetPort: 6379, nodePort: 30_079 }] })],
});
const declared = graph(snapshot, {
  relationships: [
    relationship(web, db, 5432),
    relationship(web, cache, 6379, { tier: 'weak', confidence: 0.4 }),
    relationship(web, 'internet', 443, { host: 'api.example.com' }),
    relationship(db, cache, null, { isPortGuessed: true, confidence: 0.8 }),
  ],
});

function joined(...flows: readonly Parameters<typeof flow>[]): ServiceGraph {
  const history = new ObservedHistory();
  history.accept(report(flows.map((each) => flow(...each))), START + HOUR);
  return joinObserved(declared, history.relationships(), snapshot);
}

function lines({ relationships }: ServiceGraph): readonly string[] {
  return relationships
    .filter(({ evidence }) => evidence.some(({ kind }) => kind === 'observed'))
    .map(({ from, to, port, host, tier, evidence }) => {
      const name = (peer: typeof from): string => (typeof peer === 'string' ? peer : peer.name);
      return `${name(from)} -> ${host ?? name(to)} ${port} ${tier}: ${[...new Set(evidence.map(({ kind }) => kind))].join('+')}`;
    });
}

describe('a graph with what was observed', () => {
  it('is what it was where nothing was', () => {
    expect(joined()).toEqual({ ...declared, relationships: expect.arrayContaining([...declared.relationships]) });
  });

  it('has one relationship where metadata and flows agree, and is sure of it', () => {
    const { relationships } = joined([web, db, 5432, { applications: [{ protocol: 'postgresql', connections: 1 }] }]);
    expect(relationships).toHaveLength(declared.relationships.length);
    expect(relationships.find(({ port }) => port === 5432)).toMatchObject({
      tier: 'strong',
      confidence: 0.98,
      application: 'postgresql',
      evidence: [
        { kind: 'declared' },
        { kind: 'observed', source: 'flows', where: 'flow reports of node-a', text: '3 connections, all answered; from 1 pod; first 2026-02-01 00:00 UTC, last 2026-02-01 00:00 UTC' },
      ],
    });
  });

  it('makes strong what was only hinted at', () => {
    expect(lines(joined([web, cache, 6379]))).toEqual(['web -> cache 6379 strong: declared+observed']);
  });

  it('leaves what nothing declares weak', () => {
    expect(lines(joined([web, db, 9187], [cache, '203.0.113.7', 443], ['203.0.113.8', web, 8080], ['2001:db8:f::1', web, 8080]))).toEqual([
      'internet -> web 8080 weak: observed',
      'cache -> 203.0.113.7 443 weak: observed',
      'web -> db 9187 weak: observed',
    ]);
  });

  it.each([
    ['was refused', { verdict: 'denied' }],
    ['was not answered', { replied: 0 }],
  ] as const)('is no surer of what %s', (_what, fields) => {
    expect(joined([web, cache, 6379, fields]).relationships.find(({ port }) => port === 6379)).toMatchObject({ tier: 'weak', confidence: 0.4, evidence: [{ kind: 'declared' }, { kind: 'observed' }] });
  });

  it('knows a host by its name, however it is written', () => {
    expect(lines(joined([web, 'api.example.com=203.0.113.7', 443]))).toEqual(['web -> api.example.com 443 strong: declared+observed']);
  });

  it('takes a port that was seen for the one that was guessed', () => {
    expect(lines(joined([db, cache, 6379]))).toEqual(['db -> cache 6379 strong: declared+observed']);
  });

  it.each([
    ['a Service nobody translated', 'Service shop/cache', 6380, 'db -> cache 6379 strong: declared+observed'],
    ['a node port', 'node node-a', 30_079, 'db -> cache 6379 strong: declared+observed'],
  ])('leads through %s to the workload behind', (_what, to, port, expected) => {
    expect(lines(joined([db, to, port]))).toEqual([expected]);
  });

  it('says who else an address of a node may be', () => {
    const shared = { kind: 'node', node: 'node-a', mayBe: [ref(exporter)] } as const;
    const server = joined([web, 'node node-a', 9_100, { server: shared }], [web, 'node node-a', 10_250, { server: shared }], ['node node-a', db, 5432, { client: shared }]);
    expect(lines(server)).toEqual(['kubelet -> db 5432 weak: observed', 'web -> kubelet 10250 weak: observed', 'web -> exporter 9100 weak: observed']);
    expect(server.relationships.flatMap(({ evidence }) => evidence).map(({ text }) => text.split('UTC; ')[1] ?? '').filter((text) => text !== '')).toEqual([
      'from the address of node node-a, which is shared by DaemonSet exporter',
      'at the address of node node-a',
      'at the address of node node-a, which is shared by DaemonSet exporter; this port is what DaemonSet exporter declares',
    ]);
  });

  it('names the policies that let it through already', () => {
    const history = new ObservedHistory();
    history.accept(report([flow(web, db, 5432)]), START);
    const { relationships } = joinObserved(declared, history.relationships(), snapshot, ({ port }) => (port === 5432 ? ['NetworkPolicy shop/db'] : []));
    expect(relationships.find(({ port }) => port === 5432)?.evidence.at(-1)).toEqual({ kind: 'permitted', source: 'policy', where: 'NetworkPolicy shop/db', text: 'NetworkPolicy shop/db lets it through already' });
    expect(relationships.filter(({ evidence }) => evidence.some(({ kind }) => kind === 'permitted'))).toHaveLength(1);
  });
});

describe('a moment in words', () => {
  it.each([0, 951_782_400_000, 1_709_164_740_000, 1_735_689_599_999, 1_769_904_000_000, 4_102_444_800_000, -1])('of %d is what the calendar says', (ms) => {
    expect(timeText(ms)).toBe(`${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`);
  });
});
