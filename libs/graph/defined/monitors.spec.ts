import { describe, expect, it } from '@jest/globals';

import { deployment, edgesOf, inferText, service } from '../../../test/support/infer-text.ts';

function prometheus(spec: string, namespace = 'watch'): string {
  return `---\napiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: main, namespace: ${namespace}}\nspec: {${spec}}\n`;
}

function monitor(spec: string, kind = 'ServiceMonitor', labels = 'team: a'): string {
  return `---\napiVersion: monitoring.coreos.com/v1\nkind: ${kind}\nmetadata: {name: watched, namespace: shop, labels: {${labels}}}\nspec: {${spec}}\n`;
}

const api = deployment('api', { ports: ['http:8080', 'stats:9102'] }) + service('api', '{name: web, port: 80, targetPort: http}, {name: stats, port: 9000, targetPort: stats}');
const byWeb = monitor('selector: {matchLabels: {app: api}}, endpoints: [{port: web}]');
const everywhere = 'serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}, podMonitorSelector: {}, podMonitorNamespaceSelector: {}';

describe('which Prometheus picks a monitor up', () => {
  it.each([
    ['none in the input', '', 'prometheus'],
    ['one that picks all, everywhere', prometheus(everywhere), 'watch/Prometheus/main'],
    ['an absent selector picks none', prometheus('serviceMonitorNamespaceSelector: {}'), 'prometheus'],
    ['an absent namespace selector means its own namespace', prometheus('serviceMonitorSelector: {}'), 'prometheus'],
    ['its own namespace is the right one', prometheus('serviceMonitorSelector: {}', 'shop'), 'shop/Prometheus/main'],
    ['labels that match', prometheus('serviceMonitorSelector: {matchLabels: {team: a}}, serviceMonitorNamespaceSelector: {}'), 'watch/Prometheus/main'],
    ['labels that do not', prometheus('serviceMonitorSelector: {matchLabels: {team: b}}, serviceMonitorNamespaceSelector: {}'), 'prometheus'],
    ['an expression that matches', prometheus('serviceMonitorSelector: {matchExpressions: [{key: team, operator: In, values: [a]}]}, serviceMonitorNamespaceSelector: {}'), 'watch/Prometheus/main'],
    ['an expression that can not be read selects nothing', prometheus('serviceMonitorSelector: {matchExpressions: [{key: team, operator: Like}]}, serviceMonitorNamespaceSelector: {}'), 'prometheus'],
  ])('%s', (_, text, client) => {
    expect(edgesOf(inferText(api + byWeb + text))).toEqual([`${client} -> shop/Deployment/api 8080/TCP`]);
  });
});

describe('what a monitor leads to', () => {
  it.each([
    ['a Service port by name, at the pod port', 'selector: {matchLabels: {app: api}}, endpoints: [{port: stats}]', 'ServiceMonitor', ['9102']],
    ['a target port by number', 'selector: {matchLabels: {app: api}}, endpoints: [{targetPort: 9102}]', 'ServiceMonitor', ['9102']],
    ['a target port by name', 'selector: {matchLabels: {app: api}}, endpoints: [{targetPort: http}]', 'ServiceMonitor', ['8080']],
    ['a port of the pods', 'selector: {matchLabels: {app: api}}, podMetricsEndpoints: [{port: stats}]', 'PodMonitor', ['9102']],
    ['a port nobody has', 'selector: {matchLabels: {app: api}}, endpoints: [{port: absent}]', 'ServiceMonitor', []],
    ['another namespace', 'selector: {matchLabels: {app: api}}, namespaceSelector: {matchNames: [other]}, endpoints: [{port: web}]', 'ServiceMonitor', []],
    ['any namespace', 'selector: {matchLabels: {app: api}}, namespaceSelector: {any: true}, endpoints: [{port: web}]', 'ServiceMonitor', ['8080']],
  ])('%s', (_, spec, kind, ports) => {
    expect(edgesOf(inferText(api + monitor(spec, kind)))).toEqual(ports.map((port) => `prometheus -> shop/Deployment/api ${port}/TCP`));
  });

  it.each([
    ['app.kubernetes.io/name: kubelet', 'kubelet 10250'],
    ['component: apiserver, provider: kubernetes', 'kube-apiserver 443'],
    ['k8s-app: kube-dns', 'coredns 9153'],
    ['app: release-coredns', 'coredns 9153'],
    ['component: kube-scheduler', 'kube-scheduler 10259'],
    ['app.kubernetes.io/name: kube-controller-manager', 'kube-controller-manager 10257'],
  ])('part of the cluster selected by %s', (labels, target) => {
    const text = monitor(`selector: {matchLabels: {${labels}}}, namespaceSelector: {matchNames: [kube-system]}, endpoints: [{port: https-metrics}]`);
    expect(edgesOf(inferText(text))).toEqual([`prometheus -> ${target}/TCP`]);
  });

  it('leaves out what it can not recognise', () => {
    expect(edgesOf(inferText(monitor('selector: {matchLabels: {app: somewhere}}, endpoints: [{port: web}]')))).toEqual([]);
  });
});

describe('a Prometheus that watches itself', () => {
  const own = `---\napiVersion: v1\nkind: Service\nmetadata: {name: main, namespace: watch, labels: {app: main}}\nspec: {selector: {app.kubernetes.io/instance: main}, ports: [{name: web, port: 9090, targetPort: web}]}\n`;
  const watched = `---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: own, namespace: watch}\nspec: {selector: {matchLabels: {app: main}}, endpoints: [{port: web}]}\n`;

  it.each([
    [1, []],
    [2, ['watch/Prometheus/main -> watch/Prometheus/main 9090/TCP']],
  ])('with %d replicas', (replicas, edges) => {
    expect(edgesOf(inferText(prometheus(`${everywhere}, replicas: ${String(replicas)}`) + own + watched))).toEqual(edges);
  });
});

describe('alerts', () => {
  const receiver = (replicas: number): string => `---
apiVersion: monitoring.coreos.com/v1
kind: Alertmanager
metadata: {name: pager, namespace: watch}
spec: {replicas: ${String(replicas)}}
---
apiVersion: v1
kind: Service
metadata: {name: pager, namespace: watch}
spec: {selector: {alertmanager: pager}, ports: [{name: web, port: 80, targetPort: web}]}
`;

  it('go to the pods behind the Service that is named', () => {
    const text = prometheus('alerting: {alertmanagers: [{name: pager, port: web}, {name: absent, port: web}]}') + receiver(1);
    expect(edgesOf(inferText(text))).toEqual(['watch/Prometheus/main -> watch/Alertmanager/pager 9093/TCP']);
  });

  it('are told between replicas', () => {
    expect(edgesOf(inferText(receiver(3)))).toEqual(['watch/Alertmanager/pager -> watch/Alertmanager/pager 9094/TCP', 'watch/Alertmanager/pager -> watch/Alertmanager/pager 9094/UDP']);
  });
});
