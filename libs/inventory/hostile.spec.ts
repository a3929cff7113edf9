import { describe, expect, it } from '@jest/globals';

import type { Json, JsonObject, Manifest, Snapshot } from '#model';

import { placeExamplePods } from './example-pods.ts';
import { snapshotOf } from './inventory.ts';

const podSpec = {
  serviceAccountName: 'a',
  automountServiceAccountToken: true,
  hostNetwork: false,
  nodeName: 'node-a',
  volumes: [
    { name: 'v', configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
    { name: 'w', projected: { sources: [{ secret: { name: 's', items: [{ key: 'k', path: 'p' }] } }, { serviceAccountToken: { path: 't' } }] } },
  ],
  initContainers: [{ name: 'i', restartPolicy: 'Always' }],
  containers: [
    {
      name: 'c',
      image: 'i',
      command: ['a'],
      args: ['b'],
      env: [{ name: 'A', value: 'b' }, { name: 'B', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }],
      envFrom: [{ prefix: 'p', configMapRef: { name: 'c' } }],
      ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
      volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'p' }],
      livenessProbe: { httpGet: { port: 80 } },
      lifecycle: { preStop: { tcpSocket: { port: 'http' } } },
    },
  ],
};
const metadata = { name: 'x', namespace: 'shop', labels: { app: 'a' }, annotations: { b: 'c' }, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', controller: true }] };
const template = { metadata: { labels: { app: 'a' }, annotations: { b: 'c' } }, spec: podSpec };

const objects: readonly (readonly [string, string, JsonObject])[] = [
  ['v1', 'Namespace', { metadata: { name: 'x', labels: { a: 'b' } } }],
  ['v1', 'Node', { metadata, spec: { podCIDRs: ['192.0.2.0/24'] }, status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] } }],
  ['v1', 'Pod', { metadata, spec: podSpec, status: { phase: 'Running', podIPs: [{ ip: '192.0.2.1' }] } }],
  ['apps/v1', 'StatefulSet', { metadata, spec: { replicas: 2, serviceName: 's', template } }],
  ['batch/v1', 'CronJob', { metadata, spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } } }],
  ['argoproj.io/v1alpha1', 'Rollout', { metadata, spec: { template } }],
  ['v1', 'Service', { metadata, spec: { type: 'ClusterIP', selector: { app: 'a' }, clusterIP: '192.0.2.1', ports: [{ name: 'a', port: 80, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' }] } }],
  ['discovery.k8s.io/v1', 'EndpointSlice', { metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 's' } }, endpoints: [{ addresses: ['192.0.2.1'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'p' } }], ports: [{ name: 'a', port: 80 }] }],
  ['v1', 'Endpoints', { metadata, subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 80 }] }] }],
  ['v1', 'ConfigMap', { metadata, data: { a: 'b' } }],
  ['v1', 'Secret', { metadata, data: { a: 'YQ==' }, stringData: { b: 'c' } }],
  ['v1', 'ServiceAccount', { metadata, automountServiceAccountToken: false }],
  ['rbac.authorization.k8s.io/v1', 'Role', { metadata, rules: [{ verbs: ['get'] }] }],
  ['rbac.authorization.k8s.io/v1', 'RoleBinding', { metadata, roleRef: { kind: 'Role', name: 'x' }, subjects: [{ kind: 'ServiceAccount', name: 'a', namespace: 'shop' }] }],
  ['networking.k8s.io/v1', 'Ingress', { metadata, spec: { rules: [{ host: 'a', http: { paths: [{ backend: { service: { name: 's', port: { number: 80 } } } }] } }] } }],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute', { metadata, spec: { parentRefs: [{ name: 'g' }], hostnames: ['a'], rules: [{ backendRefs: [{ name: 's', port: 80 }], filters: [{ requestMirror: { backendRef: { name: 'm' } } }] }] } }],
  ['monitoring.coreos.com/v1', 'ServiceMonitor', { metadata, spec: { selector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }, namespaceSelector: { matchNames: ['a'] }, endpoints: [{ port: 'web' }] } }],
  ['monitoring.coreos.com/v1', 'Prometheus', { metadata, spec: { replicas: 2, shards: 1, podMetadata: { labels: { a: 'b' } }, secrets: ['s'], containers: [{ name: 'prometheus' }] } }],
  ['admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', { metadata, webhooks: [{ clientConfig: { service: { name: 's', namespace: 'shop', port: 443 } } }] }],
  ['apiregistration.k8s.io/v1', 'APIService', { metadata, spec: { service: { name: 's', namespace: 'shop' } } }],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', { metadata, spec: { conversion: { webhook: { clientConfig: { service: { name: 's', namespace: 'shop' } } } } } }],
  ['example.com/v1', 'Thing', { metadata, spec: { a: 1 } }],
];

