import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, evaluate } from '#policy';
import type { Decision, Json, Policy, Snapshot } from '#model';
import { clusterPolicy, connection, manifest, networkPolicy, pod, readPolicy } from '../../test/support/policies.ts';
import { namespace, node, world } from '../../test/support/worlds.ts';

const PORTS = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'sctp', port: 5060, protocol: 'SCTP' },
] as const;

const cluster = world({
  namespaces: [namespace('shop', { team: 'a' }), namespace('data', { team: 'b' }), namespace('bare')],
  nodes: [node('n1', ['192.0.2.1', '2001:db8:1::1'], { os: 'linux' }), node('n2', ['192.0.2.2'], { os: 'other' })],
  pods: [
    pod('shop/web', ['10.0.1.1', 'fd00:1::1'], { labels: { app: 'web' }, node: 'n1', ports: PORTS }),
    pod('shop/api', ['10.0.1.2', 'fd00:1::2'], { labels: { app: 'api', tier: 'back' }, node: 'n2', ports: [{ name: 'http', port: 8080, protocol: 'TCP' }, { name: 'dns', port: 53, protocol: 'TCP' }] }),
    pod('data/db', ['10.0.2.1', 'fd00:2::1'], { labels: { app: 'db' }, node: 'n2', ports: PORTS }),
    pod('data/web', ['10.0.2.2', 'fd00:2::2'], { labels: { app: 'web' }, node: 'n1', ports: [] }),
    pod('bare/none', ['10.0.3.1', 'fd00:3::1'], { node: 'n1', ports: PORTS }),
    pod('shop/agent', ['192.0.2.1', '2001:db8:1::1'], { labels: { app: 'agent' }, hostNetwork: true, node: 'n1', ports: PORTS }),
    pod('shop/job', ['10.0.1.9'], { labels: { app: 'web' }, phase: 'finished' }),
  ],
});

function decide(policies: readonly Policy[], from: string, to: string, port = '80/TCP', snapshot: Snapshot = cluster, application?: string): Decision {
  return evaluate(adoptPolicies(policies), snapshot, connection(snapshot, from, to, port, application)).decision;
}

const on = (app: string): Json => ({ matchLabels: { app } });
const ingress = (...rules: readonly Json[]): Policy => networkPolicy('shop/p', { podSelector: on('api'), policyTypes: ['Ingress'], ingress: rules });
const egress = (...rules: readonly Json[]): Policy => networkPolicy('shop/p', { podSelector: on('web'), policyTypes: ['Egress'], egress: rules });
const nulls = (spec: Json): Policy => networkPolicy('shop/p', spec);

type Row = readonly [why: string, policies: readonly Policy[], from: string, to: string, port: string, decision: Decision];

