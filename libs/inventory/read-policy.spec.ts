import { describe, expect, it } from '@jest/globals';

import type { Json, Policy } from '#model';
import { manifest, readPolicy } from '../../test/support/policies.ts';

const ADMIN_API = 'policy.networking.k8s.io';

function read(spec: Json): ReturnType<typeof readPolicy> {
  return readPolicy(manifest('networking.k8s.io/v1', 'NetworkPolicy', 'web', spec, 'shop'));
}

function readAdmin(kind: string, spec: Json, name = 'default'): ReturnType<typeof readPolicy> {
  return readPolicy(manifest(`${ADMIN_API}/${kind === 'ClusterNetworkPolicy' ? 'v1alpha2' : 'v1alpha1'}`, kind, name, spec));
}

function refusals(read: { readonly value?: Policy; readonly diagnostics: readonly { readonly severity: string; readonly message: string }[] }): readonly string[] {
  expect(read.value).toBeUndefined();
  return read.diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message.split(';')[0] ?? '');
}

const rule = (fields: Json): Json => ({ podSelector: {}, ingress: [fields] });
const port = (fields: Json): Json => rule({ ports: [fields] });
const peer = (fields: Json): Json => rule({ from: [fields] });

describe('a NetworkPolicy the API server refuses is absent, and says why', () => {
  it.each<readonly [string, Json, string]>([
    ['no CIDR', peer({ ipBlock: { cidr: '10.0.0.0' } }), 'spec.ingress[0].from[0].ipBlock.cidr is "10.0.0.0", which is no CIDR block'],
    ['a prefix too long', peer({ ipBlock: { cidr: '10.0.0.0/33' } }), 'spec.ingress[0].from[0].ipBlock.cidr is "10.0.0.0/33", which is no CIDR block'],
    ['no cidr at all', peer({ ipBlock: {} }), 'spec.ingress[0].from[0].ipBlock.cidr is nothing, which is no CIDR block'],
    ['an exception outside its block', peer({ ipBlock: { cidr: '10.0.0.0/24', except: ['10.0.1.0/25'] } }), 'spec.ingress[0].from[0].ipBlock.except[0] is 10.0.1.0/25, which is not inside 10.0.0.0/24'],
    ['an exception as large as its block', peer({ ipBlock: { cidr: '10.0.0.0/24', except: ['10.0.0.0/24'] } }), 'spec.ingress[0].from[0].ipBlock.except[0] is 10.0.0.0/24, which is not inside 10.0.0.0/24'],
    ['an exception of the other family', peer({ ipBlock: { cidr: '10.0.0.0/8', except: ['fd00::/64'] } }), 'spec.ingress[0].from[0].ipBlock.except[0] is fd00::/64, which is not inside 10.0.0.0/8'],
    ['a block beside a selector', peer({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }), 'spec.ingress[0].from[0] says ipBlock and a selector at once'],
    ['a peer that says nothing', peer({}), 'spec.ingress[0].from[0] says nothing'],
    ['a null peer', peer(null), 'spec.ingress[0].from[0] says nothing'],
    ['a peer with a null selector only', peer({ podSelector: null }), 'spec.ingress[0].from[0] says nothing'],
    ['endPort below port', port({ port: 90, endPort: 80 }), 'spec.ingress[0].ports[0].endPort is 80, below port 90'],
    ['endPort with a name', port({ port: 'http', endPort: 80 }), 'spec.ingress[0].ports[0].endPort is given with a named port'],
    ['endPort alone', port({ endPort: 80 }), 'spec.ingress[0].ports[0].endPort is given without a port'],
    ['port 0', port({ port: 0 }), 'spec.ingress[0].ports[0].port is 0, which is no port number'],
    ['a port too high', port({ port: 65536 }), 'spec.ingress[0].ports[0].port is 65536, which is no port number'],
    ['a number in quotes', port({ port: '80' }), 'spec.ingress[0].ports[0].port is "80", which no port can be called'],
    ['a long port name', port({ port: 'a-very-long-port-name' }), 'spec.ingress[0].ports[0].port is "a-very-long-port-name", which no port can be called'],
    ['another protocol', port({ port: 80, protocol: 'ICMP' }), 'spec.ingress[0].ports[0].protocol is "ICMP"'],
    ['a protocol in small letters', port({ port: 80, protocol: 'tcp' }), 'spec.ingress[0].ports[0].protocol is "tcp"'],
    ['an unknown operator', { podSelector: { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] } }, 'spec.podSelector.matchExpressions[0].operator is "Like"'],
    ['In without values', { podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }, 'spec.podSelector.matchExpressions[0].values is empty with In'],
    ['NotIn with no values', { podSelector: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: [] }] } }, 'spec.podSelector.matchExpressions[0].values is empty with NotIn'],
    ['Exists with values', { podSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } }, 'spec.podSelector.matchExpressions[0].values is given with Exists'],
    ['no key', { podSelector: { matchExpressions: [{ operator: 'Exists' }] } }, 'spec.podSelector.matchExpressions[0].key has the key "", which no label can have'],
    ['a label value that is a number', { podSelector: { matchLabels: { tier: 1 } } }, 'spec.podSelector.matchLabels["tier"] is 1 where a text belongs'],
    ['a label value with a space', { podSelector: { matchLabels: { tier: 'a b' } } }, 'spec.podSelector.matchLabels["tier"] has the value "a b", which no label can have'],
    ['a selector with a field of its own', { podSelector: { app: 'web' } }, 'spec.podSelector has the field "app", which no selector has'],
    ['an unknown policy type', { podSelector: {}, policyTypes: ['Both'] }, 'spec.policyTypes[0] is "Both"'],
    ['rules that are no list', { podSelector: {}, ingress: {} }, 'spec.ingress is {} where a list belongs'],
    ['a spec that is a text', 'deny all', 'spec is "deny all" where an object belongs'],
  ])('%s', (_why, spec, message) => {
    expect(refusals(read(spec))).toContain(message);
  });

  it('names object, place and cure', () => {
    expect(read(port({ port: 0 })).diagnostics).toEqual([
      {
        code: 'policy-invalid',
        severity: 'error',
        subject: 'NetworkPolicy shop/web',
        message: 'spec.ingress[0].ports[0].port is 0, which is no port number; an API server refuses the object, so it isolates nothing and allows nothing',
        hint: 'use a number from 1 to 65535',
        origin: { file: 'world.yaml', line: 1 },
      },
    ]);
  });

  it('shows hostile text quoted and short', () => {
    const [message = ''] = refusals(read(port({ port: `\u001b[31m\n${'x'.repeat(10_000)}` })));
    expect(message).toMatch(/^spec\.ingress\[0\]\.ports\[0\]\.port is "\\u001b\[31m\\nx+\.\.\., which/);
    expect(message.length).toBeLessThan(160);
  });

  it('does not mistake a key for one of Object\'s own', () => {
    const { value } = read({ podSelector: { matchLabels: JSON.parse('{"__proto__":"x","constructor":"y"}') as Json } });
    expect(value).toBeUndefined(); // `__proto__` starts with an underscore, which no label key does
    const { value: allowed } = read({ podSelector: { matchLabels: { constructor: 'y' } } });
    expect(allowed?.subject).toMatchObject({ pods: { requirements: [{ key: 'constructor', operator: 'In', values: ['y'] }] } });
  });
});

