import { describe, expect, it } from '@jest/globals';

import type { Manifest, SourceUpdate } from '#model';

import { updatesFromYaml } from '../../test/support/manifests.ts';

import { Inventory, snapshotOf } from './inventory.ts';

const base = updatesFromYaml(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}}
`).updates;

interface PodFields {
  readonly owner?: string;
  readonly ip?: string;
  readonly phase?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly source?: string;
}

function pod(name: string, { owner = 'ReplicaSet/web-1', ip = '192.0.2.1', phase = 'Running', labels = {}, source = 'test' }: PodFields = {}): SourceUpdate {
  const [kind = '', ownerName = ''] = owner.split('/');
  const ownerReferences = owner === '' ? [] : [{ kind, name: ownerName, controller: true }];
  const body = { metadata: { name, namespace: 'shop', labels, ownerReferences }, spec: { containers: [{ name: 'c' }] }, status: { phase, podIP: ip } };
  const value: Manifest = { kind: 'manifest', apiVersion: 'v1', objectKind: 'Pod', namespace: 'shop', name, body, origin: { file: 'x.yaml', line: 1 } };
  return { source, key: `/Pod/shop/${name}`, value };
}

function slice(name: string, ips: readonly string[], service = 'web'): SourceUpdate {
  const body = { metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': service } }, addressType: 'IPv4', endpoints: ips.map((ip) => ({ addresses: [ip] })), ports: [{ port: 8080 }] };
  const value: Manifest = { kind: 'manifest', apiVersion: 'discovery.k8s.io/v1', objectKind: 'EndpointSlice', namespace: 'shop', name, body, origin: { file: 'x.yaml', line: 1 } };
  return { source: 'test', key: `/EndpointSlice/shop/${name}`, value };
}

function gone(update: SourceUpdate): SourceUpdate {
  return { ...update, value: undefined };
}

function start(...pods: readonly SourceUpdate[]): Inventory {
  const inventory = new Inventory();
  for (const update of [...base, ...pods]) inventory.accept(update);
  inventory.snapshot();
  return inventory;
}

/** Sharing the services with the snapshot before tells that nothing else was put together again. */
function isPatched(inventory: Inventory, ...updates: readonly SourceUpdate[]): boolean {
  const before = inventory.snapshot();
  for (const update of updates) inventory.accept(update);
  return inventory.snapshot().services === before.services;
}

describe('a change of single pods', () => {
  const a = pod('a');
  const listed = slice('web-x', ['192.0.2.1']);
  it.each([
    ['comes', [pod('b', { ip: '192.0.2.2' })], true],
    ['goes', [gone(a)], true],
    ['gets other labels', [pod('a', { labels: { x: 'y' } })], true],
    ['gets another address', [pod('a', { ip: '192.0.2.9' })], true],
    ['hands its address on', [pod('a', { phase: 'Succeeded' }), pod('b')], true],
    ['shares an address', [pod('b')], false],
    ['belongs to nothing that is there', [pod('b', { owner: 'StatefulSet/s', ip: '192.0.2.2' })], false],
    ['is known from another source', [pod('a', { source: 'other' })], false],
    ['is listed elsewhere now', [pod('b', { ip: '192.0.2.2' }), slice('web-x', ['192.0.2.1', '192.0.2.2'])], true],
    ['leaves a list that belongs to another Service now', [gone(a), slice('web-x', [], 'other')], true],
    ['is listed for the first time', [slice('web-y', ['192.0.2.1'])], false],
    ['is listed no more', [gone(listed)], false],
    ['is listed wrongly', [slice('web-x', ['nonsense'])], false],
    ['is broken', [pod('b', { ip: 'nonsense' })], false],
  ])('is cheap where it can be: a pod that %s', (_name, updates, expected) => {
    const inventory = start(a, listed);
    expect(isPatched(inventory, ...updates)).toBe(expected);
    const last = new Map([...base, a, listed, ...updates].map((update) => [`${update.source} ${update.key}`, update]));
    expect([...inventory.snapshot().pods]).toEqual([...snapshotOf(last.values()).pods]);
    expect(inventory.snapshot()).toEqual(snapshotOf(last.values()));
  });

  it('leaves the pod of the other source when one of two is gone', () => {
    const twin = pod('a', { source: 'other', labels: { from: 'other' } });
    for (const removed of [a, twin]) {
      const inventory = start(a, twin);
      inventory.accept(gone(removed));
      expect(inventory.snapshot()).toEqual(snapshotOf([...base, removed === a ? twin : a]));
    }
  });

  it('ends where starting afresh ends, through a long walk', () => {
    const inventory = start();
    const present = new Map<string, SourceUpdate>(base.map((update) => [update.key, update]));
    let state = 7;
    const draw = (count: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return (state >>> 8) % count;
    };
    for (let step = 0; step < 600; step += 1) {
      const owner = ['ReplicaSet/web-1', 'ReplicaSet/web-1', 'ReplicaSet/web-1', 'StatefulSet/db', ''][draw(5)] ?? '';
      const update = pod(`p${draw(8)}`, { owner, ip: `192.0.2.${draw(12)}`, phase: draw(4) === 0 ? 'Failed' : 'Running', labels: { v: String(draw(3)) } });
      const said = draw(3) === 0 ? gone(update) : draw(3) === 0 ? slice(`s${String(draw(3))}`, [`192.0.2.${String(draw(12))}`]) : update;
      if (said.value === undefined) present.delete(said.key);
      else present.set(said.key, said);
      inventory.accept(said);
      if (draw(3) === 0) continue;
      const expected = snapshotOf(present.values());
      expect(inventory.snapshot()).toEqual(expected);
      expect([...inventory.snapshot().pods.keys()]).toEqual([...expected.pods.keys()]);
    }
  });
});
