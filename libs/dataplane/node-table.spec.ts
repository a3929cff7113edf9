import { beforeEach, describe, expect, it } from '@jest/globals';

import { GENERATIONS, type NodeBundle } from '#compilers/nftables';

import { bundleWith, makeBundle, makePod, makeProfile, peerAddress } from '../../test/support/node-bundles.ts';
import type { Commit } from './driver.ts';
import { FakeDriver } from './fake-driver.ts';
import { type ApplyReport, type Drift, NodeTable } from './node-table.ts';

const first = makeBundle({ pods: 4, peers: 10, profiles: 2 });

function later(change: Partial<NodeBundle>, hash = 'b2'): NodeBundle {
  return { ...first, revision: 2, hash, ...change };
}

describe('the table of a node', () => {
  let driver: FakeDriver;
  let cleared: (readonly number[])[];
  let table: NodeTable;
  beforeEach(() => {
    driver = new FakeDriver();
    cleared = [];
    table = new NodeTable({
      driver,
      sweep: {
        clear: (generations) => {
          cleared.push([...generations]);
          return 0;
        },
      },
    });
  });

  it('writes the first bundle whole, and reports what the kernel holds', () => {
    const report = table.apply(first);
    expect(report).toMatchObject({ kind: 'applied', how: 'replaced', revision: 1, hash: 'a1', generation: 1, isTightened: true });
    const inTable = [...(driver.readBack()?.sets.values() ?? [])].reduce((sum, { size }) => sum + size, 0);
    expect(inTable).toBeGreaterThan(30);
    expect(report).toHaveProperty('elements', inTable);
    expect(driver.readNote()).toEqual({ revision: 1, hash: 'a1', generation: 1 });
    expect(table.verify()).toEqual([]);
    expect(table.applied).toBe(first);
  });

  it.each<[string, Partial<NodeBundle>, boolean]>([
    ['nothing but its revision', {}, false],
    ['a pod more, inside the blocks of the node', { pods: [...first.pods, makePod(8, 2)] }, false],
    ['a peer more', { profiles: [makeProfile(0, ['10.128.0.0', '10.128.0.1', '10.128.0.2', '10.128.0.3', '10.128.0.4', '192.0.2.1']), first.profiles[1]!] }, false],
    ['a pod that is open now', { pods: first.pods.map(({ pod, addresses, ...rest }, at) => (at === 0 ? { pod, addresses } : { pod, addresses, ...rest })) }, false],
    ['a peer less', { profiles: [makeProfile(0, ['10.128.0.0']), first.profiles[1]!] }, true],
    ['a pod less', { pods: first.pods.slice(1) }, true],
    ['a pod that follows another profile', { pods: first.pods.map((pod) => ({ ...pod, ingress: 'i_app_0001' })), profiles: first.profiles }, true],
    ['a pod outside of the blocks of the node', { pods: [...first.pods, { ...makePod(8, 2), addresses: [peerAddress(5)] }], local4: [...first.local4, peerAddress(5).text] }, true],
    ['an address two pods claim', { contested: [peerAddress(8)] }, true],
    ['another block', { local4: ['10.64.0.0/13'] }, true],
  ])('judges connections again only where something is taken away: %s', (_what, change, isTightened) => {
    table.apply(first);
    expect(table.apply(later(change))).toMatchObject({ kind: 'applied', how: 'changed', isTightened, generation: isTightened ? 2 : 1 });
    expect(table.verify()).toEqual([]);
    expect(driver.readNote()).toEqual({ revision: 2, hash: 'b2', generation: isTightened ? 2 : 1 });
    const live = [...(driver.readBack()?.sets.get('live')?.keys() ?? [])];
    expect(live).toHaveLength(1);
    expect(table.apply(first)).toMatchObject({ kind: 'applied', how: 'changed' });
    expect(table.verify()).toEqual([]);
  });

  it('judges connections again where a rule that closes has a member more', () => {
    const closing = (elements: readonly string[]): NodeBundle['profiles'] => {
      const profile = makeProfile(0, elements);
      return [{ ...profile, admin: profile.namespaced.map((rule) => ({ ...rule, action: 'deny' as const })), namespaced: [] }];
    };
    const pods = [makePod(0, 1)];
    table.apply(bundleWith(pods, closing(['192.0.2.1'])));
    expect(table.apply(bundleWith(pods, closing(['192.0.2.1', '192.0.2.2']), 'b2'))).toMatchObject({ how: 'changed', isTightened: true });
    expect(table.apply(bundleWith(pods, closing(['192.0.2.2']), 'c3'))).toMatchObject({ how: 'changed', isTightened: true });
  });

  it('never takes a generation up again before it is off every connection', () => {
    table.apply(first);
    expect(cleared).toEqual([expect.arrayContaining([1])]);
    const seen = [table.generation];
    for (let at = 0; at < 3 * GENERATIONS; at += 1) {
      table.apply(later({ pods: first.pods.map((pod) => ({ ...pod, ingress: `i_app_000${String(at % 2)}` })) }, `h${String(at)}`));
      seen.push(table.generation);
    }
    const again = seen.map((generation, at) => seen.slice(0, at).lastIndexOf(generation)).map((before, at) => ({ before, at })).filter(({ before }) => before >= 0);
    expect(again.length).toBeGreaterThan(GENERATIONS);
    for (const { before, at } of again) expect(at - before).toBe(GENERATIONS);
    // the ones in between were cleared while they were out of use
    expect(cleared.length).toBeGreaterThanOrEqual(3);
    for (const generations of cleared) expect(generations.length).toBeLessThanOrEqual(GENERATIONS);
  });

  it('prepares the next generations ahead of time', () => {
    table.apply(first);
    table.apply(later({ pods: first.pods.slice(1) }));
    const before = cleared.length;
    table.prepare();
    table.apply(later({ pods: first.pods.slice(2) }, 'c3'));
    expect(cleared.length).toBe(before);
  });

  it('writes the whole table anew where the kernel is out of step', () => {
    table.apply(first);
    driver.takeElementByOther('in4', '10.64.1.0', 'nft');
    expect(table.apply(later({ pods: first.pods.slice(1) }))).toMatchObject({ kind: 'applied', how: 'replaced' });
    expect(table.verify()).toEqual([]);
  });

  it('remembers nothing of what the kernel refused', () => {
    table.apply(first);
    const refusing = new (class extends FakeDriver {
      override update(): Commit {
        return { kind: 'refused', code: 'too much', why: 'send: ENOBUFS', diagnostics: [] };
      }
    })();
    const other = new NodeTable({ driver: refusing });
    other.apply(first);
    expect(other.apply(later({}))).toEqual({ kind: 'failed', revision: 2, hash: 'b2', code: 'too much', why: 'send: ENOBUFS', diagnostics: [] });
    expect(other.applied).toBeUndefined();
    expect(refusing.readNote()).toMatchObject({ hash: 'a1' });
    expect(other.apply(later({}))).toMatchObject({ kind: 'applied', how: 'replaced' });
  });

  it('fails, and changes nothing, where a bundle cannot be written', () => {
    table.apply(first);
    expect(table.apply(later({ hash: 'no hash' }))).toMatchObject({ kind: 'failed' });
    expect(driver.readNote()).toMatchObject({ hash: 'a1' });
  });

  it('takes up what an earlier process left, if it is exactly that', () => {
    table.apply(first);
    const next = new NodeTable({ driver });
    expect(next.reuse(later({}))).toBe(false);
    expect(next.reuse(first)).toBe(true);
    expect(next.apply(later({ pods: first.pods.slice(1) }))).toMatchObject({ how: 'changed', generation: 2 });
    driver.takeElementByOther('in4', '10.64.1.1', 'nft');
    expect(new NodeTable({ driver }).reuse(later({ pods: first.pods.slice(1) }))).toBe(false);
  });

  it('goes on to another generation than the one it found, where it cannot take the table up', () => {
    table.apply(first);
    const next = new NodeTable({ driver });
    expect(next.apply(first)).toMatchObject({ how: 'replaced', generation: 2 });
  });

  it('undoes what somebody else did, and says who and what', () => {
    table.apply(first);
    const drifts: Drift[] = [];
    const watch = table.heal((drift) => drifts.push(drift));
    driver.flushByOther('firewalld');
    expect(drifts).toMatchObject([
      { change: { what: ['deleted the table'], process: 'firewalld' }, differences: ['the table is not there'], healed: { kind: 'applied', how: 'replaced', generation: 2 } satisfies Partial<ApplyReport> },
    ]);
    driver.takeElementByOther('in4', '10.64.1.0', 'nft');
    expect(drifts[1]).toMatchObject({ differences: [expect.stringContaining('set in4')], healed: { how: 'replaced' } });
    expect(table.verify()).toEqual([]);
    watch.stop();
    driver.flushByOther('nft');
    expect(drifts).toHaveLength(2);
  });
});
