import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { compileNodes } from '#compilers/nftables';
import { NetlinkDriver } from '#dataplane';
import { EnforcedLab, type LabOptions, type ProbeOutcome, serviceRoutes } from '#lab';
import { type Address, type Connection, type Endpoint, podKey, type Pod, type Protocol } from '#model';
import { adoptPolicies } from '#policy';

import { digest, policiesOf } from '../support/agreement.ts';
import { describeKernel } from '../support/kernel.ts';
import { address, node, podsOf, service, workload, world } from '../support/worlds.ts';

/*
 *   n1: web, web's twin, api      n2: store, agent (host network)
 *   api admits web on 8080; store admits nobody
 */
const nodes = [node('n1', ['192.0.2.1', '2001:db8:ffff::1']), node('n2', ['192.0.2.2', '2001:db8:ffff::2'])];
const [n1, n2] = [nodes[0]!, nodes[1]!];
const workloads = [
  workload('shop/Deployment/web', { replicas: 2, ports: ['http:8080'] }),
  workload('shop/Deployment/api', { ports: ['http:8080', 'bulk:8080/UDP', 'media:8080/SCTP'] }),
  workload('shop/StatefulSet/store', { ports: ['data:5432'] }),
];
const pods = [...podsOf(workloads[0]!, 1, n1).map((pod, at) => ({ ...pod, labels: { ...pod.labels, 'apps.kubernetes.io/pod-index': String(at) } })), ...podsOf(workloads[1]!, 2, n1), ...podsOf(workloads[2]!, 3, n2), ...podsOf(workload('shop/DaemonSet/agent', { hostNetwork: true }), 4, n2)];
const cluster = world({
  nodes,
  workloads,
  pods,
  services: [
    service('shop/api', { selector: { app: 'api' }, clusterAddresses: [address('198.51.100.10'), address('2001:db8:5e::10')], ports: [{ port: 80, targetPort: 'http', nodePort: 30080 }, { name: 'media', port: 80, protocol: 'SCTP', targetPort: 8080 }] }),
    service('shop/web', { selector: { app: 'web', 'apps.kubernetes.io/pod-index': '1' }, clusterAddresses: [address('198.51.100.14'), address('2001:db8:5e::14')], ports: [{ port: 80, targetPort: 8080, nodePort: 30081 }] }),
    service('shop/store', { selector: { app: 'store' }, clusterAddresses: [address('198.51.100.11')], ports: [{ port: 5432 }] }),
    service('shop/nothing', { selector: { app: 'nothing' }, clusterAddresses: [address('198.51.100.12')], ports: [{ port: 80 }] }),
  ],
});
const revision = adoptPolicies(
    policiesOf(`
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: api, namespace: shop}
spec:
  podSelector: {matchLabels: {app: api}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 8080}, {port: 8080, protocol: UDP}, {port: 8080, protocol: SCTP}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: store, namespace: shop}
spec: {podSelector: {matchLabels: {app: store}}, policyTypes: [Ingress, Egress]}
`),
);
const bundles = new Map(compileNodes(revision, cluster, { digest }).bundles.map((bundle) => [bundle.node, bundle]));
const families = [4, 6] as const;

