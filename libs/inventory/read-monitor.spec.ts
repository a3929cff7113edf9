import { describe, expect, it } from '@jest/globals';

import { formatSelector } from '#model';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

const monitor = (kind: string, spec: string): string => `apiVersion: monitoring.coreos.com/v1\nkind: ${kind}\nmetadata: {name: m, namespace: ops}\nspec: ${spec}`;

describe('monitors', () => {
  it.each([
    ['ServiceMonitor', '{selector: {matchLabels: {app: a}, matchExpressions: [{key: t, operator: NotIn, values: [z, x]}]}, endpoints: [{port: web}, {targetPort: 8080}]}', 'app=a,t notin (x,z)', ['ops'], ['web', 8080]],
    ['ServiceMonitor', '{selector: {}, namespaceSelector: {matchNames: [b, a]}, endpoints: [{port: web}]}', '*', ['a', 'b'], ['web']],
    ['PodMonitor', '{selector: {}, namespaceSelector: {any: true}, podMetricsEndpoints: [{portNumber: 9}, {port: web}, {port: web}]}', '*', undefined, [9, 'web']],
  ])('%s %s', (kind, spec, selector, namespaces, ports) => {
    const [found] = snapshotFromYaml(monitor(kind, spec)).monitors;
    expect(found).toMatchObject({ kind, ports });
    expect(found?.namespaces).toEqual(namespaces);
    expect(found === undefined ? '' : formatSelector(found.selector)).toBe(selector);
  });

  it.each([['{}'], ['{selector: null}'], ['{selector: {matchExpressions: [{key: a, operator: Near, values: [x]}]}}'], ['{selector: {matchExpressions: [{key: a, operator: In}]}}'], ['{selector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}}']])('are left out with %s', (spec) => {
    const snapshot = snapshotFromYaml(monitor('ServiceMonitor', spec));
    expect(snapshot.monitors).toEqual([]);
    expect(snapshot.diagnostics).toMatchObject([{ code: 'invalid-object', severity: 'error' }]);
  });
});

describe('what the Prometheus operator makes pods of', () => {
  it('is a workload with the labels and ports of its pods, and kept whole', () => {
    const snapshot = snapshotFromYaml(monitor('Prometheus', '{replicas: 2, serviceAccountName: prom, podMetadata: {labels: {team: ops}}, secrets: [tls], configMaps: [rules], image: p, containers: [{name: prometheus, env: [{name: A, value: b}]}, {name: proxy, ports: [{containerPort: 4180}]}]}'));
    const workload = snapshot.workloads.get('ops/Prometheus/m');
    expect(workload).toMatchObject({ replicas: 2, serviceAccount: 'prom', tokenMounted: true, governingService: 'prometheus-operated' });
    expect(workload?.podLabels).toEqual({
      team: 'ops',
      'app.kubernetes.io/instance': 'm',
      'app.kubernetes.io/managed-by': 'prometheus-operator',
      'app.kubernetes.io/name': 'prometheus',
      'operator.prometheus.io/name': 'm',
      prometheus: 'm',
    });
    expect(workload?.containers.map(({ name, image, ports, env, mounts }) => [name, image, ports.map(({ port }) => port), env.length, mounts.map(({ path }) => path)])).toEqual([
      ['prometheus', 'p', [9090], 1, ['/etc/prometheus/secrets/tls', '/etc/prometheus/configmaps/rules']],
      ['config-reloader', '', [8080], 0, []],
      ['proxy', '', [4180], 0, []],
    ]);
    expect(snapshot.customResources.map(({ kind }) => kind)).toEqual(['Prometheus']);
  });

  it('opens the mesh of an Alertmanager on both protocols', () => {
    const workload = snapshotFromYaml(monitor('Alertmanager', '{}')).workloads.get('ops/Alertmanager/m');
    expect(workload?.containers[0]?.ports.map(({ port, protocol }) => `${port}/${protocol}`)).toEqual(['9093/TCP', '9094/TCP', '9094/UDP']);
  });
});
