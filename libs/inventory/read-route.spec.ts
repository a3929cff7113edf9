import { describe, expect, it } from '@jest/globals';

import type { Route } from '#model';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

function route(yaml: string): Route | undefined {
  return snapshotFromYaml(yaml).routes[0];
}

const gateway = (kind: string, spec: string): string => `apiVersion: gateway.networking.k8s.io/v1\nkind: ${kind}\nmetadata: {name: r, namespace: shop}\nspec: ${spec}`;

describe('routes', () => {
  it('read an Ingress', () => {
    const spec = '{defaultBackend: {service: {name: d, port: {number: 80}}}, rules: [{host: b.example.com, http: {paths: [{backend: {service: {name: web, port: {name: http}}}}]}}, {host: a.example.com, http: {paths: [{backend: {resource: {kind: Bucket, name: x}}}]}}]}';
    expect(route(`apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: r, namespace: shop}\nspec: ${spec}`)).toMatchObject({
      via: 'ingress-controller',
      hosts: ['a.example.com', 'b.example.com'],
      backends: [
        { namespace: 'shop', service: 'd', port: 80 },
        { namespace: 'shop', service: 'web', port: 'http' },
      ],
    });
  });

  it('read an Ingress of the older form', () => {
    const spec = '{backend: {serviceName: d, servicePort: 80}, rules: [{http: {paths: [{backend: {serviceName: web, servicePort: http}}]}}]}';
    expect(route(`apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: r, namespace: shop}\nspec: ${spec}`)?.backends).toEqual([
      { namespace: 'shop', service: 'd', port: 80 },
      { namespace: 'shop', service: 'web', port: 'http' },
    ]);
  });

  it.each(['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'])('read a %s, across namespaces', (kind) => {
    const spec = '{parentRefs: [{name: gw}], hostnames: [a.example.com], rules: [{backendRefs: [{name: web, port: 80}, {name: api, namespace: other, port: 81}, {kind: Bucket, name: x}], filters: [{requestMirror: {backendRef: {name: mirror, port: 82}}}]}]}';
    expect(route(gateway(kind, spec))).toMatchObject({
      kind,
      via: 'gateway',
      hosts: ['a.example.com'],
      backends: [
        { namespace: 'other', service: 'api', port: 81 },
        { namespace: 'shop', service: 'mirror', port: 82 },
        { namespace: 'shop', service: 'web', port: 80 },
      ],
    });
  });

  it('leave a route of a mesh out: no gateway is in front of it', () => {
    expect(route(gateway('HTTPRoute', '{parentRefs: [{kind: Service, name: web}], rules: [{backendRefs: [{name: web-v2, port: 80}]}]}'))).toBeUndefined();
  });
});

describe('what the API server calls', () => {
  it.each([
    ['a webhook, each Service once', 'apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: x}\nwebhooks: [{clientConfig: {service: {namespace: shop, name: w, port: 9443}}}, {clientConfig: {service: {namespace: shop, name: w, port: 9443}}}, {clientConfig: {url: "https://example.com"}}]', 9443],
    ['a webhook on the usual port', 'apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration\nmetadata: {name: x}\nwebhooks: [{clientConfig: {service: {namespace: shop, name: w}}}]', 443],
    ['an API service', 'apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata: {name: v1.x.example.com}\nspec: {service: {namespace: shop, name: w}}', 443],
    ['a conversion webhook', 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.example.com}\nspec: {conversion: {webhook: {clientConfig: {service: {namespace: shop, name: w, port: 1}}}}}', 1],
  ])('%s', (_name, yaml, port) => {
    const snapshot = snapshotFromYaml(yaml);
    expect(snapshot.apiServerCallbacks.map(({ target }) => target)).toEqual([{ namespace: 'shop', service: 'w', port }]);
    expect(snapshot.customResources).toEqual([]);
  });
});