describeKernel('packets in a lab', () => {
  describe.each<readonly [string, LabOptions]>([
    ['with routed pods', {}],
    ['with the pods of a node on one bridge', { isBridged: true }],
  ])('%s', (_what, options) => {
    let lab: EnforcedLab;
    beforeAll(() => {
      lab = new EnforcedLab(options);
      lab.show(cluster, bundles);
      lab.translate(serviceRoutes(cluster));
    });
    afterAll(() => {
      lab.close();
    });

    function send(from: string, to: string, port: number, fields: { readonly family?: 4 | 6; readonly protocol?: Protocol; readonly by?: { readonly destination: Address; readonly port: number }; readonly dataBytes?: number } = {}): ProbeOutcome['kind'] {
      const { family = 4, protocol = 'TCP', by, dataBytes } = fields;
      const connection: Connection = { from: end(from, family), to: end(to, family), protocol, port };
      const [outcome] = lab.send([{ connection, from: lab.placeOf(connection.from), to: lab.placeOf(connection.to), ...(by === undefined ? {} : { by }), ...(dataBytes === undefined ? {} : { dataBytes }) }]);
      return outcome!.kind;
    }

    it.each(families)('a pod speaks in its own name only, as far as the wiring tells pods apart, over IPv%d', (family) => {
      const sendAs = (name: string): ProbeOutcome['kind'] => {
        const connection: Connection = { from: end(name, family), to: end('web-1', family), protocol: 'TCP', port: 1 };
        return lab.send([{ connection, from: lab.placeOf(end('api-1', family)), to: lab.placeOf(connection.to) }])[0]!.kind;
      };
      const refused = (): number => {
        const driver = new NetlinkDriver({ namespacePath: lab.lab.nodeNamespaces().get('n1')!.path, ownsTable: false });
        const count = driver.counters().filter(({ chain }) => chain === 'guarded_sender').reduce((sum, { packets }) => sum + packets, 0);
        driver.close();
        return count;
      };
      const before = refused();
      expect(sendAs('api-1')).toBe('arrived');
      expect(refused()).toBe(before);
      expect(sendAs('store-1')).toBe('dropped');
      const after = refused();
      expect(after).toBeGreaterThan(before);
      // rules see the bridge a packet came in by, and never its port
      expect(sendAs('web-2')).toBe(options.isBridged === true ? 'arrived' : 'dropped');
      expect(refused() > after).toBe(options.isBridged !== true);
    });

    it.each(families)('pods of one node are kept apart, over IPv%d', (family) => {
      expect(send('web-1', 'api-1', 8080, { family })).toBe('arrived');
      expect(send('web-1', 'api-1', 8081, { family })).toBe('dropped');
      expect(send('web-1', 'web-2', 1, { family })).toBe('arrived');
      expect(send('web-1', 'store-1', 5432, { family })).toBe('dropped');
    });

    it.each(families)('a node reaches its own pods, as the kubelet does, and no other node does; over IPv%d', (family) => {
      expect(send('agent-1', 'store-1', 5432, { family })).toBe('arrived');
      expect(send(n1.addresses[family === 4 ? 0 : 1]!.text, 'api-1', 9, { family })).toBe('arrived');
      expect(send(n1.addresses[family === 4 ? 0 : 1]!.text, 'store-1', 5432, { family })).toBe('dropped');
      expect(send('store-1', 'agent-1', 10250, { family })).toBe('dropped');
    });

    it.each(families)('a fragmented packet is judged whole and arrives whole, over IPv%d', (family) => {
      for (const dataBytes of [1400, 1473, 4000, 30_000]) {
        expect(send('web-1', 'api-1', 8080, { family, protocol: 'UDP', dataBytes })).toBe('arrived');
        expect(send('web-1', 'api-1', 8081, { family, protocol: 'UDP', dataBytes })).toBe('dropped');
        expect(send('web-1', 'store-1', 8080, { family, protocol: 'UDP', dataBytes })).toBe('dropped');
        expect(send('web-1', 'web-2', 0, { family, protocol: 'ICMP', dataBytes })).toBe('arrived');
      }
    });

    it('a Service leads to its pods, whom policies then judge', () => {
      const [v4, v6] = [address('198.51.100.10'), address('2001:db8:5e::10')];
      expect(send('web-1', 'api-1', 8080, { by: { destination: v4, port: 80 } })).toBe('arrived');
      expect(send('web-1', 'api-1', 8080, { family: 6, by: { destination: v6, port: 80 } })).toBe('arrived');
      expect(send('web-2', 'api-1', 8080, { protocol: 'SCTP', by: { destination: v4, port: 80 } })).toBe('arrived');
      expect(send('store-1', 'api-1', 8080, { by: { destination: v4, port: 80 } })).toBe('dropped');
      expect(send('web-1', 'store-1', 5432, { by: { destination: address('198.51.100.11'), port: 5432 } })).toBe('dropped');
      expect(send('agent-1', 'store-1', 5432, { by: { destination: address('198.51.100.11'), port: 5432 } })).toBe('arrived');
    });

    it('a pod reaches itself through a Service, though nobody else may', () => {
      expect(send('api-1', 'api-1', 8080, { by: { destination: address('198.51.100.10'), port: 80 } })).toBe('arrived');
      expect(send('api-1', 'api-1', 8080, { family: 6, by: { destination: address('2001:db8:5e::10'), port: 80 } })).toBe('arrived');
    });

    it('a Service with nothing behind it leads nowhere', () => {
      expect(send('web-1', '198.51.100.12', 80)).toBe('dropped');
      expect(send('web-1', '198.51.100.13', 80)).toBe('arrived');
    });

    it('a port of any node leads to the pods of its Service, and policies judge who comes by it', () => {
      for (const { addresses } of nodes) {
        for (const destination of addresses) {
          expect(send(destination.family === 4 ? '203.0.113.7' : '2001:db8:ffff::7', 'web-2', 8080, { family: destination.family, by: { destination, port: 30081 } })).toBe('arrived');
          expect(send(destination.family === 4 ? '203.0.113.7' : '2001:db8:ffff::7', 'api-1', 8080, { family: destination.family, by: { destination, port: 30080 } })).toBe('dropped');
        }
      }
    });
  });

  it('between pods of one bridge is seen by rules only where the bridge shows it to them', () => {
    const lab = new EnforcedLab({ isBridged: true });
    try {
      lab.show(cluster, bundles);
      const connection: Connection = { from: end('web-1', 4), to: end('api-1', 4), protocol: 'TCP', port: 8081 };
      expect(lab.probe([connection])).toEqual([{ kind: 'dropped' }]);
      lab.hostOf({ kind: 'address', address: n1.addresses[0]! }).namespace.configure({ 'net.bridge.bridge-nf-call-iptables': '0' });
      expect(lab.probe([connection])).toEqual([{ kind: 'arrived' }]);
    } finally {
      lab.close();
    }
  });
});

function end(name: string, family: 4 | 6): Endpoint {
  const pod = pods.find((each: Pod) => podKey(each) === `shop/${name}`);
  if (pod === undefined) return { kind: 'address', address: address(name) };
  return { kind: 'pod', pod, address: pod.addresses.find((each) => each.family === family)! };
}
