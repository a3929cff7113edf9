import { describe, expect, it } from '@jest/globals';

import type { Workload } from '#model';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

function workload(yaml: string, key?: string): Workload {
  const { workloads } = snapshotFromYaml(yaml);
  const found = key === undefined ? [...workloads.values()][0] : workloads.get(key);
  if (found === undefined) throw new Error(`no workload ${key ?? ''} among ${[...workloads.keys()].join(', ')}`);
  return found;
}

function deployment(podSpec: string, rest = ''): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web, pod-template-hash: abc}}
    spec: ${podSpec}
${rest}`;
}

const template = '{metadata: {labels: {app: x}}, spec: {containers: [{name: c, image: i}]}}';

describe('workloads', () => {
  it.each([
    ['apps/v1', 'Deployment', `{replicas: 3, template: ${template}}`, { replicas: 3 }],
    ['apps/v1', 'Deployment', `{replicas: 0, template: ${template}}`, { replicas: 0 }],
    ['extensions/v1beta1', 'Deployment', `{template: ${template}}`, { replicas: 1 }],
    ['apps/v1', 'StatefulSet', `{serviceName: peers, template: ${template}}`, { governingService: 'peers' }],
    ['apps/v1', 'DaemonSet', `{template: ${template}}`, { replicas: 1 }],
    ['apps/v1', 'ReplicaSet', `{replicas: 2, template: ${template}}`, { replicas: 2 }],
    ['v1', 'ReplicationController', `{replicas: 2, template: ${template}}`, { replicas: 2 }],
    ['batch/v1', 'Job', `{parallelism: 4, template: ${template}}`, { replicas: 4 }],
    ['batch/v1beta1', 'CronJob', `{schedule: "0 * * * *", jobTemplate: {spec: {template: ${template}}}}`, { schedule: '0 * * * *', replicas: 1 }],
    ['batch/v1', 'CronJob', `{schedule: "0 * * * *", timeZone: Europe/Berlin, suspend: true, jobTemplate: {spec: {template: ${template}}}}`, { schedule: '0 * * * *', timeZone: 'Europe/Berlin', isSuspended: true }],
    ['argoproj.io/v1alpha1', 'Rollout', `{replicas: 2, template: ${template}}`, { replicas: 2 }],
    ['serving.knative.dev/v1', 'Service', `{template: ${template}}`, { replicas: 1 }],
  ])('%s %s', (apiVersion, kind, spec, expected) => {
    const found = workload(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x, namespace: shop}\nspec: ${spec}`, `shop/${kind}/x`);
    expect(found).toMatchObject({ podLabels: { app: 'x' }, platform: 'kubernetes', ...expected });
  });

  it('keeps a custom resource with a pod template whole as well', () => {
    const snapshot = snapshotFromYaml(`apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: x}\nspec: {template: ${template}}`);
    expect(snapshot.customResources.map(({ kind }) => kind)).toEqual(['Rollout']);
  });

  it('leaves labels of one rollout out', () => {
    expect(workload(deployment('{containers: [{name: a}]}')).podLabels).toEqual({ app: 'web' });
  });

  it('reads containers in the order they run, with what they are for', () => {
    const { containers } = workload(
      deployment('{initContainers: [{name: wait}, {name: proxy, restartPolicy: Always}], containers: [{name: main, image: "r/i:1", command: [a, "1"], args: ["-x"]}]}'),
    );
    expect(containers.map(({ name, role }) => `${name} ${role}`)).toEqual(['wait init', 'proxy sidecar', 'main main']);
    expect(containers[2]).toMatchObject({ image: 'r/i:1', command: ['a', '1'], args: ['-x'] });
  });

  it('reads variables in order, each from where it comes', () => {
    const [container] = workload(
      deployment(`
      containers:
      - name: a
        env:
        - {name: Z, value: "z"}
        - {name: A, value: "$(Z)/a"}
        - {name: EMPTY}
        - {name: C, valueFrom: {configMapKeyRef: {name: cm, key: k}}}
        - {name: S, valueFrom: {secretKeyRef: {name: s, key: k}}}
        - {name: F, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: R, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
        envFrom:
        - {configMapRef: {name: cm}}
        - {prefix: P_, secretRef: {name: s}}`),
    ).containers;
    expect(container?.env.map(({ name, value, from }) => [name, value ?? from])).toEqual([
      ['Z', 'z'],
      ['A', '$(Z)/a'],
      ['EMPTY', ''],
      ['C', { kind: 'configMap', name: 'cm', key: 'k' }],
      ['S', { kind: 'secret', name: 's', key: 'k' }],
      ['F', { kind: 'field', path: 'status.podIP' }],
      ['R', { kind: 'other' }],
    ]);
    expect(container?.env.map(({ origin }) => origin.line)).toEqual([11, 12, 13, 14, 15, 16, 17]);
    expect(container?.envFrom).toEqual([
      { kind: 'configMap', name: 'cm', prefix: '' },
      { kind: 'secret', name: 's', prefix: 'P_' },
    ]);
  });

  it('reads what is mounted, and only that', () => {
    const [container] = workload(
      deployment(`
      volumes:
      - {name: whole, configMap: {name: cm}}
      - {name: some, secret: {secretName: s, items: [{key: b, path: x/b}, {key: a, path: a}]}}
      - name: mixed
        projected:
          sources:
          - {configMap: {name: pc}}
          - {secret: {name: ps, items: [{key: k, path: p}]}}
          - {serviceAccountToken: {path: token}}
      - {name: unused, secret: {secretName: unused}}
      - {name: empty, emptyDir: {}}
      containers:
      - name: a
        volumeMounts:
        - {name: whole, mountPath: /whole}
        - {name: whole, mountPath: /one/file.conf, subPath: file.conf}
        - {name: some, mountPath: /some}
        - {name: some, mountPath: /x, subPath: x}
        - {name: some, mountPath: /none, subPath: nowhere}
        - {name: mixed, mountPath: /mixed}
        - {name: empty, mountPath: /empty}
        - {name: missing, mountPath: /missing}`),
    ).containers;
    expect(container?.mounts).toEqual([
      { path: '/whole', source: { kind: 'configMap', name: 'cm' } },
      { path: '/one/file.conf', source: { kind: 'configMap', name: 'cm', keys: ['file.conf'] } },
      { path: '/some', source: { kind: 'secret', name: 's', keys: ['a', 'b'] } },
      { path: '/x', source: { kind: 'secret', name: 's', keys: ['b'] } },
      { path: '/none', source: { kind: 'secret', name: 's', keys: [] } },
      { path: '/mixed', source: { kind: 'configMap', name: 'pc' } },
      { path: '/mixed', source: { kind: 'secret', name: 'ps', keys: ['k'] } },
      { path: '/mixed', source: { kind: 'serviceAccountToken' } },
      { path: '/empty', source: { kind: 'other' } },
    ]);
  });

  it('reads ports, and every port the kubelet calls', () => {
    const [container] = workload(
      deployment(`
      containers:
      - name: a
        ports: [{name: http, containerPort: 8080, hostPort: 80}, {containerPort: 53, protocol: UDP}]
        livenessProbe: {httpGet: {port: http}}
        readinessProbe: {tcpSocket: {port: 9000}}
        startupProbe: {grpc: {port: 9001}}
        lifecycle: {preStop: {httpGet: {port: "9002"}}, postStart: {httpGet: {port: 9003, host: elsewhere}}}`),
    ).containers;
    expect(container?.ports).toEqual([
      { name: 'http', port: 8080, protocol: 'TCP', hostPort: 80 },
      { port: 53, protocol: 'UDP' },
    ]);
    expect(container?.probes.map(({ port }) => port)).toEqual(['http', 9000, 9001, 9002]);
  });

  const account = (automount: boolean): string => `---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa, namespace: shop}\nautomountServiceAccountToken: ${String(automount)}`;
  const projected = 'volumes: [{name: t, projected: {sources: [{serviceAccountToken: {path: t}}]}}]';
  it.each([
    ['nobody says a word', '{serviceAccountName: sa, containers: [{name: a}]}', '', true],
    ['the account says no', '{serviceAccountName: sa, containers: [{name: a}]}', account(false), false],
    ['the account is another', '{serviceAccountName: other, containers: [{name: a}]}', account(false), true],
    ['the pod says yes, the account no', '{serviceAccountName: sa, automountServiceAccountToken: true, containers: [{name: a}]}', account(false), true],
    ['the pod says no, the account yes', '{serviceAccountName: sa, automountServiceAccountToken: false, containers: [{name: a}]}', account(true), false],
    ['the pod says no and mounts one itself', `{automountServiceAccountToken: false, ${projected}, containers: [{name: a, volumeMounts: [{name: t, mountPath: /t}]}]}`, '', true],
    ['the pod says no and mounts none', `{automountServiceAccountToken: false, ${projected}, containers: [{name: a}]}`, '', false],
  ])('knows whether a token is mounted: %s', (_name, podSpec, rest, expected) => {
    expect(workload(deployment(podSpec, rest)).tokenMounted).toBe(expected);
  });

  it.each([
    ['no template', 'spec: {}'],
    ['no containers', 'spec: {template: {spec: {containers: []}}}'],
    ['containers of null', 'spec: {template: {spec: {containers: null}}}'],
    ['a container of null', 'spec: {template: {spec: {containers: [null]}}}'],
    ['text for a template', 'spec: {template: no}'],
    ['a port out of range', 'spec: {template: {spec: {containers: [{name: a, ports: [{containerPort: 70000}]}]}}}'],
    ['a port in words', 'spec: {template: {spec: {containers: [{name: a, ports: [{containerPort: http}]}]}}}'],
    ['an unknown protocol', 'spec: {template: {spec: {containers: [{name: a, ports: [{containerPort: 1, protocol: tcp}]}]}}}'],
    ['a list of variables that is none', 'spec: {template: {spec: {containers: [{name: a, env: {A: b}}]}}}'],
    ['negative replicas', 'spec: {replicas: -1, template: {spec: {containers: [{name: a}]}}}'],
  ])('leaves out what the API server refuses, with a diagnostic: %s', (_name, spec) => {
    const snapshot = snapshotFromYaml(`apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n${spec}`);
    expect(snapshot.workloads.size).toBe(0);
    expect(snapshot.diagnostics).toMatchObject([{ code: 'invalid-object', severity: 'error', subject: 'Deployment shop/web', origin: { file: 'test.yaml', line: 1 } }]);
  });

  it.each([
    ['{matchLabels: {app: x}}', []],
    ['{matchLabels: {app: z}}', ['warning selects-others']],
    ['{matchExpressions: [{key: app, operator: Exists}]}', []],
    ['{matchLabels: [app]}', ['error invalid-object']],
  ])('judges the selector %s', (selector, expected) => {
    const { diagnostics } = snapshotFromYaml(`apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: ${selector}, template: ${template}}`);
    expect(diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(expected);
  });

  it('reads a number where text belongs as text, with a warning', () => {
    const snapshot = snapshotFromYaml(deployment('{containers: [{name: a, env: [{name: PORT, value: 5432}], args: [true]}]}'));
    expect([...snapshot.workloads.values()][0]?.containers[0]).toMatchObject({ env: [{ name: 'PORT', value: '5432' }], args: ['true'] });
    expect(snapshot.diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning not-text', 'warning not-text']);
  });
});
