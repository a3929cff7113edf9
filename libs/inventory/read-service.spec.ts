import { describe, expect, it } from '@jest/globals';

import type { Service } from '#model';

import { snapshotFromYaml } from '../../test/support/manifests.ts';

function service(spec: string): Service | undefined {
  return snapshotFromYaml(`apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n${spec}`).services.get('shop/web');
}

describe('services', () => {
  it.each<[string, string, Partial<Service>]>([
    ['ports', 'spec: {selector: {app: web}, ports: [{port: 80}, {name: dns, port: 53, protocol: UDP, targetPort: dns}, {port: 81, targetPort: "8081"}]}', {
      selector: { app: 'web' },
      ports: [
        { protocol: 'TCP', port: 80, targetPort: 80 },
        { name: 'dns', protocol: 'UDP', port: 53, targetPort: 'dns' },
        { protocol: 'TCP', port: 81, targetPort: 8081 },
      ],
    }],
    ['headless', 'spec: {clusterIP: None, selector: {app: web}}', { headless: true, clusterAddresses: [] }],
    ['an application protocol', 'spec: {ports: [{port: 1, appProtocol: kubernetes.io/h2c, nodePort: 30001}]}', { ports: [{ protocol: 'TCP', port: 1, targetPort: 1, appProtocol: 'kubernetes.io/h2c', nodePort: 30001 }] }],
    ['a number as a label value', 'spec: {selector: {version: 2}}', { selector: { version: '2' } }],
  ])('reads %s', (_name, spec, expected) => {
    expect(service(spec)).toMatchObject(expected);
  });

  it.each([['spec: {}'], ['spec: {selector: {}}'], ['spec: {selector: null}'], ['spec: {type: ExternalName, externalName: db.example.com, selector: {app: x}}']])('selects nothing with %s', (spec) => {
    expect(service(spec)).not.toHaveProperty('selector');
  });

  it('reads an external name', () => {
    expect(service('spec: {type: ExternalName, externalName: db.example.com}')).toMatchObject({ type: 'ExternalName', externalName: 'db.example.com', headless: false });
  });

  it('reads its addresses, each once, in both families', () => {
    const found = service('spec: {clusterIP: 192.0.2.1, clusterIPs: [192.0.2.1, "2001:db8::1"], externalIPs: [198.51.100.1]}\nstatus: {loadBalancer: {ingress: [{ip: 203.0.113.1}, {hostname: lb.example.com}]}}');
    expect(found?.clusterAddresses.map(({ text }) => text)).toEqual(['192.0.2.1', '2001:db8::1']);
    expect(found?.externalAddresses.map(({ text }) => text)).toEqual(['198.51.100.1', '203.0.113.1']);
  });

  it.each([
    ['a type nobody knows', 'spec: {type: Magic}'],
    ['port 0', 'spec: {ports: [{port: 0}]}'],
    ['a selector that is no mapping', 'spec: {selector: [app]}'],
    ['a selector no label can meet', 'spec: {selector: {app: "a b"}}'],
    ['a selector without a value', 'spec: {selector: {app: null, tier: x}}'],
    ['a target port that is nothing', 'spec: {ports: [{port: 1, targetPort: 1.5}]}'],
    ['an address that is none', 'spec: {clusterIP: 300.0.0.1}'],
    ['no spec', 'spec: null'],
  ])('leaves one out that has %s: a broken selector must not choose more', (_name, spec) => {
    const snapshot = snapshotFromYaml(`apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n${spec}`);
    expect(snapshot.services.size).toBe(0);
    expect(snapshot.diagnostics).toMatchObject([{ code: 'invalid-object', severity: 'error', subject: 'Service shop/web' }]);
  });
});

describe('endpoint slices', () => {
  it('are read in both forms', () => {
    const { endpointSlices } = snapshotFromYaml(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints:
- {addresses: [192.0.2.1], targetRef: {kind: Pod, name: web-a}}
- {addresses: [192.0.2.2], conditions: {ready: false}}
ports: [{name: http, port: 8080}]
---
apiVersion: v1
kind: Endpoints
metadata: {name: db, namespace: shop}
subsets:
- {addresses: [{ip: 198.51.100.7}], notReadyAddresses: [{ip: 198.51.100.8}], ports: [{port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: names, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: FQDN
endpoints: [{addresses: [db.example.com]}]
`);
    expect(endpointSlices.map(({ service: name, ports, endpoints }) => ({ name, ports, endpoints: endpoints.map(({ addresses, pod, ready }) => [addresses.map(({ text }) => text).join(), pod, ready]) }))).toEqual([
      { name: 'db', ports: [{ port: 5432, protocol: 'TCP' }], endpoints: [['198.51.100.7', undefined, true], ['198.51.100.8', undefined, false]] },
      { name: 'web', ports: [{ name: 'http', port: 8080, protocol: 'TCP' }], endpoints: [['192.0.2.1', 'web-a', true], ['192.0.2.2', undefined, false]] },
    ]);
  });
});
