import { describe, expect, it } from '@jest/globals';

import { propose } from '#learning';
import { type Address, type Connection, type Endpoint, parsePrefix, type Pod, podKey, type Proposal, type ProposedRule, type Protocol, type Snapshot } from '#model';
import { adoptPolicies, approve, createEvaluator } from '#policy';

import { shippedCatalogue } from '../../../test/support/catalogue.ts';
import { policiesIn } from '../../../test/support/policy-sets.ts';
import { shop } from '../../../test/support/shop-world.ts';
import { address, graph, type GraphFields, node, ref, relationship, workload, world, type World } from '../../../test/support/worlds.ts';
import { compileNetworkPolicies, renderYaml } from './index.ts';

const OUTSIDE = ['198.51.100.77', '203.0.113.9', '8.8.8.8', '10.200.0.1', '192.0.2.10', '192.0.2.11', '169.254.169.254', '169.254.20.10', '169.254.7.127', '2001:4860:4860::8888', '2001:db8:a::10', 'fd00:1::1', 'fd30:1319:f1e:230b::1', 'fe80::1', '64:ff9b::808:808', '64:ff9b::a00:1'].map(address);

/** Every pod on every address, and addresses outside of all kinds. */
function endpointsOf(snapshot: Snapshot): readonly Endpoint[] {
  const pods = [...snapshot.pods.values()].flatMap((pod) => pod.addresses.map((each): Endpoint => ({ kind: 'pod', pod, address: each })));
  return [...pods, ...OUTSIDE.map((each): Endpoint => ({ kind: 'address', address: each }))];
}

function* connections(snapshot: Snapshot, ports: readonly (readonly [Protocol, number])[]): Generator<Connection> {
  const endpoints = endpointsOf(snapshot);
  for (const from of endpoints) {
    for (const to of endpoints) {
      if (from.address.family !== to.address.family || (from.kind === 'address' && to.kind === 'address')) continue;
      for (const [protocol, port] of ports) yield { from, to, protocol, port };
    }
  }
}

interface Disagreement {
  readonly connection: string;
  readonly revision: string;
  readonly emitted: string;
}

interface Comparison {
  readonly differences: readonly Disagreement[];
  readonly allowed: number;
  readonly denied: number;
  readonly codes: readonly string[];
}

/** Asks the approved revision and what a cluster reads of the emitted YAML the same questions. */
function compare(snapshot: Snapshot, proposals: readonly Proposal[], ports: readonly (readonly [Protocol, number])[]): Comparison {
  const revision = approve(proposals, { number: 1, approvedBy: 'test', reason: 'agreement' });
  const { objects, diagnostics } = compileNetworkPolicies(revision, snapshot);
  const intended = createEvaluator(revision, snapshot);
  const emitted = createEvaluator(adoptPolicies(policiesIn(renderYaml(objects))), snapshot);
  const differences: Disagreement[] = [];
  const count = { allow: 0, deny: 0, unknown: 0 };
  for (const connection of connections(snapshot, ports)) {
    const wanted = intended.evaluate(connection).decision;
    const got = emitted.evaluate(connection).decision;
    count[wanted] += 1;
    if (wanted !== got) differences.push({ connection: describeConnection(connection), revision: wanted, emitted: got });
  }
  return { differences, allowed: count.allow, denied: count.deny, codes: [...new Set(diagnostics.map(({ code }) => code))] };
}

function describeConnection({ from, to, protocol, port }: Connection): string {
  return `${describeEnd(from)} -> ${describeEnd(to)} ${String(port)}/${protocol}`;
}

function describeEnd(end: Endpoint): string {
  return end.kind === 'pod' ? `${podKey(end.pod)} ${end.address.text}` : end.address.text;
}

function learn(fields: World, graphFields: GraphFields): { readonly snapshot: Snapshot; readonly proposals: readonly Proposal[] } {
  const snapshot = world(fields);
  return { snapshot, proposals: propose(graph(snapshot, graphFields), snapshot, { tier: 'strong', catalogue: shippedCatalogue() }).proposals };
}

const SHOP_PORTS: readonly (readonly [Protocol, number])[] = [
  ['TCP', 8080], ['TCP', 9080], ['TCP', 9102], ['TCP', 9100], ['TCP', 5432], ['UDP', 8125], ['TCP', 8125], ['TCP', 443], ['TCP', 6443], ['TCP', 9443], ['UDP', 53], ['TCP', 53], ['TCP', 7000], ['TCP', 15008], ['SCTP', 8080], ['TCP', 12345],
];

