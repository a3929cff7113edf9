import { describe, expect, it } from '@jest/globals';

import type { Snapshot } from '#model';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

type OwnerName = `${string}/${string}`;

function meta(name: string, owner?: OwnerName, labels = '{}'): string {
  const [kind = '', ownerName = ''] = owner?.split('/') ?? [];
  const owners = owner === undefined ? '' : `, ownerReferences: [{apiVersion: x/v1, kind: ${kind}, name: ${ownerName}, controller: true}]`;
  return `{name: ${name}, namespace: shop, labels: ${labels}${owners}}`;
}

function pod(name: string, owner?: OwnerName, labels?: string): string {
  return `---\napiVersion: v1\nkind: Pod\nmetadata: ${meta(name, owner, labels)}\nspec: {containers: [{name: c}]}\n`;
}

const API: Readonly<Record<string, string>> = { Job: 'batch/v1', CronJob: 'batch/v1', Rollout: 'argoproj.io/v1alpha1', Prometheus: 'monitoring.coreos.com/v1', Cluster: 'db.example.com/v1' };

function controller(kind: string, name: string, owner?: OwnerName, replicas = 1): string {
  const spec = kind === 'CronJob' ? '{schedule: "* * * * *", jobTemplate: {spec: {template: {spec: {containers: [{name: c}]}}}}}' : kind === 'Cluster' ? '{}' : `{replicas: ${replicas}, template: {metadata: {labels: {of: ${name}}}, spec: {containers: [{name: c}]}}}`;
  return `---\napiVersion: ${API[kind] ?? 'apps/v1'}\nkind: ${kind}\nmetadata: ${meta(name, owner)}\nspec: ${spec}\n`;
}

function show({ workloads, pods }: Snapshot): readonly string[] {
  return [...[...workloads.keys()].map((key) => key.slice('shop/'.length)), ...[...pods.values()].map(({ name, workload }) => `${name} of ${workload.kind}/${workload.name}`)];
}