describe('a NetworkPolicy the API server takes', () => {
  it.each<readonly [string, Json, string]>([
    ['warns of a field it drops', rule({ form: [] }), 'policy-unknown-field'],
    ['warns of rules in a direction it leaves out', { podSelector: {}, policyTypes: ['Egress'], ingress: [{}] }, 'policy-unused-rules'],
  ])('%s', (_why, spec, code) => {
    const { value, diagnostics } = read(spec);
    expect(value).toBeDefined();
    expect(diagnostics.map((one) => [one.code, one.severity])).toEqual([[code, 'warning']]);
  });

  it.each<readonly [string, Json, readonly string[]]>([
    ['nothing said', {}, ['ingress']],
    ['nulls', { podSelector: null, ingress: null, egress: null, policyTypes: null }, ['ingress']],
    ['egress rules', { egress: [{}] }, ['ingress', 'egress']],
    ['an empty egress list', { egress: [] }, ['ingress']],
    ['only egress', { policyTypes: ['Egress'] }, ['egress']],
    ['empty policyTypes', { policyTypes: [], egress: [{}] }, ['ingress', 'egress']],
  ])('isolates by type: %s', (_why, spec, directions) => {
    const { value } = read(spec);
    expect(Object.keys(value ?? {}).filter((key) => key === 'ingress' || key === 'egress').sort().reverse()).toEqual(directions);
  });

  it('is read alike under its old name', () => {
    expect(readPolicy(manifest('extensions/v1beta1', 'NetworkPolicy', 'web', rule({}), 'shop')).value).toEqual(read(rule({})).value);
  });
});

