import { beforeEach, describe, expect, it } from '@jest/globals';

import type { Pod, SourceUpdate, Workload } from '#model';
import type { ProjectAdmission, ProjectNodes, Setting } from '#review';

import { gone, manifest, wireNamespace, wireNode, wirePod } from '../../../../test/support/wire-objects.ts';
import { address, origin, ref, workload } from '../../../../test/support/worlds.ts';
import { NodeClaims } from './node-claims.ts';

let said: Map<string, SourceUpdate['value']>;
let claims: NodeClaims;
let firsts: string[];

beforeEach(() => {
  said = new Map();
  firsts = [];
  claims = new NodeClaims(({ source, key, value }) => {
    if (value === undefined) said.delete(`${source} ${key}`);
    else said.set(`${source} ${key}`, value);
  }, (project, node) => firsts.push(`${project} ${node}`));
  claims.decide(decided(['project', 'a', 'founded'], ['project', 'b', 'admitted'], ['project', 'n1', 'admitted'], ['project', 'n2', 'admitted'], ['shop', 'a', 'admitted']));
});

function decided(...entries: readonly (readonly [project: string, node: string, value: ProjectAdmission])[]): ProjectNodes {
  const projects = new Map<string, Map<string, Setting<ProjectAdmission>>>();
  for (const [project, node, value] of entries) projects.set(project, (projects.get(project) ?? new Map<string, Setting<ProjectAdmission>>()).set(node, { value, decided: { by: { kind: 'person', name: 'alice' }, at: 1, seq: 1 } }));
  return projects;
}

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

