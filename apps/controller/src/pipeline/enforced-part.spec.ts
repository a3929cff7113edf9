import { describe, expect, it } from '@jest/globals';

import { compileNodes } from '#compilers/nftables';
import { snapshotOf } from '#inventory';
import type { JsonObject, SourceUpdate } from '#model';
import { adoptPolicies } from '#policy';

import { updatesFromYaml } from '../../../../test/support/manifests.ts';
import { sha256 } from '../../../../test/support/sha256.ts';
import { enforcedPart } from './enforced-part.ts';

/** As an API server says it: the lines of a file are known of files only. */
function served(text: string): readonly SourceUpdate[] {
  return updatesFromYaml(text).updates.map((update) => {
    if (update.value?.kind !== 'manifest') return update;
    const { kind, apiVersion, objectKind, namespace, name, body, origin } = update.value;
    return { ...update, value: { kind, apiVersion, objectKind, namespace, name, body, origin } };
  });
}

const WORLD = `
apiVersion: v1
kind: Node
metadata: {name: n1}
spec: {podCIDRs: [10.1.0.0/24, 2001:db8:1::/64]}
status: {addresses: [{type: InternalIP, address: 192.0.2.1}, {type: InternalIP, address: 2001:db8::1}]}
---
apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  labels: {app: web}
  annotations: {example.org/note: long}
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d, controller: true}]
spec:
  nodeName: n1
  serviceAccountName: web
  volumes: [{name: data, emptyDir: {}}]
  initContainers:
    - {name: proxy, image: proxy:1, restartPolicy: Always, ports: [{name: admin, containerPort: 9901}]}
    - {name: setup, image: setup:1, ports: [{name: once, containerPort: 7}]}
  containers:
    - {name: web, image: web:1, command: [serve], args: [--db=postgres://db:5432], env: [{name: DB, value: db}], volumeMounts: [{name: data, mountPath: /d}], ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}]}
status: {phase: Running, podIP: 10.1.0.7, podIPs: [{ip: 10.1.0.7}, {ip: '2001:db8:1::7'}], startTime: '2026-01-01T00:00:00Z', qosClass: Burstable}
---
apiVersion: v1
kind: Pod
metadata: {name: alone, namespace: shop, labels: {app: db}}
spec: {nodeName: n1, containers: [{name: db, ports: [{name: sql, containerPort: 5432}]}]}
status: {phase: Running, podIP: 10.1.0.8, podIPs: [{ip: 10.1.0.8}, {ip: '2001:db8:1::8'}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: shop, labels: {app: agent}}
spec: {nodeName: n1, hostNetwork: true, containers: [{name: agent}]}
status: {phase: Running, podIP: 192.0.2.1}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: done}]}
status: {phase: Succeeded, podIP: 10.1.0.9}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: http}, {port: admin}, {port: once}, {port: dns, protocol: UDP}]}]
  egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: sql}]}]
`;

describe('what the enforcement pipeline has to see of an object', () => {
  it('leads to the same rules as all of it', () => {
    const whole = served(WORLD);
    const part = whole.flatMap((update) => enforcedPart(update) ?? []);
    const [all, some] = [whole, part].map((updates) => {
      const snapshot = snapshotOf(updates);
      return { bundles: compileNodes(adoptPolicies(snapshot.policies), snapshot, { digest: sha256 }), pods: [...snapshot.pods], diagnostics: snapshot.diagnostics, workloads: [...snapshot.workloads.keys()] };
    });
    expect(all?.pods.length).toBe(4);
    expect(some).toEqual(all);
    const size = (updates: readonly SourceUpdate[]): number => JSON.stringify(updates.filter(({ key }) => key.includes('web-1'))).length;
    expect(size(part)).toBeLessThan(size(whole) * 0.8);
  });

  it('is nothing of what says nothing about it, and all of a pod nobody has judged', () => {
    const kept = updatesFromYaml(`${WORLD}---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {ports: [{port: 80}]}\n`).updates;
    const seen = kept.flatMap((update) => enforcedPart(update) ?? []);
    expect(seen).toEqual(kept.filter(({ key }) => !key.includes('Secret')));
    expect(enforcedPart({ source: 'cluster', key: 'x', value: undefined })).toEqual({ source: 'cluster', key: 'x', value: undefined });
  });

  it.each<JsonObject>([{ metadata: 7 }, { spec: 'text' }, { spec: { containers: {} } }, { spec: { containers: [7] } }, { spec: { containers: [] }, status: [] }])('is no less wrong than all of it: %j', (fields) => {
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b', namespace: 'a' }, ...fields };
    const update: SourceUpdate = { source: 'cluster', key: 'Pod/a/b', value: { kind: 'manifest', apiVersion: 'v1', objectKind: 'Pod', namespace: 'a', name: 'b', body, origin: { file: 'server', line: 1 } } };
    expect(snapshotOf([update]).diagnostics.length).toBeGreaterThan(0);
    expect(snapshotOf([enforcedPart(update) ?? update])).toEqual(snapshotOf([update]));
  });
});
