import { describe, expect, it } from '@jest/globals';

import { hostKey, type ObservedPeer, observedPeerKey } from './index.ts';

const host = (text: string, addresses: readonly string[] = []): ObservedPeer => ({ kind: 'external', host: text, addresses });

describe('observedPeerKey', () => {
  it.each<[string, ObservedPeer, ObservedPeer]>([
    ['a name in capitals and with its dot', host('Pay.Example.com.'), host('pay.example.com')],
    ['more addresses of a name', host('pay.example.com', ['203.0.113.7']), host('pay.example.com', ['2001:db8::7'])],
    ['more workloads that share a node', { kind: 'node', node: 'n1', mayBe: [] }, { kind: 'node', node: 'n1', mayBe: [{ namespace: 'a', kind: 'DaemonSet', name: 'b' }] }],
  ])('is the same for %s', (_what, one, other) => {
    expect(observedPeerKey(one)).toBe(observedPeerKey(other));
  });

  it('is another for everybody else', () => {
    const peers: readonly ObservedPeer[] = [
      { kind: 'workload', workload: { namespace: 'shop', kind: 'Deployment', name: 'db' } },
      { kind: 'workload', workload: { namespace: 'shop', kind: 'StatefulSet', name: 'db' } },
      { kind: 'entity', entity: 'internet' },
      { kind: 'node', node: 'shop/db', mayBe: [] },
      { kind: 'service', service: 'shop/db' },
      host('shop.db'),
      host('203.0.113.7'),
      host('2001:db8::7'),
      host('203.0.0.0/16'),
      host('2001:db8::/32'),
    ];
    expect(new Set(peers.map(observedPeerKey)).size).toBe(peers.length);
  });
});

describe('hostKey', () => {
  it('leaves addresses and all but the last dot alone', () => {
    expect(['203.0.113.7', '2001:db8::7', 'a.b..'].map(hostKey)).toEqual(['203.0.113.7', '2001:db8::7', 'a.b.']);
  });
});
