import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Pod, SourceUpdate, Workload } from '#model';

import { gone, manifest, wireNamespace, wireNode, wirePod } from '../../../../test/support/wire-objects.ts';
import { address, origin, ref, workload } from '../../../../test/support/worlds.ts';
import { NodeClaims } from './node-claims.ts';

let said: Map<string, SourceUpdate['value']>;
let claims: NodeClaims;

beforeEach(() => {
  said = new Map();
  claims = new NodeClaims(({ source, key, value }) => {
    if (value === undefined) said.delete(`${source} ${key}`);
    else said.set(`${source} ${key}`, value);
  });
});

function container(node: string, name: string, addresses: readonly string[], fields: Partial<Pod> = {}, own: Partial<Workload> = {}): SourceUpdate {
  const pod: Pod = { namespace: 'project', name, labels: {}, node, hostNetwork: false, addresses: addresses.map(address), ports: [], workload: ref('project/ComposeService/web'), phase: 'running', isExample: false, origin, ...fields };
  return { source: `docker:${node}`, key: name, value: { kind: 'container', pod, workload: { ...workload('project/ComposeService/web'), platform: 'compose', ...own }, networks: [], diagnostics: [] } };
}

function host(node: string, addresses: readonly string[], podCidrs: readonly string[], name = node): SourceUpdate {
  return { source: `docker:${node}`, key: 'host', value: { kind: 'container-host', node: { name, labels: {}, addresses: addresses.map(address), podCidrs, isExample: false }, diagnostics: [] } };
}

function addressesOf(key: string): readonly string[] | undefined {
  const value = said.get(key);
  if (value?.kind === 'container') return value.pod.addresses.map(({ text }) => text);
  return value?.kind === 'container-host' ? value.node.addresses.map(({ text }) => text) : undefined;
}

const codes = (): readonly string[] => claims.diagnostics().map(({ code }) => code);
// 10.1.1.2 and 2001:db8:1:1::2
const webPod = wirePod('kubernetes', 'shop', 'web', 'a', { node: 'n1', nodeAt: 1, at: 2 });

