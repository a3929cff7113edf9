import { describe, expect, it } from '@jest/globals';

import { deployment, edgesOf, inferText, service } from '../../../test/support/infer-text.ts';

const web = (annotations: string): string => deployment('web', { ports: ['8080', '9102'], annotations });

describe('scrape annotations', () => {
  it.each([
    ['a pod with a port', web('prometheus.io/scrape: "true", prometheus.io/port: "9102"'), ['9102']],
    ['a pod without one: every port it declares', web('prometheus.io/scrape: "true"'), ['8080', '9102']],
    ['switched off', web('prometheus.io/scrape: "false", prometheus.io/port: "9102"'), []],
    ['a port that is none', web('prometheus.io/scrape: "true", prometheus.io/port: "{{ port }}"'), ['8080', '9102']],
    ['a Service: its pod ports', web('') + service('web', '{port: 80, targetPort: 8080}', '', 'shop', 'prometheus.io/scrape: "true"'), ['8080']],
    ['a Service with a port: that port of the pods', web('') + service('web', '{port: 80, targetPort: 8080}', '', 'shop', 'prometheus.io/scrape: "true", prometheus.io/port: "9102"'), ['9102']],
  ])('%s', (_, text, ports) => {
    expect(edgesOf(inferText(text))).toEqual(ports.map((port) => `prometheus -> shop/Deployment/web ${port}/TCP`));
  });

  it('lead to the workload of the input that follows them, where there is one', () => {
    const config = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: scrape, namespace: shop}
data:
  prometheus.yml: |
    scrape_configs:
    - job_name: pods
      kubernetes_sd_configs: [{role: pod}]
      relabel_configs:
      - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: "true"}
`;
    const watcher = deployment('watcher', { podSpec: 'volumes: [{name: c, configMap: {name: scrape}}]', container: 'volumeMounts: [{name: c, mountPath: /etc/watcher}]' });
    const graph = inferText(web('prometheus.io/scrape: "true", prometheus.io/port: "9102"') + watcher + config);
    expect(edgesOf(graph)).toEqual(['shop/Deployment/watcher -> shop/Deployment/web 9102/TCP']);
    expect(graph.knowledge.get('shop/Deployment/watcher')?.egress.isKnown).toBe(false);
  });
});