describe('admin policies', () => {
  const all: Json = { namespaces: {} };
  const anp = (fields: Record<string, Json>): Json => ({ priority: 1, subject: all, ...fields });
  const cnp = (fields: Record<string, Json>): Json => ({ tier: 'Admin', priority: 1, subject: all, ...fields });
  const deny = (fields: Record<string, Json>): Json => ({ action: 'Deny', to: [all], ...fields });
  it.each<readonly [string, string, Json, string]>([
    ['no priority', 'AdminNetworkPolicy', { subject: all }, 'spec.priority is missing'],
    ['a priority too high', 'AdminNetworkPolicy', anp({ priority: 1001 }), 'spec.priority is 1001'],
    ['a priority below 0', 'ClusterNetworkPolicy', cnp({ priority: -1 }), 'spec.priority is -1'],
    ['no subject', 'AdminNetworkPolicy', { priority: 1 }, 'spec.subject says nothing'],
    ['two subjects', 'AdminNetworkPolicy', anp({ subject: { namespaces: {}, pods: { namespaceSelector: {}, podSelector: {} } } }), 'spec.subject says namespaces and pods at once'],
    ['half a pods subject', 'AdminNetworkPolicy', anp({ subject: { pods: { podSelector: {} } } }), 'spec.subject.pods.namespaceSelector is missing'],
    ['an action of the other version', 'AdminNetworkPolicy', anp({ egress: [deny({ action: 'Accept' })] }), 'spec.egress[0].action is "Accept"'],
    ['an action of the other version', 'ClusterNetworkPolicy', cnp({ egress: [deny({ action: 'Allow' })] }), 'spec.egress[0].action is "Allow"'],
    ['pass in the last tier of v1alpha1', 'BaselineAdminNetworkPolicy', { subject: all, egress: [deny({ action: 'Pass' })] }, 'spec.egress[0].action is "Pass"'],
    ['no peers', 'AdminNetworkPolicy', anp({ egress: [deny({ to: [] })] }), 'spec.egress[0].to names no peer'],
    ['a peer that says nothing', 'AdminNetworkPolicy', anp({ egress: [deny({ to: [{}] })] }), 'spec.egress[0].to[0] says nothing'],
    ['a peer that says two things', 'AdminNetworkPolicy', anp({ egress: [deny({ to: [{ namespaces: {}, nodes: {} }] })] }), 'spec.egress[0].to[0] says namespaces and nodes at once'],
    ['nodes in ingress', 'AdminNetworkPolicy', anp({ ingress: [{ action: 'Deny', from: [{ nodes: {} }] }] }), 'spec.ingress[0].from[0] says nothing'],
    ['a bad network', 'AdminNetworkPolicy', anp({ egress: [deny({ to: [{ networks: ['10.0.0.1'] }] })] }), 'spec.egress[0].to[0].networks[0] is "10.0.0.1", which is no CIDR block'],
    ['empty ports', 'AdminNetworkPolicy', anp({ egress: [deny({ ports: [] })] }), 'spec.egress[0].ports is an empty list'],
    ['a name beside nodes', 'AdminNetworkPolicy', anp({ egress: [deny({ to: [{ nodes: {} }], ports: [{ namedPort: 'http' }] })] }), 'spec.egress[0] has a named port beside nodes, networks or domainNames'],
    ['a name denied', 'ClusterNetworkPolicy', cnp({ egress: [deny({ to: [{ domainNames: ['example.com'] }] })] }), 'spec.egress[0].to has domainNames in a rule that does not allow'],
    ['no domain name', 'ClusterNetworkPolicy', cnp({ egress: [deny({ action: 'Accept', to: [{ domainNames: ['a*.example.com'] }] })] }), 'spec.egress[0].to[0].domainNames[0] is "a*.example.com", which is no domain name'],
    ['another tier', 'ClusterNetworkPolicy', cnp({ tier: 'admin' }), 'spec.tier is "admin"'],
    ['a range backwards', 'ClusterNetworkPolicy', cnp({ egress: [deny({ protocols: [{ tcp: { destinationPort: { range: { start: 90, end: 80 } } } }] })] }), 'spec.egress[0].protocols[0].tcp.destinationPort.range starts at 90 and ends at 80'],
    ['two protocols at once', 'ClusterNetworkPolicy', cnp({ egress: [deny({ protocols: [{ tcp: { destinationPort: { number: 80 } }, udp: { destinationPort: { number: 80 } } }] })] }), 'spec.egress[0].protocols[0] says tcp and udp at once'],
    ['26 rules', 'ClusterNetworkPolicy', cnp({ egress: Array.from({ length: 26 }, () => deny({})) }), 'spec.egress has 26 entries'],
  ])('refused: %s', (_why, kind, spec, message) => {
    expect(refusals(readAdmin(kind, spec))).toContain(message);
  });

  it('an empty range of v1alpha1 passes the API server and matches no port', () => {
    const { value, diagnostics } = readAdmin('AdminNetworkPolicy', anp({ egress: [deny({ ports: [{ portRange: { protocol: 'TCP', start: 90, end: 80 } }] })] }));
    expect(value?.egress?.[0]?.ports).toEqual([]);
    expect(diagnostics.map(({ code }) => code)).toEqual(['policy-empty-range']);
  });

  it('the first releases of v1alpha1 wrote namespaces one level deeper', () => {
    const selector: Json = { matchLabels: { team: 'a' } };
    const peers = (...from: readonly Json[]): Policy | undefined => readAdmin('AdminNetworkPolicy', anp({ ingress: [{ action: 'Deny', from: [...from] }] })).value;
    const old = peers({ namespaces: { namespaceSelector: selector } }, { pods: { namespaces: { namespaceSelector: selector }, podSelector: {} } });
    expect(old).toBeDefined();
    expect(old).toEqual(peers({ namespaces: selector }, { pods: { namespaceSelector: selector, podSelector: {} } }));
    expect(peers({ namespaces: { sameLabels: ['team'] } })).toBeUndefined();
    expect(peers({ namespaces: { namespaceSelector: selector, sameLabels: ['team'] } })).toBeUndefined();
  });

  it('an unspecified protocol is TCP', () => {
    const { value } = readAdmin('AdminNetworkPolicy', anp({ egress: [deny({ ports: [{ portNumber: { port: 80 } }, { portRange: { protocol: '', start: 80, end: 81 } }] })] }));
    expect(value?.egress?.[0]?.ports).toEqual([{ kind: 'range', protocol: 'TCP', from: 80, to: 80 }, { kind: 'range', protocol: 'TCP', from: 80, to: 81 }]);
  });

  it('a rule\'s name stays with it as its reason', () => {
    const { value } = readAdmin('ClusterNetworkPolicy', cnp({ egress: [deny({ name: 'no databases' })] }));
    expect(value?.egress?.[0]?.evidence.map(({ text }) => text)).toEqual(['the rule is called "no databases"']);
  });

  it('reads every kind of port', () => {
    const { value } = readAdmin('ClusterNetworkPolicy', cnp({ ingress: [{ action: 'Accept', from: [all], protocols: [{ tcp: { destinationPort: { number: 80 } } }, { udp: { destinationPort: { range: { start: 1, end: 9 } } } }, { sctp: { destinationPort: { number: 3 } } }, { destinationNamedPort: 'web' }] }] }));
    expect(value?.ingress?.[0]?.ports).toEqual([
      { kind: 'range', protocol: 'TCP', from: 80, to: 80 },
      { kind: 'range', protocol: 'UDP', from: 1, to: 9 },
      { kind: 'range', protocol: 'SCTP', from: 3, to: 3 },
      { kind: 'named', protocol: 'any', name: 'web' },
    ]);
  });
});
