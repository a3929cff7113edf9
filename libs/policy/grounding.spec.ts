import { describe, expect, it } from '@jest/globals';

import { blockContains, createGrounder, groundPeer, publicInternet } from '#policy';
import { type Entity, EVERYTHING, parsePrefix, type Peer, selectorFromLabels } from '#model';
import { pod } from '../../test/support/policies.ts';
import { PeerMatcher } from './peer-matching.ts';
import { PartyFinder } from './party.ts';
import { address, namespace, node, ref, world } from '../../test/support/worlds.ts';

const cluster = world({
  namespaces: [namespace('shop', { team: 'a' }), namespace('data', { team: 'b' })],
  nodes: [node('n1', ['192.0.2.1', '2001:db8::1'], { os: 'linux' })],
  pods: [
    pod('shop/web', ['10.0.0.1', '2a00:1::1'], { labels: { app: 'web' } }),
    pod('data/web', ['10.0.0.2'], { labels: { app: 'web' } }),
    pod('shop/agent', ['192.0.2.1'], { labels: { app: 'web' }, hostNetwork: true }),
    pod('shop/job', ['10.0.0.1'], { labels: { app: 'web' }, phase: 'finished' }),
    pod('mon/prom', ['11.22.33.44'], { labels: { app: 'prom' } }),
  ],
});

function podsOf(peer: Peer): readonly string[] {
  return groundPeer(peer, cluster).pods.map(({ namespace: space, name }) => `${space}/${name}`);
}

function isIn(peer: Peer, text: string): boolean {
  return groundPeer(peer, cluster).blocks.some((block) => blockContains(block, address(text)));
}

describe('pods', () => {
  it.each<readonly [string, Peer, readonly string[]]>([
    ['by label in every namespace, without host-network and finished ones', { kind: 'pods', namespaces: { kind: 'selector', selector: EVERYTHING }, pods: selectorFromLabels({ app: 'web' }) }, ['data/web', 'shop/web']],
    ['in a namespace by name', { kind: 'pods', namespaces: { kind: 'name', name: 'shop' }, pods: EVERYTHING }, ['shop/web']],
    ['in a namespace by label', { kind: 'pods', namespaces: { kind: 'selector', selector: selectorFromLabels({ team: 'b' }) }, pods: EVERYTHING }, ['data/web']],
    ['whose namespace is not in the input, by its name', { kind: 'pods', namespaces: { kind: 'selector', selector: selectorFromLabels({ 'kubernetes.io/metadata.name': 'mon' }) }, pods: EVERYTHING }, ['mon/prom']],
    ['whose namespace may lack a label are not sure, and not meant', { kind: 'pods', namespaces: { kind: 'selector', selector: { requirements: [{ key: 'team', operator: 'DoesNotExist', values: [] }] } }, pods: EVERYTHING }, []],
    ['of a workload', { kind: 'workload', workload: ref('data/Pod/web') }, ['data/web']],
    ['of a workload that is not there', { kind: 'workload', workload: ref('data/Deployment/gone') }, []],
  ])('%s', (_why, peer, expected) => {
    expect(podsOf(peer)).toEqual(expected);
  });

  it('the subject is read alike', () => {
    const subject = { kind: 'pods', namespaces: { kind: 'selector', selector: EVERYTHING }, pods: EVERYTHING } as const;
    expect(createGrounder(cluster).podsOf(subject).map(({ name }) => name)).toEqual(['web', 'prom', 'web']);
  });
});

