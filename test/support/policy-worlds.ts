import {
  type AdminPolicy,
  type AdminRule,
  type Connection,
  type Endpoint,
  EVERYTHING,
  type NamespacedPolicy,
  type Node,
  parsePrefix,
  type Peer,
  type Pod,
  type Policy,
  type PortMatch,
  type Prefix,
  type Protocol,
  type Rule,
  selectorFromLabels,
  type Snapshot,
} from '#model';

import { address, namespace, node, origin, port, ref, world } from './worlds.ts';

/*
 * One small cluster in which every kind of peer can be told apart, everything small policies can
 * say about it, and every connection in it.
 */

export type Placement = 'together' | 'apart';

/**
 * Five pods in three namespaces, one of them finished and one on its node's network. Port `http`
 * leads to another number on each of x/a, x/b and y/c; x/b says it twice, by protocol.
 */
export function smallWorld(placement: Placement): Snapshot {
  const placed = (pod: Pod, at: number): Pod => ({ ...pod, node: nodes[placement === 'together' ? 0 : at]!.name });
  const nodes: readonly Node[] = [1, 2, 3].map((at) => {
    const plain = node(`n${String(at)}`, [`192.0.2.${String(at)}`, `2001:db8:ffff::${String(at)}`], { zone: at === 1 ? 'one' : 'two' });
    return { ...plain, podCidrs: [`10.0.${String(at)}.0/24`, `2001:db8:${String(at)}::/64`] };
  });
  const pods = [
    placed(pod('x/a', { app: 'a', tier: 'front' }, 1, ['http:80', 'metrics:9090']), 0),
    placed(pod('x/b', { app: 'b' }, 2, ['http:8080', 'http:53/UDP', 'dns:53/UDP']), 1),
    placed(pod('y/c', { app: 'c', tier: 'front' }, 3, ['http:81', 'stream:80/SCTP']), 2),
    { ...pod('y/host', { app: 'a' }, 4, ['http:80']), hostNetwork: true, addresses: nodes[0]!.addresses, node: nodes[0]!.name },
    { ...pod('x/done', { app: 'a' }, 5, []), phase: 'finished' as const, node: nodes[0]!.name },
  ];
  return world({ namespaces: [namespace('x', { team: 'blue' }), namespace('y', { team: 'red' })], nodes, pods });
}

function pod(name: string, labels: Pod['labels'], at: number, ports: readonly string[]): Pod {
  const [space = '', own = ''] = name.split('/');
  return {
    namespace: space,
    name: own,
    labels,
    hostNetwork: false,
    addresses: [address(`10.1.0.${String(at)}`), address(`2001:db8:1000::${String(at)}`)],
    ports: ports.map(port),
    workload: ref(`${space}/Deployment/${own}`),
    phase: 'running',
    isExample: false,
    origin,
  };
}

function prefix(text: string): Prefix {
  return parsePrefix(text)!;
}

export const PEERS: readonly (readonly Peer[] | 'any')[] = [
  'any',
  [],
  [{ kind: 'pods', namespaces: { kind: 'name', name: 'x' }, pods: selectorFromLabels({ app: 'a' }) }],
  [{ kind: 'pods', namespaces: { kind: 'selector', selector: EVERYTHING }, pods: selectorFromLabels({ tier: 'front' }) }],
  [{ kind: 'pods', namespaces: { kind: 'selector', selector: selectorFromLabels({ team: 'red' }) }, pods: EVERYTHING }],
  [{ kind: 'pods', namespaces: { kind: 'name', name: 'x' }, pods: { requirements: [{ key: 'app', operator: 'NotIn', values: ['a'] }] } }],
  [{ kind: 'workload', workload: ref('x/Deployment/b') }],
  [{ kind: 'workload', workload: ref('x/Deployment/nobody') }],
  [{ kind: 'cidr', cidr: prefix('10.1.0.0/24'), except: [prefix('10.1.0.2/31')] }],
  [
    { kind: 'cidr', cidr: prefix('10.1.0.0/30'), except: [prefix('10.1.0.1/32')] },
    { kind: 'cidr', cidr: prefix('10.1.0.2/31'), except: [] },
    { kind: 'cidr', cidr: prefix('2001:db8:1000::/64'), except: [prefix('2001:db8:1000::2/127')] },
  ],
  [{ kind: 'cidr', cidr: prefix('0.0.0.0/0'), except: [] }],
  [{ kind: 'cidr', cidr: prefix('::/0'), except: [prefix('2001:db8:1000::1/128')] }],
  [{ kind: 'nodes', nodes: selectorFromLabels({ zone: 'one' }) }],
  [{ kind: 'nodes', nodes: EVERYTHING }],
  [{ kind: 'host', host: 'api.example.com' }],
  [{ kind: 'host', host: '198.51.100.7' }],
  [{ kind: 'entity', entity: 'internet' }],
  [{ kind: 'entity', entity: 'any' }],
  [{ kind: 'entity', entity: 'prometheus' }],
];