describe('what a node says', () => {
  it('is taken where it is of its own containers', () => {
    claims.node('a', container('a', 'web-1', ['172.18.0.2', 'fd00:1::2']));
    expect(addressesOf('docker:a web-1')).toEqual(['172.18.0.2', 'fd00:1::2']);
    expect(codes()).toEqual([]);
  });

  it.each([
    ['a container of another node', container('b', 'web-1', ['172.18.0.2'])],
    ['another node', host('a', ['192.0.2.1'], [], 'b')],
    ['an object of the orchestrator', wirePod('docker:a', 'shop', 'web', 'z', { node: 'a', nodeAt: 1, at: 9 })],
    ['a workload of another namespace', container('a', 'web-1', ['172.18.0.2'], {}, { ref: ref('shop/Deployment/web') })],
    ['a workload of the orchestrator', container('a', 'web-1', ['172.18.0.2'], { namespace: 'shop', workload: ref('shop/Deployment/web') }, { ref: ref('shop/Deployment/web') })],
    ['something in the name of another source', { ...container('a', 'web-1', ['172.18.0.2']), source: 'kubernetes' }],
  ])('is refused where it is of %s', (_what, update) => {
    claims.node('a', update);
    expect(said.size).toBe(0);
    expect(codes()).toEqual(['node-claims-another']);
  });

  it.each([
    ['a pod of the cluster', container('a', 'evil', ['10.1.1.2', '2001:db8:1:1::2', '172.18.0.9']), 'docker:a evil', ['172.18.0.9']],
    ['a node of the cluster', host('a', ['198.18.0.1', '2001:db8:ffff::2', '192.0.2.7'], []), 'docker:a host', ['192.0.2.7']],
  ])('leaves out the addresses of %s', (_what, update, key, left) => {
    claims.orchestrator(webPod);
    claims.orchestrator(wireNode('kubernetes', 'n1', 1));
    claims.node('a', update);
    expect(addressesOf(key)).toEqual(left);
    expect(codes()).toContain('claimed-by-another');
  });

  it('leaves out the addresses of another node, until they are free', () => {
    claims.node('a', container('a', 'web-1', ['172.18.0.2', 'fd00:1::2']));
    claims.node('b', container('b', 'web-2', ['172.18.0.2', 'fd00:1::2', '172.18.0.3']));
    expect(addressesOf('docker:b web-2')).toEqual(['172.18.0.3']);
    claims.node('a', { source: 'docker:a', key: 'web-1', value: undefined });
    expect(addressesOf('docker:b web-2')).toEqual(['172.18.0.2', 'fd00:1::2', '172.18.0.3']);
    expect(codes()).toEqual([]);
  });

  it('gives way to the orchestrator whenever it speaks', () => {
    claims.node('a', container('a', 'web-1', ['10.1.1.2', '172.18.0.9']));
    expect(addressesOf('docker:a web-1')).toEqual(['10.1.1.2', '172.18.0.9']);
    claims.orchestrator(webPod);
    expect(addressesOf('docker:a web-1')).toEqual(['172.18.0.9']);
    claims.orchestrator(gone(webPod));
    expect(addressesOf('docker:a web-1')).toEqual(['10.1.1.2', '172.18.0.9']);
  });

  it('takes no pod that is somebody else’s', () => {
    claims.orchestrator(webPod);
    claims.node('a', container('a', 'web-a', ['172.18.0.2'], { namespace: 'shop', workload: ref('shop/ComposeService/web') }, { ref: ref('shop/ComposeService/web') }));
    expect(said.size).toBe(0);
    expect(codes()).toEqual(['claimed-by-another']);
  });

  it('has no block that holds addresses of the cluster', () => {
    claims.orchestrator(webPod);
    claims.orchestrator(wireNode('kubernetes', 'n1', 1));
    claims.node('a', host('a', ['192.0.2.7'], ['172.18.0.0/16', '10.0.0.0/8', '0.0.0.0/0', '10.1.1.128/25', '::/0', 'fd00:1::/64']));
    const value = said.get('docker:a host');
    expect(value?.kind === 'container-host' ? value.node.podCidrs : undefined).toEqual(['172.18.0.0/16', 'fd00:1::/64']);
  });

  it.each([
    ['a large part of the internet', ['8.0.0.0/8', '8.8.0.0/16', '2600::/16', '::/1', '0.0.0.0/1']],
    ['the Service addresses', ['10.96.0.0/16', '10.96.0.0/24', '2001:db8:96::/64']],
  ])('has no block that is %s', (_what, blocks) => {
    claims.orchestrator(manifest('kubernetes', 'v1', 'Service', 'shop', 'db', { spec: { clusterIPs: ['10.96.0.7', '2001:db8:96::7'] } }));
    const update = host('a', [], ['172.18.0.0/16', ...blocks, 'fd00:1::/64']);
    const value = update.value?.kind === 'container-host' ? { ...update.value, node: { ...update.value.node, bridges: [{ network: 'x', interface: 'br-1', blocks: ['172.18.0.0/16', ...blocks] }] } } : undefined;
    claims.node('a', { ...update, value });
    const told = said.get('docker:a host');
    expect(told?.kind === 'container-host' ? [told.node.podCidrs, told.node.bridges?.map((each) => each.blocks)] : undefined).toEqual([['172.18.0.0/16', 'fd00:1::/64'], [['172.18.0.0/16']]]);
  });

  it('takes no address of a Service', () => {
    claims.orchestrator(manifest('kubernetes', 'v1', 'Service', 'shop', 'db', { spec: { clusterIPs: ['10.96.0.7', '2001:db8:96::7'] } }));
    claims.node('a', container('a', 'web-1', ['10.96.0.7', '2001:db8:96::7', '172.18.0.2']));
    expect(addressesOf('docker:a web-1')).toEqual(['172.18.0.2']);
  });

  it('puts no container into a namespace of the cluster, whatever its labels are', () => {
    const inShop = container('a', 'evil', ['172.18.0.2', 'fd00:1::2'], { namespace: 'shop', labels: { app: 'web' }, workload: ref('shop/ComposeService/evil') }, { ref: ref('shop/ComposeService/evil') });
    claims.node('a', inShop);
    expect(said.size).toBe(1);
    claims.orchestrator(wireNamespace('kubernetes', 'shop'));
    expect([said.size, codes()]).toEqual([0, ['claimed-by-another']]);
    claims.orchestrator(gone(wireNamespace('kubernetes', 'shop')));
    expect([said.size, codes()]).toEqual([1, []]);
    // a pod speaks for its namespace as well
    claims.orchestrator(webPod);
    expect([said.size, codes()]).toEqual([0, ['claimed-by-another']]);
  });

  it('has no address on the network of its host but the host’s', () => {
    claims.orchestrator(webPod);
    const onHost = container('a', 'agent', ['192.0.2.7', '2001:db8:7::7', '10.1.1.2', '2001:db8:1:1::2', '172.18.0.9'], { hostNetwork: true });
    claims.node('a', onHost);
    expect(addressesOf('docker:a agent')).toEqual([]);
    claims.node('a', host('a', ['192.0.2.7', '2001:db8:7::7'], []));
    expect(addressesOf('docker:a agent')).toEqual(['192.0.2.7', '2001:db8:7::7']);
    claims.node('b', container('b', 'agent-b', ['192.0.2.7'], { hostNetwork: true }));
    expect(addressesOf('docker:b agent-b')).toEqual([]);
    claims.node('a', { source: 'docker:a', key: 'host', value: undefined });
    expect(addressesOf('docker:a agent')).toEqual([]);
  });

  it('has on the network of a node of the cluster what the cluster says the node has', () => {
    claims.node('n1', container('n1', 'agent', ['198.18.0.1', '2001:db8:ffff::2'], { hostNetwork: true }));
    claims.orchestrator(wireNode('kubernetes', 'n1', 1));
    expect(addressesOf('docker:n1 agent')).toEqual(['198.18.0.1', '2001:db8:ffff::2']);
    claims.node('n2', container('n2', 'agent-2', ['198.18.0.1', '2001:db8:ffff::2'], { hostNetwork: true }));
    expect(addressesOf('docker:n2 agent-2')).toEqual([]);
  });

  it('has public addresses of containers in the networks of its own host alone', () => {
    const update = container('a', 'web-1', ['203.0.113.9', '2606:4700::9', '8.8.8.8', '2001:4860:4860::8888', '192.168.7.2', 'fd00:1::2', 'fe80::2']);
    const inner = ['192.168.7.2', 'fd00:1::2', 'fe80::2'];
    claims.node('a', update);
    expect([addressesOf('docker:a web-1'), codes()]).toEqual([inner, ['public-address-of-no-own-block']]);
    claims.node('b', host('b', [], ['203.0.113.0/24', '2606:4700::/64']));
    expect(addressesOf('docker:a web-1')).toEqual(inner);
    claims.node('b', { source: 'docker:b', key: 'host', value: undefined });
    claims.node('a', host('a', [], ['203.0.113.0/24', '2606:4700::/64', '8.0.0.0/8']));
    expect(addressesOf('docker:a web-1')).toEqual(['203.0.113.9', '2606:4700::9', ...inner]);
    claims.node('a', container('a', 'host', []));
    expect(addressesOf('docker:a web-1')).toEqual(inner);
    claims.node('a', container('a', 'web-1', ['192.168.7.2', 'fd00:1::2']));
    expect(codes()).toEqual([]);
  });

  it('has no more than 64 addresses in one container or host', () => {
    const many = Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? `172.18.0.${String(at)}` : `fd00:1::${String(at)}`));
    claims.node('a', container('a', 'web-1', many));
    claims.node('b', host('b', many.map((text) => text.replace('172.18.0', '203.0.113').replace('fd00', '2606')), []));
    expect([addressesOf('docker:a web-1')?.length, addressesOf('docker:b host')?.length, codes()]).toEqual([64, 64, ['too-many-addresses', 'too-many-addresses']]);
  });

  it('speaks of itself in a few ways and not in thousands, each with addresses of its own', () => {
    for (let at = 0; at < 10; at += 1) claims.node('a', { ...host('a', [`203.0.113.${String(at)}`, `2606:4700::${String(at)}`], []), key: `host-${String(at)}` });
    expect([said.size, codes()]).toEqual([4, ['node-says-too-much']]);
  });

  it('is told of once where it speaks of others without end', () => {
    for (let at = 0; at < 1_000; at += 1) claims.node('a', container('a', `c-${String(at)}`, [], {}, { ref: ref('shop/Deployment/web') }));
    expect(codes()).toEqual(['node-claims-another']);
  });

  it('is bounded', () => {
    for (let at = 0; at < 5_001; at += 1) claims.node('a', container('a', `c-${String(at)}`, []));
    expect(said.size).toBe(5_000);
    expect(codes()).toEqual(['node-says-too-much']);
  });
});
