import { describe, expect, it } from '@jest/globals';

import type { DispatchEntry, NodeBundle } from '#compilers/nftables';
import type { ConnectionFate } from '#model';

import { bundleWith, makePod, makeProfile, podAddress, profileName } from '../../test/support/node-bundles.ts';
import { type Kept, keptAfter, lasting, NOTHING_KEPT } from './kept-connections.ts';

const NOW = 1_000_000;
const pod = makePod(0, 2);
const stricter = { ...pod, ingress: profileName(1) };
const none = { addresses: [] };

function bundle(...pods: readonly DispatchEntry[]): NodeBundle {
  return bundleWith(pods, [makeProfile(0, ['192.0.2.1']), makeProfile(1, [])]);
}

function kept(before: NodeBundle | undefined, after: NodeBundle, { fate, earlier = NOTHING_KEPT, now = NOW }: { readonly fate?: ConnectionFate; readonly earlier?: Kept; readonly now?: number } = {}): readonly string[] {
  const found = keptAfter(earlier, before, after, { addresses: [], ...(fate === undefined ? {} : { fate }) }, now);
  return [...found.values()].map(({ address, until }) => `${address.text} ${until === undefined ? 'for good' : String(until - now)}`);
}

const [four, six] = [podAddress(4, 0).text, podAddress(6, 0).text];

describe('whose connections stay', () => {
  it('are nobody\'s unless somebody says so', () => {
    expect(kept(bundle(pod), bundle(stricter))).toEqual([]);
    expect(keptAfter(NOTHING_KEPT, bundle(pod), bundle(stricter), none, NOW)).toBe(NOTHING_KEPT);
  });

  it.each<[string, DispatchEntry, DispatchEntry, readonly string[]]>([
    ['a pod whose rules are others', pod, { ...stricter, fate: { kind: 'keep' } }, [`${four} for good`, `${six} for good`]],
    ['one that drains', pod, { ...stricter, fate: { kind: 'drain', seconds: 30 } }, [`${four} 30000`, `${six} 30000`]],
    ['one that is enforced from now on', { ...pod, ingressMode: 'audit' }, { ...pod, fate: { kind: 'keep' } }, [`${four} for good`, `${six} for good`]],
    ['not one whose rules are the same', pod, { ...pod, fate: { kind: 'keep' } }, []],
    ['not one that has the address of another', { ...pod, pod: 'team/former' }, { ...stricter, fate: { kind: 'keep' } }, []],
    ['only the addresses it had before', { ...pod, addresses: [podAddress(4, 0)] }, { ...stricter, fate: { kind: 'keep' } }, [`${four} for good`]],
  ])('belong to %s', (_what, before, after, expected) => {
    expect(kept(bundle(before), bundle(after))).toEqual(expected);
  });

  it('follow what is said of all where a pod says nothing itself', () => {
    const other = makePod(1, 2);
    const after = bundle(stricter, { ...other, ingress: profileName(0), fate: { kind: 'cut' } });
    expect(kept(bundle(pod, other), after, { fate: { kind: 'drain', seconds: 5 } })).toEqual([`${four} 5000`, `${six} 5000`]);
  });

  it('go on to the time they were given, whatever changes meanwhile, and end with the pod', () => {
    const draining = bundle({ ...stricter, fate: { kind: 'drain', seconds: 30 } });
    const earlier = keptAfter(NOTHING_KEPT, bundle(pod), draining, none, NOW);
    expect(kept(draining, { ...draining, contested: [podAddress(4, 9)] }, { earlier, now: NOW + 20_000 })).toEqual([`${four} 10000`, `${six} 10000`]);
    expect(kept(draining, draining, { earlier, now: NOW + 30_000 })).toEqual([]);
    expect(kept(draining, bundle({ ...stricter, fate: { kind: 'cut' } }), { earlier })).toEqual([]);
    expect(kept(draining, bundle({ ...stricter, pod: 'team/heir', fate: { kind: 'drain', seconds: 30 } }), { earlier })).toEqual([]);
    expect(kept(draining, bundle(), { earlier })).toEqual([]);
  });

  it('belong to the node itself as to a pod', () => {
    const host = { addresses: [podAddress(4, 9)], ingress: profileName(0) };
    expect(kept({ ...bundle(), host }, { ...bundle(), host: { ...host, ingress: profileName(1), fate: { kind: 'keep' } } })).toEqual([`${podAddress(4, 9).text} for good`]);
  });

  it('last for whole seconds, never longer than they were meant to', () => {
    const found = keptAfter(NOTHING_KEPT, bundle(pod), bundle({ ...stricter, fate: { kind: 'drain', seconds: 3 } }), none, NOW);
    expect(lasting(found, NOW + 500).map(({ forSeconds }) => forSeconds)).toEqual([2, 2]);
    expect(lasting(found, NOW + 2_500)).toEqual([]);
  });
});