describe('what a cluster reads of the emitted YAML is what was approved', () => {
  it('for the shop, on every pair of addresses, save for what is said to differ', () => {
    const { snapshot, proposals } = learn(shop.world, shop.graph);
    const { differences, allowed, denied, codes } = compare(snapshot, proposals, SHOP_PORTS);
    // two versions of one workload share their labels, so what one may the other may
    expect([...codes].sort()).toEqual(['left-open-for-another', 'peer-not-told-apart', 'selects-several-workloads']);
    expect(differences.filter(({ connection }) => !connection.includes('reviews-v'))).toEqual([]);
    expect(differences.every(({ revision, emitted }) => revision === 'deny' && emitted === 'allow')).toBe(true);
    expect(Math.min(allowed, denied)).toBeGreaterThan(100);
  });

  it.each<{ name: string; fields: World; graphFields: GraphFields; ports: readonly (readonly [Protocol, number])[] }>([
    {
      name: 'widened entities',
      fields: { workloads: ['api', 'web', 'other'].map((name) => workload(`shop/Deployment/${name}`, { ports: ['8080', '9102', '9443'] })) },
      graphFields: {
        relationships: [
          relationship('prometheus', 'shop/Deployment/api', 9102),
          relationship('kube-apiserver', 'shop/Deployment/api', 9443),
          relationship('shop/Deployment/api', 'kube-apiserver', 443),
          relationship('shop/Deployment/web', 'kubelet', 10250),
          relationship('internet', 'shop/Deployment/web', 8080),
          relationship('shop/Deployment/web', 'internet', 443),
        ],
      },
      ports: [['TCP', 8080], ['TCP', 9102], ['TCP', 9443], ['TCP', 443], ['TCP', 6443], ['TCP', 10250]],
    },
    {
      name: 'external hosts by name and address, and metadata that was asked for',
      fields: { workloads: ['api', 'web'].map((name) => workload(`shop/Deployment/${name}`)) },
      graphFields: {
        relationships: [
          relationship('shop/Deployment/api', 'internet', 443, { host: 'api.example.com' }),
          relationship('shop/Deployment/api', 'internet', 5432, { host: '203.0.113.9' }),
          relationship('shop/Deployment/api', 'internet', 80, { host: 'metadata.google.internal' }),
        ],
      },
      ports: [['TCP', 443], ['TCP', 5432], ['TCP', 80], ['UDP', 443]],
    },
    {
      name: 'named ports that two containers give to two protocols',
      fields: { workloads: [workload('shop/Deployment/api', { ports: ['main:8080', 'side:8080/UDP', '9000'] }), workload('shop/Deployment/web'), workload('shop/Deployment/other')] },
      graphFields: { relationships: [relationship('shop/Deployment/web', 'shop/Deployment/api', 8080), relationship('shop/Deployment/web', 'shop/Deployment/api', 8080, { protocol: 'UDP' }), relationship('shop/Deployment/other', 'shop/Deployment/api', 9000, { protocol: 'SCTP' })] },
      ports: [['TCP', 8080], ['UDP', 8080], ['SCTP', 8080], ['SCTP', 9000], ['TCP', 9000]],
    },
    {
      name: 'labels that contain one another, Jobs with the labels of a Deployment, two namespaces of one name pattern',
      fields: {
        workloads: [
          workload('shop/Deployment/web', { podLabels: { app: 'web' }, replicas: 2 }),
          workload('shop/Deployment/worker', { podLabels: { app: 'web', component: 'worker' } }),
          workload('shop/CronJob/clean', { podLabels: { app: 'web' } }),
          workload('shop/Job/migrate', { podLabels: {} }),
          workload('shop/Deployment/api', { podLabels: { app: 'api' }, ports: ['http:8080'] }),
          workload('shop-2/Deployment/web', { podLabels: { app: 'web' } }),
        ],
      },
      graphFields: { relationships: [relationship('shop/Deployment/web', 'shop/Deployment/api', 8080), relationship('shop/Job/migrate', 'shop/Deployment/api', 8081), relationship('shop/CronJob/clean', 'shop/Deployment/worker', 9000)] },
      ports: [['TCP', 8080], ['TCP', 8081], ['TCP', 9000]],
    },
    {
      name: 'a peer on the network of known nodes, and egress of which only the inside is known',
      fields: { workloads: [workload('shop/Deployment/web'), workload('shop/DaemonSet/agent', { hostNetwork: true })], nodes: [node('node-1', ['192.0.2.11', '2001:db8:a::11'])] },
      graphFields: { relationships: [relationship('shop/Deployment/web', 'shop/DaemonSet/agent', 9100), relationship('shop/DaemonSet/agent', 'shop/Deployment/web', 8080)], outsideOpen: ['shop/Deployment/web'] },
      ports: [['TCP', 9100], ['TCP', 8080], ['TCP', 443], ['UDP', 4000]],
    },
    {
      name: 'a workload that talks to nobody, and one that is not covered',
      fields: { workloads: ['idle', 'web'].map((name) => workload(`shop/Deployment/${name}`)) },
      graphFields: { unknown: ['shop/Deployment/web ingress', 'shop/Deployment/web egress'] },
      ports: [['TCP', 80], ['UDP', 53]],
    },
  ])('for $name', ({ fields, graphFields, ports }) => {
    const { snapshot, proposals } = learn(fields, graphFields);
    const { differences, allowed, denied, codes } = compare(snapshot, proposals, ports);
    expect(differences).toEqual([]);
    expect(codes).toEqual([]);
    expect(Math.min(allowed, denied)).toBeGreaterThan(0);
  });

  it('for rules of every form, alone and beside each other', () => {
    const snapshot = world({ workloads: ['api', 'web', 'db'].map((name) => workload(`shop/Deployment/${name}`, { ports: ['http:8080'] })) });
    const own: readonly Address[] = [...snapshot.pods.values()].flatMap((pod: Pod) => pod.addresses);
    const peers: readonly ProposedRule['peers'][] = [
      'any',
      [],
      [{ kind: 'workload', workload: ref('shop/Deployment/web') }],
      [{ kind: 'workload', workload: ref('shop/Deployment/web') }, { kind: 'workload', workload: ref('shop/Deployment/db') }],
      [{ kind: 'pods', namespaces: { kind: 'selector', selector: { requirements: [] } }, pods: { requirements: [] } }],
      [{ kind: 'pods', namespaces: { kind: 'name', name: 'shop' }, pods: { requirements: [{ key: 'app', operator: 'NotIn', values: ['db'] }] } }],
      [{ kind: 'cidr', cidr: parsePrefix('10.0.0.0/8')!, except: [parsePrefix('10.0.2.0/24')!] }],
      [{ kind: 'cidr', cidr: parsePrefix('2001:db8::/32')!, except: own.filter(({ family }) => family === 6).slice(0, 1).map(({ text }) => parsePrefix(`${text}/128`)!) }],
      [{ kind: 'entity', entity: 'any' }],
      [{ kind: 'entity', entity: 'internet' }],
    ];
    const ports: readonly ProposedRule['ports'][] = ['any', [], [{ kind: 'range', protocol: 'TCP', from: 8080, to: 8080 }], [{ kind: 'range', protocol: 'TCP', from: 8000, to: 9000 }, { kind: 'protocol', protocol: 'UDP' }], [{ kind: 'named', protocol: 'TCP', name: 'http' }]];
    const rules = peers.flatMap((peer, p) => ports.map((port, q): ProposedRule => ({ id: `rule-${String(p)}-${String(q)}`, peers: peer, ports: port, evidence: [], tier: 'strong', confidence: 1, why: 'a test', widenings: [] })));
    const sets = [...rules.map((rule) => [rule]), ...rules.map((rule, index) => [rule, rules[(index * 7 + 3) % rules.length]!])];
    const found = sets.flatMap((each) => {
      const distinct = [...new Map(each.map((rule) => [rule.id, rule])).values()];
      const proposal: Proposal = { workload: ref('shop/Deployment/api'), ingress: { kind: 'closed', rules: distinct, why: 'known' }, egress: { kind: 'closed', rules: distinct, why: 'known' } };
      return compare(snapshot, [proposal], [['TCP', 8080], ['TCP', 8500], ['UDP', 8080], ['SCTP', 8080]]).differences.map((difference) => ({ rules: distinct.map(({ id }) => id), ...difference }));
    });
    expect(found).toEqual([]);
  });
});