export const PORTS: readonly (readonly PortMatch[] | 'any')[] = [
  'any',
  [],
  [range('TCP', 80)],
  [range('TCP', 80, 90), range('TCP', 85, 8080), range('UDP', 53)],
  [{ kind: 'named', protocol: 'TCP', name: 'http' }],
  [{ kind: 'named', protocol: 'any', name: 'http' }, range('SCTP', 80)],
  [{ kind: 'protocol', protocol: 'UDP' }],
  [{ kind: 'protocol', protocol: 'ICMP' }],
];

function range(protocol: Protocol, from: number, to = from): PortMatch {
  return { kind: 'range', protocol, from, to };
}

export const SUBJECTS: readonly NamespacedPolicy['subject'][] = [
  { kind: 'pods', namespaces: { kind: 'name', name: 'x' }, pods: EVERYTHING },
  { kind: 'pods', namespaces: { kind: 'name', name: 'x' }, pods: selectorFromLabels({ app: 'a' }) },
  { kind: 'pods', namespaces: { kind: 'selector', selector: selectorFromLabels({ team: 'red' }) }, pods: EVERYTHING },
  { kind: 'workload', workload: ref('x/Deployment/b') },
];

export function rule(id: string, peers: Rule['peers'], ports: Rule['ports']): Rule {
  return { id, peers, ports, evidence: [], widenings: [] };
}

export function namespaced(name: string, subject: NamespacedPolicy['subject'], rules: Pick<NamespacedPolicy, 'ingress' | 'egress'>): NamespacedPolicy {
  return { kind: 'namespaced', name, subject, ...rules, origin };
}

export function admin(name: string, tier: AdminPolicy['tier'], priority: number, subject: AdminPolicy['subject'], rules: Partial<Pick<AdminPolicy, 'ingress' | 'egress'>>): AdminPolicy {
  return { kind: 'admin', name, tier, priority, subject, ingress: [], egress: [], ...rules, origin };
}

const CONNECTED: readonly (readonly [Protocol, number])[] = [
  ['TCP', 80],
  ['TCP', 81],
  ['TCP', 8080],
  ['UDP', 53],
  ['SCTP', 80],
  ['ICMP', 0],
];

/** Every connection between pods, nodes and outside addresses of a world, in both families. */
export function connectionsOf(snapshot: Snapshot): readonly Connection[] {
  const pods = [...snapshot.pods.values()].filter(({ phase }) => phase !== 'finished');
  const inside = pods.flatMap((each) => each.addresses.map((own): Endpoint => ({ kind: 'pod', pod: each, address: own })));
  const outside = ['203.0.113.9', '198.51.100.7', '192.0.2.2', '2001:db8:ffff::2', '2a00:1450::8'].map((text): Endpoint => ({ kind: 'address', address: address(text) }));
  const ends = [...inside, ...outside];
  const found: Connection[] = [];
  for (const from of ends) {
    for (const to of ends) {
      if (from.address.family !== to.address.family || (from.kind === 'address' && to.kind === 'address')) continue;
      for (const [protocol, number] of CONNECTED) found.push({ from, to, protocol, port: number });
    }
  }
  return found;
}

/** A random policy set, mostly of few policies with few rules. */
export function randomPolicies(next: () => number): readonly Policy[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)]!;
  const several = <T>(most: number, make: (at: number) => T): readonly T[] => Array.from({ length: Math.floor(next() * (most + 1)) }, (_, at) => make(at));
  const peers = (): Rule['peers'] => {
    const one = pick(PEERS);
    const other = pick(PEERS);
    return one === 'any' || other === 'any' || next() < 0.5 ? one : [...one, ...other];
  };
  const rules = (most: number): readonly Rule[] => several(most, (at) => rule(`rule-${String(at)}`, peers(), pick(PORTS)));
  const adminRules = (): readonly AdminRule[] => rules(3).map((each) => ({ ...each, action: pick(['allow', 'deny', 'pass'] as const) }));
  const np = several(3, (at) =>
    namespaced(`NetworkPolicy x/p${String(at)}`, pick(SUBJECTS), { ...(next() < 0.6 ? { ingress: rules(3) } : {}), ...(next() < 0.6 ? { egress: rules(3) } : {}) }),
  );
  const high = several(2, (at) => admin(`AdminNetworkPolicy a${String(at)}`, 'admin', Math.floor(next() * 3), pick(SUBJECTS), { ingress: adminRules(), egress: adminRules() }));
  const low = several(1, (at) => admin(`BaselineAdminNetworkPolicy b${String(at)}`, 'baseline', 0, pick(SUBJECTS), { ingress: adminRules(), egress: adminRules() }));
  return [...high, ...np, ...low];
}