describe('ownership', () => {
  it.each<[string, string, readonly string[]]>([
    ['a bare pod is its own workload', pod('p'), ['Pod/p', 'p of Pod/p']],
    ['a static pod is its own workload', pod('p', 'Node/node-a'), ['Pod/p', 'p of Pod/p']],
    ['a replica set of a deployment is none', controller('Deployment', 'd') + controller('ReplicaSet', 'd-1', 'Deployment/d') + pod('p', 'ReplicaSet/d-1'), ['Deployment/d', 'p of Deployment/d']],
    ['a replica set of its own', controller('ReplicaSet', 'r') + pod('p', 'ReplicaSet/r'), ['ReplicaSet/r', 'p of ReplicaSet/r']],
    ['a deployment that is not in the input', controller('ReplicaSet', 'd-1', 'Deployment/d') + pod('p', 'ReplicaSet/d-1'), ['Deployment/d', 'p of Deployment/d']],
    ['neither is there: the hash tells', pod('p', 'ReplicaSet/d-5f8c', '{pod-template-hash: 5f8c}'), ['Deployment/d', 'p of Deployment/d']],
    ['a rollout by its hash', pod('p', 'ReplicaSet/d-5f8c', '{rollouts-pod-template-hash: 5f8c}'), ['Rollout/d', 'p of Rollout/d']],
    ['no hash to tell by', pod('p', 'ReplicaSet/d-5f8c'), ['ReplicaSet/d-5f8c', 'p of ReplicaSet/d-5f8c']],
    ['a job of a cron job', controller('CronJob', 'c') + controller('Job', 'c-1', 'CronJob/c') + pod('p', 'Job/c-1'), ['CronJob/c', 'p of CronJob/c']],
    ['a job made by a cron job that is not there', pod('p', 'Job/c-28391820'), ['CronJob/c', 'p of CronJob/c']],
    ['a job', pod('p', 'Job/migrate'), ['Job/migrate', 'p of Job/migrate']],
    ['a stateful set that is not there', pod('s-0', 'StatefulSet/s'), ['StatefulSet/s', 's-0 of StatefulSet/s']],
    ['a custom resource that makes pods itself', pod('p', 'Cluster/c'), ['Cluster/c', 'p of Cluster/c']],
    ['a resource that made several stateful sets: they are not alike', controller('Cluster', 'c') + controller('StatefulSet', 'a', 'Cluster/c') + controller('StatefulSet', 'b', 'Cluster/c') + pod('p', 'StatefulSet/a'), ['StatefulSet/a', 'StatefulSet/b', 'p of StatefulSet/a']],
    ['a stateful set of a Prometheus that is in the input', controller('Prometheus', 'k8s') + controller('StatefulSet', 'prometheus-k8s', 'Prometheus/k8s') + pod('p', 'StatefulSet/prometheus-k8s'), ['Prometheus/k8s', 'p of Prometheus/k8s']],
  ])('%s', (_name, yaml, expected) => {
    const snapshot = snapshotFromYaml(yaml);
    expect(show(snapshot)).toEqual(expected);
    expect(snapshot.diagnostics).toEqual([]);
  });

  const generated = (yaml: string, generateName: string): string => yaml.replace('namespace: shop', `generateName: ${generateName}, namespace: shop`);

  it.each<[string, string, readonly string[]]>([
    ['jobs of one generated name are one, whichever runs', generated(controller('Job', 'import-7k2xq'), 'import-') + pod('import-7k2xq-a', 'Job/import-7k2xq') + generated(controller('Job', 'import-9zq4f', undefined, 3), 'import-') + pod('import-9zq4f-b', 'Job/import-9zq4f'), ['Job/import', 'import-7k2xq-a of Job/import', 'import-9zq4f-b of Job/import']],
    ['pods nobody owns likewise', generated(pod('runner-abc'), 'runner-') + generated(pod('runner-def'), 'runner-'), ['Pod/runner', 'runner-abc of Pod/runner', 'runner-def of Pod/runner']],
    ['a job somebody owns is the owner’s all the same', controller('CronJob', 'c') + generated(controller('Job', 'c-28391820', 'CronJob/c'), 'c-'), ['CronJob/c']],
    ['a pod of a deployment has a generated name, and is the deployment’s', controller('Deployment', 'd') + controller('ReplicaSet', 'd-5f8c', 'Deployment/d') + generated(pod('d-5f8c-x', 'ReplicaSet/d-5f8c'), 'd-5f8c-'), ['Deployment/d', 'd-5f8c-x of Deployment/d']],
    ['a name that begins otherwise is no generated one', generated(controller('Job', 'migrate'), 'import-'), ['Job/migrate']],
  ])('of generated names: %s', (_name, yaml, expected) => {
    const snapshot = snapshotFromYaml(yaml);
    expect(show(snapshot)).toEqual(expected);
    expect([...snapshot.workloads.values()].filter(({ isFamily }) => isFamily === true).map(({ ref }) => ref.name)).toEqual(expected.filter((line) => ['Job/import', 'Pod/runner'].includes(line)).map((line) => line.slice(4)));
  });

  it('ignores owners that own each other, and says so', () => {
    const snapshot = snapshotFromYaml(controller('ReplicaSet', 'a', 'ReplicaSet/b') + controller('ReplicaSet', 'b', 'ReplicaSet/a') + controller('ReplicaSet', 'c', 'ReplicaSet/c') + pod('p', 'ReplicaSet/a'));
    expect(show(snapshot)).toEqual(['ReplicaSet/a', 'ReplicaSet/b', 'ReplicaSet/c', 'p of ReplicaSet/a']);
    expect(snapshot.diagnostics.map(({ code, subject }) => `${code} ${subject}`)).toEqual(['cyclic-owners ReplicaSet shop/a', 'cyclic-owners ReplicaSet shop/b', 'cyclic-owners ReplicaSet shop/c']);
  });

  it('describes an absent deployment by its replica set with the most pods', () => {
    const snapshot = snapshotFromYaml(controller('ReplicaSet', 'd-1', 'Deployment/d', 0) + controller('ReplicaSet', 'd-2', 'Deployment/d', 3));
    expect(snapshot.workloads.get('shop/Deployment/d')).toMatchObject({ replicas: 3, podLabels: { of: 'd-2' } });
  });

  it('counts the pods of a workload that is known by them only', () => {
    expect(snapshotFromYaml(pod('s-0', 'StatefulSet/s') + pod('s-1', 'StatefulSet/s')).workloads.get('shop/StatefulSet/s')).toMatchObject({ replicas: 2 });
  });
});
