import { describe, expect, it } from '@jest/globals';

import type { Snapshot, SourceUpdate } from '#model';

import { updatesFromYaml } from '../../test/support/manifests.ts';

import { Inventory, snapshotOf } from './inventory.ts';
import { PodMap } from './pod-map.ts';

const world = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {tier: a}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 2, template: {metadata: {labels: {app: web}}, spec: {serviceAccountName: web, containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: shop, ownerReferences: [{kind: Deployment, name: web, controller: true}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: loop-a, namespace: shop, ownerReferences: [{kind: ReplicaSet, name: loop-b}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: loop-b, namespace: shop, ownerReferences: [{kind: ReplicaSet, name: loop-a}]}
spec: {template: {spec: {containers: [{name: c}]}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1-a, namespace: shop, labels: {app: web}, ownerReferences: [{kind: ReplicaSet, name: web-1}]}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 192.0.2.1}
---
apiVersion: v1
kind: Pod
metadata: {name: other-0, namespace: shop, ownerReferences: [{kind: StatefulSet, name: other}]}
spec: {containers: [{name: c}]}
status: {phase: Running, podIP: 192.0.2.1}
---
apiVersion: v1
kind: Pod
metadata: {name: other-1, namespace: shop, ownerReferences: [{kind: StatefulSet, name: other}]}
spec: {containers: [{name: c}]}
status: {phase: Succeeded, podIP: 192.0.2.1}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
automountServiceAccountToken: false
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: broken, namespace: shop}
spec: {ports: [{port: 0}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: broken, namespace: shop}
spec: {podSelector: {}, ingress: [{ports: [{port: 10, endPort: 5}]}]}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: x, namespace: elsewhere}
`;

const { updates } = updatesFromYaml(world);
const expected = snapshotOf(updates);

/** A permutation that is the same every time: Fisher and Yates with a linear congruential generator. */
function shuffled<T>(items: readonly T[], seed: number): readonly T[] {
  const result = [...items];
  let state = seed;
  for (let i = result.length - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = state % (i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

function gone(update: SourceUpdate): SourceUpdate {
  return { ...update, value: undefined };
}

/** With the order of maps, which `toEqual` does not look at. */
function ordered(snapshot: Snapshot): unknown {
  return Object.entries(snapshot).map(([key, value]: [string, unknown]) => [key, value instanceof Map || value instanceof PodMap ? [...value.entries()] : value]);
}

describe('an inventory', () => {
  it('holds what the world holds', () => {
    expect([...expected.workloads.keys()]).toEqual(['shop/Deployment/web', 'shop/ReplicaSet/loop-a', 'shop/ReplicaSet/loop-b', 'shop/StatefulSet/other']);
    expect([...expected.namespaces.values()].map(({ name, labels, isDeclared }) => [name, labels, isDeclared])).toEqual([
      ['elsewhere', { 'kubernetes.io/metadata.name': 'elsewhere' }, false],
      ['shop', { 'kubernetes.io/metadata.name': 'shop', tier: 'a' }, true],
    ]);
    expect(expected.policies.map(({ name }) => name)).toEqual(['NetworkPolicy shop/web']);
    expect([...new Set(expected.diagnostics.map(({ code }) => code))].sort()).toEqual(['address-held-twice', 'cyclic-owners', 'invalid-object', 'policy-invalid']);
    expect(expected.workloads.get('shop/Deployment/web')?.tokenMounted).toBe(false);
  });

  it.each([
    ['reversed', [...updates].reverse()],
    ['repeated', updates.flatMap((update) => [update, update])],
    ['twice over', [...updates, ...updates]],
    ['each gone and back', updates.flatMap((update) => [update, gone(update), update])],
    ['gone before it came', [...updates.map(gone), ...updates]],
    ...Array.from({ length: 20 }, (_, seed): [string, readonly SourceUpdate[]] => [`shuffled with seed ${seed}`, shuffled(updates, seed)]),
  ])('ends in the same snapshot: %s', (_name, sequence) => {
    expect(ordered(snapshotOf(sequence))).toEqual(ordered(expected));
  });

  it('ends in the same snapshot when asked after every update', () => {
    for (const seed of [1, 2, 3]) {
      const inventory = new Inventory();
      for (const update of shuffled(updates, seed)) {
        inventory.accept(update);
        inventory.snapshot();
      }
      expect(ordered(inventory.snapshot())).toEqual(ordered(expected));
    }
  });

  it('forgets what is gone, object by object, as if it had never been', () => {
    for (const removed of updates) {
      const rest = updates.filter((update) => update !== removed);
      const inventory = new Inventory();
      for (const update of updates) inventory.accept(update);
      inventory.snapshot();
      inventory.accept(gone(removed));
      expect(ordered(inventory.snapshot())).toEqual(ordered(snapshotOf(rest)));
    }
  });

  it('is the same object while nothing comes in', () => {
    const inventory = new Inventory();
    for (const update of updates) inventory.accept(update);
    expect(inventory.snapshot()).toBe(inventory.snapshot());
  });

  it('chooses between two sources by their names, and says so', () => {
    const two = updatesFromYaml('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: one}').updates.flatMap((update): SourceUpdate[] => [
      { ...update, source: 'b' },
      { ...update, source: 'a' },
    ]);
    expect(ordered(snapshotOf(two))).toEqual(ordered(snapshotOf([...two].reverse())));
    expect(snapshotOf(two).diagnostics).toMatchObject([{ code: 'defined-twice' }]);
  });
});
