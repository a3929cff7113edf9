import { describe, expect, it } from '@jest/globals';

import { endpointSlice, service, workload, world, address } from '../../test/support/worlds.ts';
import { renderServiceTable, serviceRoutes } from './service-table.ts';

const api = workload('shop/Deployment/api', { replicas: 2, ports: ['http:8080'] });
const text = (services: Parameters<typeof world>[0]): readonly string[] =>
  serviceRoutes(world({ workloads: [api], ...services })).map(({ service: name, address: { text: at }, protocol, port, backends }) => `${name} ${at} ${String(port)}/${protocol} -> ${backends.map((backend) => `${backend.address.text} ${String(backend.port)}`).join(', ')}`);

describe('where a Service leads', () => {
  it('is to the port of that name, in both families', () => {
    const given = service('shop/api', { selector: { app: 'api' }, clusterAddresses: [address('198.51.100.1'), address('2001:db8:5::1')], ports: [{ port: 80, targetPort: 'http' }] });
    expect(text({ services: [given] })).toEqual([
      'shop/api 198.51.100.1 80/TCP -> 10.0.1.1 8080, 10.0.1.2 8080',
      'shop/api 2001:db8:5::1 80/TCP -> 2001:db8:1::1 8080, 2001:db8:1::2 8080',
    ]);
  });

  it('without an address gets one of each family', () => {
    expect(text({ services: [service('shop/api', { selector: { app: 'api' }, ports: [{ port: 80 }] })] })).toEqual([
      'shop/api 198.19.128.0 80/TCP -> 10.0.1.1 80, 10.0.1.2 80',
      'shop/api fd00:198:1a::1 80/TCP -> 2001:db8:1::1 80, 2001:db8:1::2 80',
    ]);
  });

  it.each([
    ['headless', service('shop/api', { selector: { app: 'api' }, headless: true, ports: [{ port: 80 }] })],
    ['another name', service('shop/api', { type: 'ExternalName', externalName: 'api.example.com', ports: [{ port: 80 }] })],
    ['of Compose', service('shop/api', { type: 'Compose', workloads: [api.ref] })],
  ])('is nowhere of its own where it is %s', (_what, given) => {
    expect(text({ services: [given] })).toEqual([]);
  });

  it('is to nobody without a selector, in another namespace, or by a name no pod has', () => {
    const given = [
      service('shop/a', { ports: [{ port: 80 }], clusterAddresses: [address('198.51.100.1')] }),
      service('shop/b', { selector: {}, ports: [{ port: 80 }], clusterAddresses: [address('198.51.100.2')] }),
      service('else/c', { selector: { app: 'api' }, ports: [{ port: 80 }], clusterAddresses: [address('198.51.100.3')] }),
      service('shop/d', { selector: { app: 'api' }, ports: [{ port: 80, targetPort: 'grpc' }], clusterAddresses: [address('198.51.100.4')] }),
    ];
    expect(text({ services: given }).every((line) => line.endsWith('-> '))).toBe(true);
    expect(text({ services: given })).toHaveLength(4);
  });

  it('is where somebody wrote endpoints for it, where it has no selector', () => {
    const given = service('shop/legacy', { ports: [{ port: 80, name: 'http' }], clusterAddresses: [address('198.51.100.1')] });
    expect(text({ services: [given], endpointSlices: [endpointSlice('shop/legacy', ['203.0.113.8'], ['http:8088'])] })).toEqual(['shop/legacy 198.51.100.1 80/TCP -> 203.0.113.8 8088']);
  });
});

describe('the table of the lab', () => {
  it('names no Service: what people call them is in no text that is loaded', () => {
    const given = service('shop/x"; flush ruleset; #', { selector: { app: 'api' }, ports: [{ port: 80, nodePort: 30080 }] });
    expect(renderServiceTable(serviceRoutes(world({ workloads: [api], services: [given] })))).not.toContain('flush');
  });
});
