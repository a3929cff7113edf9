import type { Json, JsonObject, NamespacedPolicy, Peer, PortMatch, Rule, Workload } from '#model';
import { parsePrefix } from '#model';

import { NAMESPACES, NOBODY } from './fuzz-world.ts';
import type { Random } from './random.ts';
import { origin } from './worlds.ts';

/** Policies as somebody wrote them, and policies as learning makes them. */
export interface PolicySet {
  readonly manifests: readonly JsonObject[];
  readonly learned: readonly NamespacedPolicy[];
}

/** Mostly a few small policies of every kind. */
export function randomPolicySet(workloads: readonly Workload[], random: Random): PolicySet {
  const kinds = random.pick(['plain', 'plain', 'admin', 'cluster', 'learned', 'learned', 'all'] as const);
  const has = (kind: string): boolean => kinds === kind || kinds === 'all';
  const plain = has('plain') || random.chance(0.6) ? random.several(kinds === 'plain' ? 2 : 0, 4, (at) => networkPolicy(`p${String(at)}`, random)) : [];
  const admin = has('admin') ? [...random.several(1, 2, (at) => adminPolicy(`a${String(at)}`, random)), ...(random.chance(0.5) ? [baselinePolicy(random)] : [])] : [];
  const cluster = has('cluster') ? random.several(1, 3, (at) => clusterPolicy(`c${String(at)}`, kinds === 'all' ? 'Admin' : random.pick(['Admin', 'Baseline']), random)) : [];
  const learned = has('learned') ? random.some(workloads, 0.7).map((workload) => learnedPolicy(workload, workloads, random)) : [];
  return { manifests: [...plain, ...admin, ...cluster], learned };
}

function object(apiVersion: string, kind: string, name: string, spec: JsonObject, namespace?: string): JsonObject {
  return { apiVersion, kind, metadata: namespace === undefined ? { name } : { name, namespace }, spec };
}

