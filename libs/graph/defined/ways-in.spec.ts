import { describe, expect, it } from '@jest/globals';

import { edgesOf, deployment, inferText, service } from '../../../test/support/infer-text.ts';
import { workload, world } from '../../../test/support/worlds.ts';
import { inferGraph } from '../infer.ts';

const web = deployment('web', { ports: ['http:8080'] });

describe('ways in from outside', () => {
  it.each([
    ['LoadBalancer', ['internet -> shop/Deployment/web 8080/TCP']],
    ['NodePort', ['internet -> shop/Deployment/web 8080/TCP']],
    ['ClusterIP', []],
  ])('a Service of type %s', (type, edges) => {
    expect(edgesOf(inferText(web + service('web', '{port: 80, targetPort: http}', `type: ${type}`)))).toEqual(edges);
  });

  it('a host port', () => {
    const text = deployment('agent', { kind: 'DaemonSet' }).replace('ports: []', 'ports: [{containerPort: 8125, hostPort: 8125, protocol: UDP}]');
    expect(edgesOf(inferText(text))).toEqual(['internet -> shop/DaemonSet/agent 8125/UDP']);
  });

  it.each([
    [undefined, 1],
    ['0.0.0.0', 1],
    ['::', 1],
    ['192.0.2.7', 1],
    ['127.0.0.1', 0],
    ['127.9.9.9', 0],
    ['::1', 0],
    ['[::1]', 0],
    ['localhost', 0],
  ])('a port Compose publishes on %s', (hostAddress, count) => {
    const published = [{ target: 80, protocol: 'TCP' as const, ...(hostAddress === undefined ? {} : { hostAddress }) }];
    const compose = { dependsOn: [], links: [], networks: [], published, profiles: [] };
    const graph = inferGraph(world({ workloads: [workload('shop/ComposeService/web', { platform: 'compose', compose })] }));
    expect(edgesOf(graph)).toEqual(Array.from({ length: count }, () => 'internet -> shop/ComposeService/web 80/TCP'));
  });

  it('Ingresses and routes of the Gateway API, at the pod port', () => {
    const ingress = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec: {rules: [{host: shop.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: main}}}}, {path: /x, pathType: Prefix, backend: {service: {name: absent, port: {number: 80}}}}]}}]}
`;
    const route = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: shop}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: web, port: 80}]}]}
`;
    expect(edgesOf(inferText(web + service('web', '{name: main, port: 80, targetPort: http}') + ingress + route))).toEqual(['gateway -> shop/Deployment/web 8080/TCP', 'ingress-controller -> shop/Deployment/web 8080/TCP']);
  });
});

describe('calls by the API server', () => {
  const target = (port: string): string => `clientConfig: {service: {name: web, namespace: shop${port}}}`;
  const hooks = service('web', '{name: hooks, port: 443, targetPort: http}, {name: other, port: 8443, targetPort: http}');

  it.each([
    ['a webhook, on 443 where it names no port', `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: guard}\nwebhooks: [{name: a.example.com, ${target('')}}]`, 'webhook'],
    ['a webhook with a port', `apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: guard}\nwebhooks: [{name: a.example.com, ${target(', port: 8443')}}]`, 'webhook'],
    ['an aggregated API', 'apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.example.com}\nspec: {service: {name: web, namespace: shop}}', 'api-service'],
    ['a conversion', `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\nspec: {conversion: {strategy: Webhook, webhook: {${target('')}}}}`, 'conversion-webhook'],
  ])('%s', (_, text, source) => {
    const { relationships } = inferText(`${web}${hooks}---\n${text}\n`);
    expect(relationships.map(({ from, port, evidence }) => [from, port, evidence[0]?.source])).toEqual([['kube-apiserver', 8080, source]]);
  });

  it('nowhere, where the Service is not there', () => {
    const text = `---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: guard}\nwebhooks: [{name: a.example.com, ${target('')}}]\n`;
    expect(edgesOf(inferText(web + text))).toEqual([]);
  });
});