describe('NetworkPolicy: who may be reached', () => {
  it.each<Row>([
    ['nothing selects the pods', [], 'shop/web', 'shop/api', '80/TCP', 'allow'],
    ['no rules isolate', [ingress()], 'shop/web', 'shop/api', '80/TCP', 'deny'],
    ['isolation covers ICMP too', [ingress()], 'shop/web', 'shop/api', '0/ICMP', 'deny'],
    ['ingress does not isolate egress', [ingress()], 'shop/api', 'shop/web', '80/TCP', 'allow'],
    ['an empty rule allows everything', [ingress({})], '203.0.113.7', 'shop/api', '80/TCP', 'allow'],
    ['an empty rule allows ICMP', [ingress({})], 'shop/web', 'shop/api', '0/ICMP', 'allow'],
    ['a rule with ports does not allow ICMP', [ingress({ ports: [{}] })], 'shop/web', 'shop/api', '0/ICMP', 'deny'],
    ['a null item is an empty rule, as the API server decodes it', [ingress(null)], 'shop/web', 'shop/api', '80/TCP', 'allow'],
    ['an empty list of peers is everyone', [ingress({ from: [] })], '203.0.113.7', 'shop/api', '80/TCP', 'allow'],
    ['a null list of peers is everyone', [ingress({ from: null, ports: null })], '203.0.113.7', 'shop/api', '80/TCP', 'allow'],
    ['an empty pod selector is the whole own namespace', [ingress({ from: [{ podSelector: {} }] })], 'shop/web', 'shop/api', '80/TCP', 'allow'],
    ['and no other namespace', [ingress({ from: [{ podSelector: {} }] })], 'data/web', 'shop/api', '80/TCP', 'deny'],
    ['nor an outside address', [ingress({ from: [{ podSelector: {} }] })], '203.0.113.7', 'shop/api', '80/TCP', 'deny'],
    ['an empty namespace selector is every namespace', [ingress({ from: [{ namespaceSelector: {} }] })], 'bare/none', 'shop/api', '80/TCP', 'allow'],
    ['but never an outside address', [ingress({ from: [{ namespaceSelector: {} }] })], '203.0.113.7', 'shop/api', '80/TCP', 'deny'],
    ['nor a host-network pod', [ingress({ from: [{ namespaceSelector: {} }] })], 'shop/agent', 'shop/api', '80/TCP', 'deny'],
    ['both selectors of one peer have to match', [ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'b' } }, podSelector: on('web') }] })], 'data/db', 'shop/api', '80/TCP', 'deny'],
    ['both selectors of one peer do match', [ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'b' } }, podSelector: on('web') }] })], 'data/web', 'shop/api', '80/TCP', 'allow'],
    ['two peers are alternatives', [ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'b' } } }, { podSelector: on('web') }] })], 'data/db', 'shop/api', '80/TCP', 'allow'],
    ['a null pod selector beside a namespace selector is absent', [ingress({ from: [{ namespaceSelector: { matchLabels: { team: 'b' } }, podSelector: null }] })], 'data/db', 'shop/api', '80/TCP', 'allow'],
    ['NotIn matches what lacks the key', [ingress({ from: [{ podSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['back'] }] } }] })], 'shop/web', 'shop/api', '80/TCP', 'allow'],
    ['expressions are ANDed with labels', [ingress({ from: [{ podSelector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'tier', operator: 'Exists' }] } }] })], 'shop/web', 'shop/api', '80/TCP', 'deny'],
    ['policies are a union', [ingress(), networkPolicy('shop/q', { podSelector: {}, ingress: [{ from: [{ podSelector: on('web') }] }] })], 'shop/web', 'shop/api', '80/TCP', 'allow'],
    ['a policy of another namespace does not apply', [networkPolicy('data/p', { podSelector: {} })], 'shop/web', 'shop/api', '80/TCP', 'allow'],
    ['both ends have to agree', [ingress({}), egress()], 'shop/web', 'shop/api', '80/TCP', 'deny'],
    ['a pod reaches itself whatever is said', [networkPolicy('shop/p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })], 'shop/web', 'shop/web', '80/TCP', 'allow'],
    ['on its other family too', [networkPolicy('shop/p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })], 'shop/web@6', 'shop/web@6', '80/TCP', 'allow'],
    ['the own node reaches its pods', [networkPolicy('shop/p', { podSelector: on('web') })], '192.0.2.1', 'shop/web', '80/TCP', 'allow'],
    ['so does what runs on the own node\'s network', [networkPolicy('shop/p', { podSelector: on('web') })], 'shop/agent@6', 'shop/web@6', '80/TCP', 'allow'],
    ['another node does not', [networkPolicy('shop/p', { podSelector: on('web') })], '192.0.2.2', 'shop/web', '80/TCP', 'deny'],
    ['a pod does not reach its node past its policies', [egress()], 'shop/web', '192.0.2.1', '80/TCP', 'deny'],
    ['host-network pods are never subject', [networkPolicy('shop/p', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })], 'shop/agent', 'data/db', '80/TCP', 'allow'],
    ['no policyTypes and no egress rules leave egress open', [nulls({ podSelector: on('web'), ingress: null, egress: null, policyTypes: null })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['no policyTypes always isolate ingress', [nulls({ podSelector: on('web'), egress: [{}] })], 'data/db', 'shop/web', '80/TCP', 'deny'],
    ['no policyTypes with egress rules isolate egress', [nulls({ podSelector: on('web'), egress: [{ to: [{ podSelector: on('api') }] }] })], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['policyTypes decide, not the rules present', [nulls({ podSelector: on('web'), policyTypes: ['Ingress'], egress: [{ to: [{ podSelector: on('api') }] }] })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['a null spec isolates the ingress of the namespace', [nulls(null)], 'data/db', 'shop/web', '80/TCP', 'deny'],
  ])('%s', (_why, policies, from, to, port, decision) => {
    expect(decide(policies, from, to, port)).toBe(decision);
  });
});

describe('NetworkPolicy: ports and addresses', () => {
  const block = (cidr: string, ...except: readonly string[]): Json => ({ to: [{ ipBlock: { cidr, except: [...except] } }] });
  const port = (...ports: readonly Json[]): Json => ({ ports: [...ports] });
  it.each<Row>([
    ['the protocol is TCP where none is said', [egress(port({ port: 53 }))], 'shop/web', 'data/db', '53/UDP', 'deny'],
    ['UDP stays UDP', [egress(port({ port: 53, protocol: 'UDP' }))], 'shop/web', 'data/db', '53/UDP', 'allow'],
    ['SCTP stays SCTP', [egress(port({ port: 80, protocol: 'SCTP' }))], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['a protocol without a port is all its ports', [egress(port({ protocol: 'SCTP' }))], 'shop/web', 'data/db', '5060/SCTP', 'allow'],
    ['endPort is included', [egress(port({ port: 80, endPort: 90 }))], 'shop/web', 'data/db', '90/TCP', 'allow'],
    ['and the port after it is not', [egress(port({ port: 80, endPort: 90 }))], 'shop/web', 'data/db', '91/TCP', 'deny'],
    ['a range may be one port', [egress(port({ port: 80, endPort: 80 }))], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['a name means each destination\'s own port', [egress(port({ port: 'http' }))], 'shop/web', 'shop/api', '8080/TCP', 'allow'],
    ['and not another destination\'s', [egress(port({ port: 'http' }))], 'shop/web', 'shop/api', '80/TCP', 'deny'],
    ['a name is looked up with its protocol', [egress(port({ port: 'dns', protocol: 'UDP' }))], 'shop/web', 'shop/api', '53/UDP', 'deny'],
    ['a name means nothing on a pod that does not declare it', [egress(port({ port: 'http' }))], 'shop/web', 'data/web', '80/TCP', 'deny'],
    ['a name means nothing outside', [egress(port({ port: 'http' }))], 'shop/web', '203.0.113.7', '80/TCP', 'deny'],
    ['a name works through a block, on the pod behind the address', [egress({ to: [{ ipBlock: { cidr: '10.0.2.0/24' } }], ports: [{ port: 'http' }] })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['a name means nothing on a host-network pod, which is its node', [egress(port({ port: 'http' }))], 'shop/web', 'shop/agent', '80/TCP', 'deny'],
    ['a block means pods too', [egress(block('10.0.2.0/24'))], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['a bare address of a pod is that pod', [egress({ to: [{ namespaceSelector: { matchLabels: { team: 'b' } } }] })], 'shop/web', '10.0.2.1', '80/TCP', 'allow'],
    ['host bits are dropped', [egress(block('10.0.2.77/24'))], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['an exception takes away', [egress(block('10.0.0.0/8', '10.0.2.0/24'))], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['an exception takes away from its own block only', [egress({ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.2.0/24'] } }, { ipBlock: { cidr: '10.0.2.1/32' } }] })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['0.0.0.0/0 is no IPv6', [egress(block('0.0.0.0/0'))], 'shop/web@6', 'data/db@6', '80/TCP', 'deny'],
    ['::/0 is no IPv4', [egress(block('::/0'))], 'shop/web@4', 'data/db@4', '80/TCP', 'deny'],
    ['::/0 is IPv6', [egress(block('::/0', 'fd00:1::/64'))], 'shop/web@6', 'data/db@6', '80/TCP', 'allow'],
    ['selectors mean both families of a pod', [egress({ to: [{ namespaceSelector: { matchLabels: { team: 'b' } } }] })], 'shop/web@6', 'data/db@6', '80/TCP', 'allow'],
    ['a block means a node\'s address', [egress(block('192.0.2.0/24'))], 'shop/web', 'shop/agent', '80/TCP', 'allow'],
  ])('%s', (_why, policies, from, to, number, decision) => {
    expect(decide(policies, from, to, number)).toBe(decision);
  });
});

describe('admin tiers', () => {
  const tier = (name: string, fields: Record<string, Json>): Policy =>
    clusterPolicy(name, { tier: 'Admin', priority: 10, subject: { namespaces: { matchLabels: { team: 'a' } } }, ...fields });
  const to = (action: string, peers: readonly Json[], protocols?: readonly Json[]): Json => ({ action, to: [...peers], ...(protocols === undefined ? {} : { protocols: [...protocols] }) });
  const data: Json = { namespaces: { matchLabels: { team: 'b' } } };
  const everyPod: Json = { namespaces: {} };
  const tcp80: Json = { tcp: { destinationPort: { number: 80 } } };
  const baseline = (...rules: readonly Json[]): Policy => tier('base', { tier: 'Baseline', egress: [...rules] });
  const anp = (kind: string, name: string, spec: Json): Policy => {
    const { value } = readPolicy(manifest('policy.networking.k8s.io/v1alpha1', kind, name, spec));
    if (value === undefined) throw new Error(`read ${name}: refused`);
    return value;
  };
  it.each<Row>([
    ['an admin denial comes before a NetworkPolicy', [tier('a', { egress: [to('Deny', [data])] }), egress({})], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['an admin allowance comes before a NetworkPolicy', [tier('a', { egress: [to('Accept', [data])] }), egress()], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['pass asks the NetworkPolicies', [tier('a', { egress: [to('Pass', [data]), to('Deny', [data])] }), egress({})], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['pass skips all of the tier, later policies too', [tier('a', { egress: [to('Pass', [data])] }), tier('b', { priority: 20, egress: [to('Deny', [data])] })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['pass asks the baseline where no NetworkPolicy selects', [tier('a', { egress: [to('Pass', [data])] }), baseline(to('Deny', [data]))], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['the lower number comes first', [tier('a', { priority: 20, egress: [to('Deny', [data])] }), tier('b', { priority: 10, egress: [to('Accept', [data])] })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['equal numbers go by name', [tier('b', { egress: [to('Accept', [data])] }), tier('a', { egress: [to('Deny', [data])] })], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['the first rule that matches decides', [tier('a', { egress: [to('Accept', [data], [tcp80]), to('Deny', [data])] })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['a rule for other ports does not match', [tier('a', { egress: [to('Accept', [data], [tcp80]), to('Deny', [data])] })], 'shop/web', 'data/db', '81/TCP', 'deny'],
    ['what no admin rule matches goes on', [tier('a', { egress: [to('Deny', [data], [tcp80])] })], 'shop/web', 'data/db', '81/TCP', 'allow'],
    ['the baseline is not asked where a NetworkPolicy selects', [baseline(to('Accept', [data])), egress()], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['nor may it deny there', [baseline(to('Deny', [data])), egress({})], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['a NetworkPolicy for the other direction leaves it asked', [baseline(to('Deny', [data])), networkPolicy('shop/p', { podSelector: {}, policyTypes: ['Ingress'] })], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['passing in the baseline leaves it open', [baseline(to('Pass', [data]), to('Deny', [data]))], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['admin rules do not isolate', [tier('a', { egress: [to('Accept', [data])] })], 'shop/web', 'bare/none', '80/TCP', 'allow'],
    ['pods peers are never addresses outside', [tier('a', { egress: [to('Deny', [everyPod])] })], 'shop/web', '203.0.113.7', '80/TCP', 'allow'],
    ['nor host-network pods', [tier('a', { egress: [to('Deny', [everyPod])] })], 'shop/web', 'shop/agent', '80/TCP', 'allow'],
    ['nodes peers are node addresses', [tier('a', { egress: [to('Deny', [{ nodes: { matchLabels: { os: 'linux' } } }])] })], 'shop/web', 'shop/agent', '80/TCP', 'deny'],
    ['of nodes with these labels', [tier('a', { egress: [to('Deny', [{ nodes: { matchLabels: { os: 'linux' } } }])] })], 'shop/web', '192.0.2.2', '80/TCP', 'allow'],
    ['in both families', [tier('a', { egress: [to('Deny', [{ nodes: {} }])] })], 'shop/web@6', '2001:db8:1::1', '80/TCP', 'deny'],
    ['networks are pods too', [tier('a', { egress: [to('Deny', [{ networks: ['0.0.0.0/0'] }])] })], 'shop/web', 'data/db', '80/TCP', 'deny'],
    ['networks match ICMP', [tier('a', { egress: [to('Deny', [{ networks: ['0.0.0.0/0'] }])] })], 'shop/web', '203.0.113.7', '0/ICMP', 'deny'],
    ['a rule with protocols does not match ICMP', [tier('a', { egress: [to('Deny', [data], [tcp80])] })], 'shop/web', 'data/db', '0/ICMP', 'allow'],
    ['a named port is any protocol\'s', [tier('a', { egress: [to('Deny', [data], [{ destinationNamedPort: 'dns' }])] })], 'shop/web', 'data/db', '53/UDP', 'deny'],
    ['a named port is the destination\'s number', [tier('a', { egress: [to('Deny', [data], [{ destinationNamedPort: 'dns' }])] })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['ingress is judged at the receiver', [tier('a', { ingress: [{ action: 'Deny', from: [data] }] })], 'data/db', 'shop/api', '80/TCP', 'deny'],
    ['host-network pods are never subject', [tier('a', { egress: [to('Deny', [data])] })], 'shop/agent', 'data/db', '80/TCP', 'allow'],
    ['a subject may be pods', [tier('a', { subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'api' } } } }, egress: [to('Deny', [data])] })], 'shop/web', 'data/db', '80/TCP', 'allow'],
    ['a name nobody can resolve here is unknown', [tier('a', { egress: [to('Accept', [{ domainNames: ['example.com'] }]), to('Deny', [{ networks: ['0.0.0.0/0'] }])] })], 'shop/web', '203.0.113.7', '443/TCP', 'unknown'],
    ['but no pod\'s', [tier('a', { egress: [to('Accept', [{ domainNames: ['example.com'] }]), to('Deny', [{ networks: ['0.0.0.0/0'] }])] })], 'shop/web', 'data/db', '443/TCP', 'deny'],
    ['AdminNetworkPolicy v1alpha1 reads alike', [anp('AdminNetworkPolicy', 'a', { priority: 1, subject: { namespaces: {} }, egress: [{ action: 'Deny', to: [data], ports: [{ portRange: { start: 80, end: 90 } }] }] })], 'shop/web', 'data/db', '85/TCP', 'deny'],
    ['and the baseline', [anp('BaselineAdminNetworkPolicy', 'default', { subject: { namespaces: {} }, ingress: [{ action: 'Deny', from: [{ namespaces: {} }], ports: [{ portNumber: { protocol: 'UDP', port: 53 } }] }] })], 'shop/web', 'data/db', '53/UDP', 'deny'],
  ])('%s', (_why, policies, from, dest, number, decision) => {
    expect(decide(policies, from, dest, number)).toBe(decision);
  });
});

describe('what is not known', () => {
  const undeclared = world({ pods: [pod('shop/web', ['10.0.1.1'], { labels: { app: 'web' } }), pod('mon/prom', ['10.0.4.1'])] });
  const fromLabelled = (labels: Json): Policy => networkPolicy('shop/p', { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: labels } }] }] });
  it.each<readonly [string, Json, Decision]>([
    ['the name of a namespace is known without its object', { 'kubernetes.io/metadata.name': 'mon' }, 'allow'],
    ['and so is that it is another', { 'kubernetes.io/metadata.name': 'other', team: 'x' }, 'deny'],
    ['its other labels are not', { team: 'ops' }, 'unknown'],
  ])('%s', (_why, labels, decision) => {
    expect(decide([fromLabelled(labels)], 'mon/prom', 'shop/web', '80/TCP', undeclared)).toBe(decision);
  });

  it('is settled where another rule allows anyway', () => {
    const policies = [fromLabelled({ team: 'ops' }), networkPolicy('shop/q', { podSelector: {}, ingress: [{}] })];
    expect(decide(policies, 'mon/prom', 'shop/web', '80/TCP', undeclared)).toBe('allow');
  });
});

describe('reasons', () => {
  it('name the rules of both ends, egress first', () => {
    const revision = adoptPolicies([egress({ to: [{ podSelector: on('api') }] }), networkPolicy('shop/in', { podSelector: on('api'), ingress: [{}] })]);
    const { reasons } = evaluate(revision, cluster, connection(cluster, 'shop/web', 'shop/api', '80/TCP'));
    expect(reasons.map(({ direction, effect, policy, rule }) => [direction, effect, policy, rule])).toEqual([
      ['egress', 'allow', 'NetworkPolicy shop/p', 'egress-0'],
      ['ingress', 'allow', 'NetworkPolicy shop/in', 'ingress-0'],
    ]);
  });

  it('name what isolates where nothing allows', () => {
    const { reasons } = evaluate(adoptPolicies([ingress({ ports: [{ port: 81 }] })]), cluster, connection(cluster, 'shop/web', 'shop/api', '80/TCP'));
    expect(reasons.at(-1)).toEqual({
      direction: 'ingress',
      effect: 'deny',
      policy: 'NetworkPolicy shop/p',
      text: 'NetworkPolicy shop/p isolates shop/api for ingress, and its one rule does not allow 80/TCP from shop/web (10.0.1.1)',
    });
  });
});

describe('applications', () => {
  const learned = (application: string): Policy => ({
    kind: 'namespaced',
    name: 'learned shop/Pod/api',
    subject: { kind: 'workload', workload: { namespace: 'shop', kind: 'Pod', name: 'api' } },
    ingress: [{ id: 'a', peers: 'any', ports: 'any', application, evidence: [], widenings: [] }],
    origin: { file: 'x', line: 1 },
  });
  it.each<readonly [string, string | undefined, Decision]>([
    ['the same application matches', 'http', 'allow'],
    ['another one does not', 'postgresql', 'deny'],
    ['one nobody knows may be it', undefined, 'allow'],
  ])('%s', (_why, application, decision) => {
    expect(decide([learned('http')], 'shop/web', 'shop/api', '80/TCP', cluster, application)).toBe(decision);
  });
});
