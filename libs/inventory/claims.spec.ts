import { describe, expect, it } from '@jest/globals';

import { parseAddress } from '#model';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

import { addressClaims } from './claims.ts';

function pod(name: string, ip: string, phase = 'Running', spec = ''): string {
  return `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: shop}\nspec: {${spec}containers: [{name: c}]}\nstatus: {phase: ${phase}, podIPs: [{ip: "${ip}"}]}\n`;
}

const node = '---\napiVersion: v1\nkind: Node\nmetadata: {name: node-a}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.9}, {type: Hostname, address: node-a}]}\n';
const service = '---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {clusterIP: 192.0.2.8, externalIPs: [192.0.2.9]}\n';

function owner(yaml: string, ip: string): string | undefined {
  const address = parseAddress(ip);
  const found = address === undefined ? undefined : addressClaims(snapshotFromYaml(yaml)).ownerOf(address);
  switch (found?.kind) {
    case 'pod':
      return `pod ${found.pod.name}`;
    case 'node':
      return `node ${found.node.name}`;
    case 'service':
      return `service ${found.service.name}`;
    case undefined:
      return undefined;
  }
}

describe('who holds an address', () => {
  it.each([
    ['a pod', pod('p', '192.0.2.1'), '192.0.2.1', 'pod p'],
    ['a pod, however the address is written', pod('p', '2001:db8:0:0::1'), '2001:db8::1', 'pod p'],
    ['a pod that takes a finished one’s', pod('a', '192.0.2.1', 'Succeeded') + pod('b', '192.0.2.1'), '192.0.2.1', 'pod b'],
    ['nobody: the pod is finished', pod('a', '192.0.2.1', 'Failed'), '192.0.2.1', undefined],
    ['the node, and not its host-network pod', node + pod('p', '192.0.2.9', 'Running', 'hostNetwork: true, '), '192.0.2.9', 'node node-a'],
    ['a service', service, '192.0.2.8', 'service s'],
    ['the node before a service', node + service, '192.0.2.9', 'node node-a'],
    ['nobody', pod('p', '192.0.2.1'), '192.0.2.2', undefined],
  ])('%s', (_name, yaml, ip, expected) => {
    expect(owner(yaml, ip)).toBe(expected);
  });

  it('is said when two running pods hold one', () => {
    const { diagnostics } = snapshotFromYaml(pod('a', '192.0.2.1') + pod('b', '192.0.2.1') + pod('c', '192.0.2.1', 'Failed'));
    expect(diagnostics.map(({ code, subject, message }) => `${code} ${subject} ${message}`)).toEqual(['address-held-twice Pod shop/b has the address 192.0.2.1, which Pod shop/a has as well']);
  });

  it('may be held by many host-network pods of a node', () => {
    const text = node + ['a', 'b'].map((name) => pod(name, '192.0.2.9', 'Running', 'hostNetwork: true, ')).join('');
    expect(snapshotFromYaml(text).diagnostics).toEqual([]);
  });
});
