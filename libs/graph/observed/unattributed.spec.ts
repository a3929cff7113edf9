import { describe, expect, it } from '@jest/globals';

import type { AttributedFlow, FlowParty } from '#model';

import { flow, HOUR, report, START } from '../../../test/support/observed.ts';
import { ref } from '../../../test/support/worlds.ts';

import { ObservedHistory } from './observed-history.ts';

const web = 'shop/Deployment/web';
const db = 'shop/StatefulSet/db';
const agent = ref('kube-system/DaemonSet/agent');
const probe = ref('kube-system/DaemonSet/probe');

function historyOf(...reports: readonly (readonly [reporter: string, ...flows: readonly AttributedFlow[]])[]): ObservedHistory {
  const history = new ObservedHistory();
  reports.forEach(([reporter, ...flows], at) => {
    history.accept(report(flows, { reporter, from: START + at * 60_000 }), START + HOUR);
  });
  return history;
}

const on = (node: string, ...mayBe: readonly ReturnType<typeof ref>[]): FlowParty => ({ kind: 'node', node, mayBe });

describe('the list of ends that are not one workload’s', () => {
  it.each(['10.1.0.7', '2001:db8:1::7'])('has %s with who held it, when it was seen, who told of it and who was at the other end', (address) => {
    const held: FlowParty = { kind: 'unattributed', address, why: 'several held it', holders: ['pod shop/b', 'pod shop/a'] };
    const history = historyOf(['node-b', { ...flow(web, db, 80), server: held }], ['node-a', { ...flow(db, db, 80), client: held, connections: 4 }]);
    expect(history.unattributed()).toEqual([
      { kind: 'address', name: address, why: 'several held it', mayBe: ['pod shop/a', 'pod shop/b'], connections: 7, firstSeen: START, lastSeen: START + 70_000, reporters: ['node-a', 'node-b'], others: [web, db] },
    ]);
    expect(history.counts.unattributed).toEqual({ nobody: 0, several: 7 });
  });

  it('tells one address that nobody held from the same that several held at another time', () => {
    const as = (why: 'nobody held it' | 'several held it'): AttributedFlow => ({ ...flow(web, db, 80), server: { kind: 'unattributed', address: '10.1.0.7', why, holders: [] } });
    expect(historyOf(['n', as('nobody held it')], ['n', as('several held it')]).unattributed().map(({ why }) => why)).toEqual(['nobody held it', 'several held it']);
  });

  it('has whose sender was forged, which is evidence of nothing', () => {
    const history = historyOf(['n', { ...flow(web, db, 80, { verdict: 'spoofed' }), client: { kind: 'unattributed', address: '10.1.0.9', why: 'its sender was forged', holders: [] } }]);
    expect(history.unattributed()).toMatchObject([{ name: '10.1.0.9', why: 'its sender was forged', others: [db] }]);
    expect([history.relationships(), history.counts.unattributed]).toEqual([[], { nobody: 0, several: 0 }]);
  });

  it('has an address of a node with every workload on its network, and takes none of them for it', () => {
    const history = historyOf(['node-a', { ...flow(web, db, 9_100), server: on('node-a', agent, probe) }, { ...flow(web, db, 8_080), client: on('node-a', agent, probe) }]);
    expect(history.unattributed()).toEqual([
      { kind: 'node', name: 'node-a', why: 'shared by a node', mayBe: ['kube-system/DaemonSet/agent', 'kube-system/DaemonSet/probe'], connections: 6, firstSeen: START, lastSeen: START + 10_000, reporters: ['node-a'], others: [web, db] },
    ]);
    expect(history.evidence().workloads.has('kube-system/DaemonSet/agent')).toBe(false);
    expect(history.counts.onNodes).toBe(6);
  });

  it('says of a node how much it only translated, and for whom is known', () => {
    const through = flow(web, db, 5432, { seenAt: 'client', isMasqueraded: true, service: 'shop/db', connections: 4 });
    const there = { ...flow(web, db, 5432, { seenAt: 'server', connections: 6 }), client: on('node-a', agent) };
    expect(historyOf(['node-a', through], ['node-b', there]).unattributed().map(({ name, why, connections }) => [name, why, connections])).toEqual([
      ['node-a', 'shared by a node', 2],
      ['node-a', 'translated by a node', 4],
    ]);
  });

  it('says of a node that reports nothing that it may stand for others, and lists none that reports and shares its address with nobody', () => {
    const from = (node: string): AttributedFlow => ({ ...flow(web, db, 5432, { seenAt: 'server' }), client: on(node) });
    expect(historyOf(['node-b', from('node-a'), from('node-b')]).unattributed()).toMatchObject([{ name: 'node-a', why: 'a node that does not report', mayBe: [], connections: 3 }]);
  });

  it('has Services nobody translated', () => {
    expect(historyOf(['n', flow(web, 'Service shop/db', 5432)]).unattributed()).toMatchObject([{ kind: 'service', name: 'shop/db', why: 'a Service nobody translated', connections: 3, others: [web] }]);
  });

  it('keeps those seen last of too many, and counts all', () => {
    const history = new ObservedHistory();
    const address = (at: number): string => `10.${String(9 + (at >> 16))}.${String((at >> 8) & 255)}.${String(at & 255)}`;
    for (let at = 0; at < 2_500; at += 1) history.accept(report([flow(web, `? ${address(at)}`, 80), flow(web, `? ${address(0)}`, 80)], { from: START + at * 1_000, to: START + at * 1_000 + 999 }), START + HOUR);
    const names = new Set(history.unattributed().map(({ name }) => name));
    expect([names.size, names.has(address(0)), names.has(address(1)), names.has(address(2_499))]).toEqual([2_000, true, false, true]);
    expect(history.counts.unattributed.nobody).toBe(15_000);
  });
});