function manifest(apiVersion: string, objectKind: string, body: JsonObject): Manifest {
  return { kind: 'manifest', apiVersion, objectKind, namespace: 'shop', name: 'x', body, origin: { file: 'x.yaml', line: 1 } };
}

function snapshot(apiVersion: string, objectKind: string, body: JsonObject): Snapshot {
  return snapshotOf([{ source: 'test', key: 'x', value: manifest(apiVersion, objectKind, body) }]);
}

const HOSTILE: readonly Json[] = [null, true, -1, 1.5, '', 'a\u001b[31m\nb', 'x'.repeat(10_000), [], [null], [[]], {}, { __proto__: null, a: null }, JSON.parse('{"__proto__": {"a": "b"}, "constructor": "c", "toString": 1}') as Json];

/** The value with each of its parts in turn replaced by `other`. */
function* withOneReplaced(value: Json, other: Json): Generator<Json> {
  yield other;
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    for (const [index, item] of list.entries()) for (const changed of withOneReplaced(item, other)) yield list.with(index, changed);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) for (const changed of withOneReplaced(item ?? null, other)) yield { ...(value as JsonObject), [key]: changed };
  }
}

describe('hostile objects', () => {
  it.each(objects)('%s %s reads without a word where nothing is wrong', (apiVersion, kind, body) => {
    expect(snapshot(apiVersion, kind, body).diagnostics).toEqual([]);
  });

  it.each(objects)('%s %s never makes reading fail, whatever stands in any place', (apiVersion, kind, body) => {
    let tried = 0;
    for (const other of HOSTILE) {
      for (const changed of withOneReplaced(body, other)) {
        if (typeof changed !== 'object' || changed === null || Array.isArray(changed)) continue;
        const result = placeExamplePods(snapshot(apiVersion, kind, changed as JsonObject), { nodes: 1 });
        for (const { message, subject, hint } of result.diagnostics) {
          expect(`${message}${subject}${hint}`.length).toBeLessThan(500);
          // eslint-disable-next-line no-control-regex -- control characters are what is looked for
          expect(`${message}${subject}${hint}`).not.toMatch(/[\u0000-\u001f]/);
        }
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(20);
  });

  it('keeps hostile keys as keys', () => {
    const body = { metadata, data: JSON.parse('{"__proto__": "p", "constructor": "c"}') as JsonObject };
    const data = snapshot('v1', 'ConfigMap', body).configMaps.get('shop/x')?.data ?? {};
    expect(Object.entries(data)).toEqual([['__proto__', 'p'], ['constructor', 'c']]);
  });

  it.each([
    ['a key of 10,000 characters', { ['k'.repeat(10_000)]: 'v' }],
    ['a value of 10,000 characters', { k: 'v'.repeat(10_000) }],
    ['__proto__', JSON.parse('{"__proto__": "v"}') as JsonObject],
    ['a line break', { k: 'a\nb' }],
  ])('leaves a label out that no selector can name: %s', (_name, labels) => {
    const result = snapshot('v1', 'Namespace', { metadata: { name: 'x', labels: { ...labels, good: 'yes' } } });
    expect(result.namespaces.get('x')?.labels).toEqual({ 'kubernetes.io/metadata.name': 'x', good: 'yes' });
    expect(result.diagnostics).toMatchObject([{ code: 'bad-label', severity: 'warning' }]);
  });
});
