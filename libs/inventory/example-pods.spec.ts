import { describe, expect, it } from '@jest/globals';

import type { Snapshot } from '#model';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

import { EXAMPLE_LIMITS, placeExamplePods } from './example-pods.ts';

function controller(kind: string, name: string, fields = '', podFields = ''): string {
  return `---\napiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: {${fields}template: {metadata: {labels: {app: ${name}}}, spec: {${podFields}containers: [{name: c, ports: [{containerPort: 80}]}]}}}\n`;
}

function place(yaml: string, nodes = 2): Snapshot {
  return placeExamplePods(snapshotFromYaml(yaml), { nodes });
}

function names(snapshot: Snapshot): readonly string[] {
  return [...snapshot.pods.values()].map(({ name }) => name);
}

describe('example pods', () => {
  it.each([
    ['a replica each', controller('Deployment', 'web', 'replicas: 2, '), ['web-example-1', 'web-example-2']],
    ['at most three', controller('Deployment', 'web', 'replicas: 50, '), ['web-example-1', 'web-example-2', 'web-example-3']],
    ['none where none is wanted', controller('Deployment', 'web', 'replicas: 0, '), []],
    ['ordinals of a stateful set', controller('StatefulSet', 'db', 'replicas: 2, '), ['db-0', 'db-1']],
    ['one per node of a daemon set', controller('DaemonSet', 'agent'), ['agent-example-1', 'agent-example-2']],
    ['two kinds with one name', controller('DaemonSet', 'x') + controller('Deployment', 'x', 'replicas: 2, '), ['x-deployment-example-1', 'x-deployment-example-2', 'x-example-1', 'x-example-2']],
    ['a pod of the input under its own name', '---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c}]}', ['p']],
  ])('%s', (_name, yaml, expected) => {
    expect(names(place(yaml))).toEqual(expected);
  });

  it('have addresses of their own in both families, a node, ports and the labels of their workload', () => {
    const { pods, nodes } = place(controller('StatefulSet', 'db', 'replicas: 3, '));
    const all = [...pods.values()];
    expect([...nodes.values()]).toMatchObject([{ name: 'example-node-1', isExample: true }, { name: 'example-node-2', isExample: true }]);
    expect(all.map(({ addresses }) => addresses.map(({ family }) => family))).toEqual([[4, 6], [4, 6], [4, 6]]);
    expect(new Set(all.flatMap(({ addresses }) => addresses.map(({ text }) => text))).size).toBe(6);
    expect(new Set(all.map(({ node }) => node)).size).toBe(2);
    expect(all[0]).toMatchObject({ isExample: true, phase: 'running', ports: [{ port: 80 }], labels: { app: 'db', 'statefulset.kubernetes.io/pod-name': 'db-0' } });
  });

  it('share the address of their node on the host network', () => {
    const { pods, nodes } = place(controller('DaemonSet', 'agent', '', 'hostNetwork: true, '));
    for (const pod of pods.values()) expect(pod.addresses).toEqual(nodes.get(pod.node ?? '')?.addresses);
  });

  it('keep their addresses when another workload comes', () => {
    const before = place(controller('Deployment', 'a') + controller('Deployment', 'c'));
    const after = place(controller('Deployment', 'a') + controller('Deployment', 'b') + controller('Deployment', 'c'));
    for (const [key, pod] of before.pods) expect(after.pods.get(key)).toEqual({ ...pod, origin: after.pods.get(key)?.origin });
    expect(after.pods.size).toBe(before.pods.size + 1);
  });

  it('never share an address, however many there are', () => {
    const yaml = Array.from({ length: 500 }, (_, index) => controller('Deployment', `w${index}`, 'replicas: 3, ')).join('');
    const addresses = [...place(yaml).pods.values()].flatMap((pod) => pod.addresses.map(({ text }) => text));
    expect(addresses).toHaveLength(3_000);
    expect(new Set(addresses).size).toBe(3_000);
  });

  it('leave real pods and nodes as they are', () => {
    const node = '---\napiVersion: v1\nkind: Node\nmetadata: {name: node-a}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.9}]}\n';
    const real = '---\napiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop, ownerReferences: [{kind: ReplicaSet, name: web-5f8c}], labels: {pod-template-hash: 5f8c}}\nspec: {nodeName: node-a, containers: [{name: c}]}\nstatus: {phase: Running, podIP: 192.0.2.1}\n';
    const yaml = node + real + controller('Deployment', 'web', 'replicas: 3, ') + controller('Deployment', 'api');
    const snapshot = place(yaml);
    expect([...snapshot.nodes.keys()]).toEqual(['node-a']);
    expect([...snapshot.pods.values()].map(({ name, isExample, node: on }) => `${name} ${String(isExample)} ${on ?? ''}`)).toEqual(['api-example-1 true node-a', 'web-1 false node-a']);
    expect(snapshot.pods.get('shop/web-1')).toEqual(snapshotFromYaml(yaml).pods.get('shop/web-1'));
  });

  it.each([[0, 1], [1, 1], [3, 3], [10_000_000, EXAMPLE_LIMITS.nodes]])('live on %i nodes asked for as on %i', (asked, count) => {
    expect(place(controller('Deployment', 'web'), asked).nodes.size).toBe(count);
  });
});