describe('addresses', () => {
  const internet: Peer = { kind: 'entity', entity: 'internet' };
  const host: Peer = { kind: 'host', host: 'api.example.com' };
  it.each<readonly [string, Peer, string, boolean]>([
    ['a public address is the internet', internet, '203.0.113.7', true],
    ['a public IPv6 address is', internet, '2001:db8:9::7', true],
    ['a private one is not', internet, '10.1.2.3', false],
    ['nor the rest of RFC 1918', internet, '172.31.255.255', false],
    ['nor carrier-grade NAT', internet, '100.100.0.1', false],
    ['nor cloud metadata', internet, '169.254.169.254', false],
    ['nor its IPv6 twin', internet, 'fd00:ec2::254', false],
    ['nor loopback', internet, '127.0.0.53', false],
    ['nor multicast', internet, '239.1.1.1', false],
    ['nor broadcast', internet, '255.255.255.255', false],
    ['nor link-local IPv6', internet, 'fe80::1', false],
    ['nor unique local IPv6', internet, 'fd12::1', false],
    ['nor 6to4, which embeds private addresses', internet, '2002:a00:1::1', false],
    ['the IPv4 internet behind NAT64 is', internet, '64:ff9b::cb00:7107', true],
    ['a private network behind NAT64 is not', internet, '64:ff9b::a00:1', false],
    ['a pod on a public address is not', internet, '11.22.33.44', false],
    ['its neighbour is', internet, '11.22.33.45', true],
    ['the network of a pod on a public IPv6 address is not', internet, '2a00:1::99', false],
    ['a node on a public address is not', internet, '192.0.2.1', false],
    ['a name outside may be anywhere on the internet', host, '203.0.113.7', true],
    ['but nowhere else', host, '10.1.2.3', false],
    ['a name that is an address is that address', { kind: 'host', host: '10.1.2.3' }, '10.1.2.3', true],
    ['and no other', { kind: 'host', host: '10.1.2.3' }, '203.0.113.7', false],
    ['a name an imported policy says is never widened', { ...host, isExact: true }, '203.0.113.7', false],
    ['any is everything', { kind: 'entity', entity: 'any' }, 'fe80::1', true],
    ['nodes by label', { kind: 'nodes', nodes: selectorFromLabels({ os: 'linux' }) }, '2001:db8::1', true],
    ['no other nodes', { kind: 'nodes', nodes: selectorFromLabels({ os: 'windows' }) }, '192.0.2.1', false],
  ])('%s', (_why, peer, text, expected) => {
    expect(isIn(peer, text)).toBe(expected);
  });

  it.each<Entity>(['kube-apiserver', 'kubelet', 'prometheus', 'coredns', 'gateway', 'ingress-controller', 'kube-scheduler', 'kube-controller-manager'])('%s has to be lowered by whoever knows the cluster', (entity) => {
    expect(groundPeer({ kind: 'entity', entity }, cluster)).toEqual({ pods: [], blocks: [] });
  });

  it('pod blocks of nodes are no internet', () => {
    const own = world({ nodes: [{ ...node('n1', []), podCidrs: ['44.0.0.0/16', 'nonsense'] }] });
    expect(publicInternet(own)[0]?.except.map(({ text }) => text)).toContain('44.0.0.0/16');
  });

  it('exceptions stay sorted and none lies in another', () => {
    const except = publicInternet(world({ nodes: [{ ...node('n1', ['44.0.0.1']), podCidrs: ['44.0.0.0/16'] }] }))[0]?.except ?? [];
    expect(except.map(({ text }) => text).filter((text) => text.startsWith('44.'))).toEqual(['44.0.0.0/16']);
    expect(except.every((hole, index) => index === 0 || (except[index - 1]?.first ?? 0n) < hole.first)).toBe(true);
  });

  it('a block keeps its exceptions', () => {
    const cidr = parsePrefix('10.0.0.0/8');
    const hole = parsePrefix('10.1.0.0/16');
    if (cidr === undefined || hole === undefined) throw new Error('read prefixes');
    expect(groundPeer({ kind: 'cidr', cidr, except: [hole] }, cluster)).toEqual({ pods: [], blocks: [{ cidr, except: [hole] }] });
  });
});

describe('a peer lowered and a peer matched mean the same', () => {
  const cidr = parsePrefix('10.0.0.0/31');
  if (cidr === undefined) throw new Error('read a prefix');
  const selectors = [EVERYTHING, selectorFromLabels({ app: 'web' }), selectorFromLabels({ team: 'a' }), selectorFromLabels({ 'kubernetes.io/metadata.name': 'mon' })];
  const peers: readonly Peer[] = [
    ...selectors.flatMap((selector) => selectors.map((pods): Peer => ({ kind: 'pods', namespaces: { kind: 'selector', selector }, pods }))),
    ...selectors.map((pods): Peer => ({ kind: 'pods', namespaces: { kind: 'name', name: 'shop' }, pods })),
    { kind: 'workload', workload: ref('shop/Pod/web') },
    { kind: 'cidr', cidr, except: [] },
    { kind: 'nodes', nodes: selectorFromLabels({ os: 'linux' }) },
    { kind: 'host', host: 'api.example.com' },
    { kind: 'host', host: '10.0.0.2' },
    { kind: 'entity', entity: 'any' },
    { kind: 'entity', entity: 'internet' },
    { kind: 'entity', entity: 'gateway' },
  ];
  const outside = ['203.0.113.7', '10.0.0.0', '192.0.2.1', '2001:db8:9::7', 'fe80::1'].map(address);

  it.each(peers.map((peer) => [JSON.stringify(peer, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)), peer] as const))('%s', (_text, peer) => {
    const grounded = groundPeer(peer, cluster);
    const matcher = new PeerMatcher(cluster);
    const finder = new PartyFinder(cluster);
    for (const each of cluster.pods.values()) {
      for (const own of each.addresses) {
        const isMeant = grounded.pods.includes(each) || grounded.blocks.some((block) => blockContains(block, own));
        expect([each.name, matcher.match(peer, finder.find({ kind: 'pod', pod: each, address: own })) === 'yes']).toEqual([each.name, isMeant]);
      }
    }
    for (const own of outside) {
      expect([own.text, matcher.match(peer, finder.find({ kind: 'address', address: own })) === 'yes']).toEqual([own.text, grounded.blocks.some((block) => blockContains(block, own))]);
    }
  });
});
