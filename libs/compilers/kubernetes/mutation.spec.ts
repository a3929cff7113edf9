import { describe, expect, it } from '@jest/globals';

import { propose } from '#learning';
import { type Connection, type Endpoint, type Snapshot, workloadKey } from '#model';
import { adoptPolicies, approve, createEvaluator, type Evaluator } from '#policy';

import { shippedCatalogue } from '../../../test/support/catalogue.ts';
import { policiesIn } from '../../../test/support/policy-sets.ts';
import { shop } from '../../../test/support/shop-world.ts';
import { address, graph, workload, world } from '../../../test/support/worlds.ts';
import { compileNetworkPolicies, type NetworkPolicyObject, renderYaml, type WirePeer, type WirePort } from './index.ts';

// Somebody behind every peer of every rule, so that a rule that is gone is missed.
const resolvers = [
  workload('kube-system/Deployment/coredns', { podLabels: { 'k8s-app': 'kube-dns' } }),
  workload('kube-system/DaemonSet/node-local-dns', { podLabels: { 'k8s-app': 'node-local-dns' } }),
  workload('openshift-dns/DaemonSet/dns-default', { podLabels: { 'dns.operator.openshift.io/daemonset-dns': 'default' } }),
];
const OUTSIDE = ['8.8.8.8', '192.0.2.10', '192.0.2.11', '169.254.20.10', '169.254.25.10', '169.254.7.127', '198.51.100.10', '2001:4860:4860::8888', '2001:db8:a::10', '2001:db8:a::11', '2001:db8:5::a', 'fd30:1319:f1e:230b::1', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff', '64:ff9b::808:808'].map(address);
const PORTS = [['TCP', 8080], ['TCP', 9080], ['TCP', 9102], ['TCP', 9100], ['TCP', 5432], ['UDP', 8125], ['TCP', 443], ['TCP', 6443], ['TCP', 9443], ['UDP', 53], ['TCP', 53], ['TCP', 853], ['UDP', 5353], ['TCP', 5353], ['TCP', 7000], ['TCP', 15008], ['SCTP', 12345]] as const;

const open = resolvers.flatMap(({ ref }) => [`${workloadKey(ref)} ingress`, `${workloadKey(ref)} egress`]);
// Each end alone: with the other end of every connection open, nothing hides behind what the other end denies.
const sides = (['ingress', 'egress'] as const).map((side) => ({ side, other: side === 'ingress' ? 'egress' : 'ingress' }));

function compiled(other: string): { readonly snapshot: Snapshot; readonly objects: readonly NetworkPolicyObject[] } {
  const snapshot = world({ ...shop.world, workloads: [...(shop.world.workloads ?? []), ...resolvers] });
  const unknown = [...(shop.graph.unknown ?? []), ...open, ...[...snapshot.workloads.keys()].map((key) => `${key} ${other}`)];
  const { proposals } = propose(graph(snapshot, { ...shop.graph, unknown }), snapshot, { tier: 'strong', catalogue: shippedCatalogue() });
  return { snapshot, objects: compileNetworkPolicies(approve(proposals, { number: 1, approvedBy: 'test', reason: 'mutation' }), snapshot).objects };
}

type Entry = { readonly from?: readonly WirePeer[]; readonly to?: readonly WirePeer[]; readonly ports?: readonly WirePort[] };

/** The object with one rule, one peer or one port of a rule taken out. */
function* mutants(object: NetworkPolicyObject, side: 'ingress' | 'egress'): Generator<{ readonly what: string; readonly object: NetworkPolicyObject }> {
  const key = side === 'ingress' ? 'from' : 'to';
  const entries: readonly Entry[] = object.spec[side] ?? [];
  const changed = (index: number, entry: Entry | undefined): NetworkPolicyObject => ({
    ...object,
    spec: { ...object.spec, [side]: entries.flatMap((each, at) => (at === index ? (entry ?? []) : each)) },
  });
  for (const [index, entry] of entries.entries()) {
    const name = `${object.metadata.namespace}/${object.metadata.name} ${side} ${String(index + 1)}`;
    yield { what: name, object: changed(index, undefined) };
    for (const part of [key, 'ports'] as const) {
      const list: readonly unknown[] = entry[part] ?? [];
      if (list.length < 2) continue;
      for (const at of list.keys()) yield { what: `${name} ${part} ${String(at + 1)}`, object: changed(index, { ...entry, [part]: list.filter((_, position) => position !== at) }) };
    }
  }
}

function* connectionsOf(snapshot: Snapshot, namespace: string): Generator<Connection> {
  const pods = [...snapshot.pods.values()].flatMap((pod) => pod.addresses.map((each): Endpoint => ({ kind: 'pod', pod, address: each })));
  const all = [...pods, ...OUTSIDE.map((each): Endpoint => ({ kind: 'address', address: each }))];
  for (const one of pods.filter((each) => each.kind === 'pod' && each.pod.namespace === namespace)) {
    for (const two of all) {
      if (one.address.family !== two.address.family) continue;
      for (const [protocol, port] of PORTS) {
        yield { from: one, to: two, protocol, port };
        yield { from: two, to: one, protocol, port };
      }
    }
  }
}

function isNoticed(mutant: Evaluator, whole: Evaluator, connections: Iterable<Connection>): boolean {
  for (const connection of connections) if (mutant.evaluate(connection).decision !== whole.evaluate(connection).decision) return true;
  return false;
}

describe.each(sides)('taking anything out of the emitted $side rules', ({ side, other }) => {
  it('is noticed by some connection', () => {
    const { snapshot, objects } = compiled(other);
    const whole = createEvaluator(adoptPolicies(policiesIn(renderYaml(objects))), snapshot);
    let count = 0;
    const unnoticed: string[] = [];
    for (const [index, object] of objects.entries()) {
      for (const mutant of mutants(object, side)) {
        count += 1;
        const policies = policiesIn(renderYaml(objects.map((each, at) => (at === index ? mutant.object : each))));
        if (!isNoticed(createEvaluator(adoptPolicies(policies), snapshot), whole, connectionsOf(snapshot, object.metadata.namespace))) unnoticed.push(mutant.what);
      }
    }
    expect(unnoticed).toEqual([]);
    expect(count).toBeGreaterThan(10);
  });
});