const messages = (): readonly string[] => claims.diagnostics().map(({ message }) => message);
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

  it('leaves out the addresses of another node’s engine, until they are free', () => {
    claims.node('a', host('a', [], ['172.18.0.0/16', 'fd00:1::/64']));
    claims.node('a', container('a', 'web-1', ['172.18.0.2', 'fd00:1::2']));
    claims.node('b', container('b', 'web-2', ['172.18.0.2', 'fd00:1::2', '172.18.0.3']));
    expect([addressesOf('docker:a web-1'), addressesOf('docker:b web-2')]).toEqual([['172.18.0.2', 'fd00:1::2'], ['172.18.0.3']]);
    expect(messages()).toEqual([expect.stringContaining('says that web-2 has 172.18.0.2, fd00:1::2, which is of node a')]);
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

describe('an address two nodes say they have', () => {
  const mine = ['10.0.5.7', 'fd00:5::7'];

  it('is of neither where neither can be told from a liar, whoever was first, and of the one that is left', () => {
    claims.node('a', container('a', 'web-1', mine));
    expect(addressesOf('docker:a web-1')).toEqual(mine);
    claims.node('b', container('b', 'web-2', mine));
    expect([addressesOf('docker:a web-1'), addressesOf('docker:b web-2'), codes()]).toEqual([[], [], ['address-contested', 'address-contested']]);
    expect(messages()[0]).toContain('web-1 has 10.0.5.7, fd00:5::7, and so does node b: neither has it');
    claims.node('b', container('b', 'web-2', []));
    expect([addressesOf('docker:a web-1'), codes()]).toEqual([mine, []]);
  });

  it('is of the machine that speaks from it, also where another was first', () => {
    claims.node('b', { ...host('b', mine, ['10.0.0.0/16', 'fd00:5::/64']), key: 'host' });
    claims.node('b', container('b', 'web-2', ['10.0.5.9']));
    claims.node('a', host('a', mine, []));
    claims.connected('a', '10.0.5.7:41000');
    expect([addressesOf('docker:a host'), addressesOf('docker:b host')]).toEqual([['10.0.5.7'], []]);
    claims.connected('a', 'fd00:5::7:41000');
    expect([addressesOf('docker:a host'), addressesOf('docker:b host')]).toEqual([['fd00:5::7'], []]);
    // two that speak from one address are behind a gateway
    claims.connected('b', 'fd00:5::7:41001');
    expect([addressesOf('docker:a host'), addressesOf('docker:b host')]).toEqual([[], []]);
    expect(addressesOf('docker:b web-2')).toEqual(['10.0.5.9']);
  });

  it('is not of the engine that says it is in its network where it is another machine’s own', () => {
    claims.node('b', host('b', [], ['10.0.0.0/16']));
    claims.node('b', container('b', 'web-2', ['10.0.5.7']));
    claims.node('a', host('a', ['10.0.5.7'], []));
    expect([addressesOf('docker:a host'), addressesOf('docker:b web-2')]).toEqual([[], []]);
  });

  it('is of the first where both engines have the network, as engines have that nobody set up', () => {
    for (const node of ['a', 'b']) {
      claims.node(node, container(node, `web-${node}`, ['172.17.0.2', 'fe80::42:acff:fe11:2']));
      claims.node(node, host(node, ['172.17.0.1'], ['172.17.0.0/16']));
    }
    expect(['docker:a web-a', 'docker:b web-b', 'docker:a host', 'docker:b host'].map(addressesOf)).toEqual([['172.17.0.2', 'fe80::42:acff:fe11:2'], [], ['172.17.0.1'], []]);
  });
});

describe('a Compose project', () => {
  const inCrm = (node: string, name = `web-${node}`): SourceUpdate => container(node, name, ['172.18.0.2'], { namespace: 'crm', workload: ref('crm/ComposeService/web') }, { ref: ref('crm/ComposeService/web') });

  it('is of its first node once that is written down, and no other has part in it before a person says so', () => {
    claims.node('a', inCrm('a'));
    expect([said.size, firsts]).toEqual([0, ['crm a']]);
    claims.decide(decided(['crm', 'a', 'founded']));
    expect([...said.keys()]).toEqual(['docker:a web-a']);
    claims.node('b', inCrm('b'));
    claims.node('b', inCrm('b', 'web-2'));
    expect([...said.keys()]).toEqual(['docker:a web-a']);
    expect([claims.waiting(), codes()]).toEqual([[{ project: 'crm', node: 'b', containers: 2 }], ['project-waits', 'project-waits']]);
    expect(messages()[0]).toContain('project crm, which is on a: they are left out until a person says that it may');
    claims.decide(decided(['crm', 'a', 'founded'], ['crm', 'b', 'admitted']));
    expect([[...said.keys()].sort(), claims.waiting()]).toEqual([['docker:a web-a', 'docker:b web-2', 'docker:b web-b'], []]);
    claims.decide(decided(['crm', 'a', 'founded'], ['crm', 'b', 'refused']));
    expect([[...said.keys()], claims.waiting(), codes()]).toEqual([['docker:a web-a'], [], []]);
    expect(firsts).toEqual(['crm a']);
  });

  it('that has the name of another node waits, also where it was there before that node', () => {
    const update = container('a', 'evil', ['172.18.0.2'], { namespace: 'b', workload: ref('b/ComposeService/web') }, { ref: ref('b/ComposeService/web') });
    claims.node('a', update);
    claims.decide(decided(['b', 'a', 'founded']));
    expect(said.size).toBe(1);
    claims.node('b', host('b', ['192.0.2.8'], []));
    expect([[...said.keys()], claims.waiting()]).toEqual([['docker:b host'], [{ project: 'b', node: 'a', containers: 1 }]]);
    claims.decide(decided(['b', 'a', 'admitted']));
    expect(said.size).toBe(2);
  });

  it('is told of so often and no more, however many a node makes up', () => {
    for (let at = 0; at < 1_000; at += 1) claims.node('b', container('b', `c-${String(at)}`, [], { namespace: 'project-x', workload: ref('project-x/ComposeService/web') }, { ref: ref('project-x/ComposeService/web') }));
    expect([said.size, codes().length, codes().at(-1), claims.waiting()]).toEqual([0, 11, 'more-of-the-same', [{ project: 'project-x', node: 'b', containers: 1_000 }]]);
  });
});