function networkPolicy(name: string, random: Random): JsonObject {
  const types = random.pick<Json | undefined>([undefined, undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress'], [], null]);
  return object(
    'networking.k8s.io/v1',
    'NetworkPolicy',
    name,
    {
      ...(random.chance(0.05) ? {} : { podSelector: podSelector(random) }),
      ...(types === undefined ? {} : { policyTypes: types }),
      ...(random.chance(0.7) ? { ingress: ruleList('from', random) } : {}),
      ...(random.chance(0.6) ? { egress: ruleList('to', random) } : {}),
    },
    random.pick(NAMESPACES),
  );
}

function ruleList(peers: 'from' | 'to', random: Random): Json {
  if (random.chance(0.1)) return random.pick([null, []]);
  return random.several(1, 3, (): Json => ({
    ...(random.chance(0.15) ? {} : { [peers]: random.chance(0.1) ? random.pick<Json>([null, []]) : random.several(1, 2, () => peerOf(random)) }),
    ...(random.chance(0.4) ? {} : { ports: random.chance(0.1) ? random.pick<Json>([null, []]) : random.several(1, 2, () => portOf(random)) }),
  }));
}

function peerOf(random: Random): Json {
  switch (random.below(5)) {
    case 0:
      return { podSelector: podSelector(random) };
    case 1:
      return { namespaceSelector: namespaceSelector(random) };
    case 2:
      return { podSelector: podSelector(random), namespaceSelector: namespaceSelector(random) };
    default:
      return { ipBlock: ipBlock(random) };
  }
}

const BLOCKS: readonly (readonly [string, readonly string[]])[] = [
  ['10.1.0.0/24', ['10.1.0.2/31', '10.1.0.4/32', '10.1.0.0/25']],
  ['10.1.0.0/29', ['10.1.0.1/32']],
  ['10.0.0.0/8', ['10.0.1.0/24', '10.1.0.0/28']],
  ['0.0.0.0/0', ['10.0.0.0/8', '192.0.2.0/24', '198.51.100.0/25']],
  ['198.51.100.0/24', ['198.51.100.4/30']],
  ['2001:db8:1000::/64', ['2001:db8:1000::2/127']],
  ['2001:db8::/32', ['2001:db8:1::/64', '2001:db8:1000::1/128']],
  ['::/0', ['2000::/3', 'fd00:1::/64']],
  ['fd00:1::/112', []],
  ['192.0.2.11/32', []],
  ['10.1.0.7/24', []],
];

function ipBlock(random: Random): Json {
  const [cidr, holes] = random.pick(BLOCKS);
  const except = random.some(holes, 0.5);
  return { cidr, ...(except.length > 0 || random.chance(0.1) ? { except } : {}) };
}

function portOf(random: Random): Json {
  const protocol = random.pick<JsonObject>([{}, { protocol: 'TCP' }, { protocol: 'UDP' }, { protocol: 'SCTP' }]);
  switch (random.below(6)) {
    case 0:
      return protocol;
    case 1:
      return { ...protocol, port: random.pick(['http', 'dns', 'web', 'nobody']) };
    case 2:
      return { ...protocol, port: 80, endPort: random.pick([80, 81, 90, 8080, 65535]) };
    default:
      return { ...protocol, port: random.pick([53, 80, 81, 8080]) };
  }
}

function podSelector(random: Random): Json {
  return selector({ app: ['a', 'b', 'c'], tier: ['front', 'back'], env: ['prod'] }, random);
}

function namespaceSelector(random: Random): Json {
  return selector({ team: ['blue', 'red'], zone: ['one'], 'kubernetes.io/metadata.name': NAMESPACES }, random);
}

function selector(universe: Readonly<Record<string, readonly string[]>>, random: Random): Json {
  if (random.chance(0.35)) return {};
  const keys = Object.keys(universe);
  const labels = random.chance(0.6) ? random.some(keys, 0.35).map((key): [string, Json] => [key, random.pick(universe[key]!)]) : [];
  const expressions = random.chance(0.5) ? random.several(1, 2, (): Json => expression(random.pick(keys), universe, random)) : [];
  return { ...(labels.length === 0 ? {} : { matchLabels: Object.fromEntries(labels) }), ...(expressions.length === 0 ? {} : { matchExpressions: expressions }) };
}

function expression(key: string, universe: Readonly<Record<string, readonly string[]>>, random: Random): Json {
  const operator = random.pick(['In', 'NotIn', 'Exists', 'DoesNotExist']);
  if (operator === 'Exists' || operator === 'DoesNotExist') return { key, operator };
  return { key, operator, values: [...new Set(random.several(1, 2, () => random.pick(universe[key]!)))] };
}

const V1ALPHA1 = 'policy.networking.k8s.io/v1alpha1';

function adminPolicy(name: string, random: Random): JsonObject {
  return object(V1ALPHA1, 'AdminNetworkPolicy', name, { priority: random.below(3), subject: subject(random), ...adminRules(['Allow', 'Deny', 'Pass'], alphaPorts, random) });
}

function baselinePolicy(random: Random): JsonObject {
  return object(V1ALPHA1, 'BaselineAdminNetworkPolicy', 'default', { subject: subject(random), ...adminRules(['Allow', 'Deny'], alphaPorts, random) });
}

function clusterPolicy(name: string, tier: string, random: Random): JsonObject {
  return object('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', name, { tier, priority: random.below(3), subject: subject(random), ...adminRules(['Accept', 'Deny', 'Pass'], clusterPorts, random) });
}

function subject(random: Random): Json {
  return random.chance(0.5) ? { namespaces: namespaceSelector(random) } : { pods: { namespaceSelector: namespaceSelector(random), podSelector: podSelector(random) } };
}

type PortsOf = (canName: boolean, random: Random) => JsonObject;

function adminRules(actions: readonly string[], portsOf: PortsOf, random: Random): JsonObject {
  const rules = (direction: 'ingress' | 'egress'): Json =>
    random.several(0, 3, (): Json => {
      const action = random.pick(actions);
      const peers = random.several(1, 2, () => adminPeer(direction, action !== 'Deny' && action !== 'Pass', random));
      const canName = peers.every((peer) => 'namespaces' in peer || 'pods' in peer);
      return { action, [direction === 'ingress' ? 'from' : 'to']: peers, ...portsOf(canName, random) };
    });
  return { ingress: rules('ingress'), egress: rules('egress') };
}

function adminPeer(direction: 'ingress' | 'egress', mayAllow: boolean, random: Random): JsonObject {
  switch (random.below(direction === 'ingress' ? 2 : 6)) {
    case 0:
      return { namespaces: namespaceSelector(random) };
    case 1:
      return { pods: { namespaceSelector: namespaceSelector(random), podSelector: podSelector(random) } };
    case 2:
      return { nodes: selector({ zone: ['one', 'two'], 'kubernetes.io/hostname': ['n1', 'n2'] }, random) };
    case 3:
      return mayAllow && random.chance(0.3) ? { domainNames: random.pick([['example.com'], ['*.example.org', 'example.com']]) } : { networks: ['0.0.0.0/0', '::/0'] };
    default:
      return { networks: random.several(1, 2, () => random.pick(BLOCKS)[0]) };
  }
}

const alphaPorts: PortsOf = (canName, random) => {
  if (random.chance(0.4)) return {};
  return {
    ports: random.several(1, 2, (): Json => {
      if (canName && random.chance(0.3)) return { namedPort: random.pick(['http', 'dns', 'web']) };
      const protocol = random.pick(['TCP', 'UDP', 'SCTP']);
      return random.chance(0.5) ? { portNumber: { protocol, port: random.pick([53, 80, 81, 8080]) } } : { portRange: { protocol, start: random.pick([1, 53, 80]), end: random.pick([80, 81, 8080]) } };
    }),
  };
};

const clusterPorts: PortsOf = (canName, random) => {
  if (random.chance(0.4)) return {};
  return {
    protocols: random.several(1, 2, (): Json => {
      if (canName && random.chance(0.3)) return { destinationNamedPort: random.pick(['http', 'dns', 'web']) };
      return { [random.pick(['tcp', 'udp', 'sctp'])]: { destinationPort: random.chance(0.5) ? { number: random.pick([53, 80, 81, 8080]) } : { range: { start: random.pick([1, 53, 79]), end: random.pick([80, 81, 8080]) } } } };
    }),
  };
};

function learnedPolicy({ ref }: Workload, workloads: readonly Workload[], random: Random): NamespacedPolicy {
  const rules = (): readonly Rule[] => random.several(0, 4, (at) => learnedRule(`rule-${String(at)}`, workloads, random));
  const closed = random.pick(['ingress', 'egress', 'both', 'both'] as const);
  return {
    kind: 'namespaced',
    name: `learned ${ref.namespace}/${ref.kind}/${ref.name}`,
    subject: { kind: 'workload', workload: ref },
    ...(closed === 'egress' ? {} : { ingress: rules() }),
    ...(closed === 'ingress' ? {} : { egress: rules() }),
    origin,
  };
}

function learnedRule(id: string, workloads: readonly Workload[], random: Random): Rule {
  return {
    id,
    peers: random.chance(0.1) ? 'any' : random.several(1, 2, () => learnedPeer(workloads, random)),
    ports: random.chance(0.15) ? 'any' : random.several(1, 2, () => learnedPort(random)),
    ...(random.chance(0.3) ? { application: random.pick(['http', 'postgresql']) } : {}),
    evidence: [],
    widenings: [],
  };
}

function learnedPeer(workloads: readonly Workload[], random: Random): Peer {
  switch (random.below(7)) {
    case 0:
      return { kind: 'host', host: random.pick(['api.example.com', '198.51.100.7', '2001:db8:1000::3', '203.0.113.9']) };
    case 1:
      return { kind: 'entity', entity: random.pick(['internet', 'any', 'prometheus']) };
    case 2: {
      const [cidr, holes] = random.pick(BLOCKS);
      return { kind: 'cidr', cidr: parsePrefix(cidr)!, except: random.some(holes, 0.5).map((hole) => parsePrefix(hole)!) };
    }
    case 3:
      return random.chance(0.1) ? { kind: 'workload', workload: NOBODY } : { kind: 'nodes', nodes: { requirements: random.chance(0.5) ? [] : [{ key: 'zone', operator: 'In', values: ['one'] }] } };
    default:
      return { kind: 'workload', workload: random.pick(workloads).ref };
  }
}

function learnedPort(random: Random): PortMatch {
  const protocol = random.pick(['TCP', 'TCP', 'UDP', 'SCTP', 'ICMP'] as const);
  if (protocol === 'ICMP' || random.chance(0.15)) return { kind: 'protocol', protocol };
  if (random.chance(0.2)) return { kind: 'named', protocol: random.chance(0.2) ? 'any' : protocol, name: random.pick(['http', 'dns', 'web']) };
  const from = random.pick([53, 80, 81, 8080]);
  return { kind: 'range', protocol, from, to: random.chance(0.3) ? random.pick([8080, 9090].filter((to) => to >= from)) : from };
}
