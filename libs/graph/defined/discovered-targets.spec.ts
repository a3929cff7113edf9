import { describe, expect, it } from '@jest/globals';

import { deployment, edgesOf, inferText, service } from '../../../test/support/infer-text.ts';

const shop = deployment('api', { ports: ['http:8080', 'admin:9990'] }) + service('api', '{name: http, port: 80, targetPort: http}') + deployment('db', { ports: ['5432'] });

function prometheus(job: string): string {
  const text = `scrape_configs:\n- job_name: x\n${job.split('\n').map((line) => `  ${line}`).join('\n')}\n`;
  const config = `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: prometheus, namespace: shop}\ndata: {prometheus.yml: ${JSON.stringify(text)}}\n`;
  return config + deployment('prometheus', { podSpec: 'volumes: [{name: c, configMap: {name: prometheus}}]', container: 'volumeMounts: [{name: c, mountPath: /etc/prometheus}]' });
}

describe('a Prometheus that discovers its targets', () => {
  it.each([
    ['every declared port', 'kubernetes_sd_configs:\n- role: pod', ['api 8080', 'api 9990', 'db 5432']],
    ['ports behind Services', 'kubernetes_sd_configs:\n- role: endpoints', ['api 8080']],
    ['no nodes', 'kubernetes_sd_configs:\n- role: node', []],
    ['nothing of other namespaces', 'kubernetes_sd_configs:\n- role: pod\n  namespaces: {names: [other]}', []],
    ['what the rules keep', 'kubernetes_sd_configs:\n- role: pod\nrelabel_configs:\n- {action: keep, source_labels: [__meta_kubernetes_pod_container_port_name], regex: .*admin}', ['api 9990']],
    ['what the rules do not drop', 'kubernetes_sd_configs:\n- role: pod\nrelabel_configs:\n- {action: drop, source_labels: [__meta_kubernetes_pod_label_app], regex: api}', ['db 5432']],
    ['all where a rule can not be told', 'kubernetes_sd_configs:\n- role: endpoints\nrelabel_configs:\n- {action: keep, source_labels: [__tmp_x], regex: y}', ['api 8080']],
    ['what asks for it alone, where it keeps that', 'kubernetes_sd_configs:\n- role: pod\nrelabel_configs:\n- {action: keep, source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], regex: true}', []],
  ])('is hinted to call %s', (_, job, expected) => {
    const weak = edgesOf(inferText(shop + prometheus(job))).filter((edge) => edge.startsWith('shop/Deployment/prometheus'));
    expect(weak).toEqual(expected.map((each) => `shop/Deployment/prometheus -> shop/Deployment/${each}/TCP weak`));
  });
});
