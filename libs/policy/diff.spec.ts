import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, type ConnectivityChange, diff, formatPorts } from '#policy';
import { type Json, type NamespacedPolicy, type Policy, type Rule, type Snapshot, workloadKey } from '#model';
import { clusterPolicy, networkPolicy, pod } from '../../test/support/policies.ts';
import { namespace, ref, world } from '../../test/support/worlds.ts';

const cluster = world({
  namespaces: [namespace('shop')],
  pods: [
    pod('shop/web', ['10.0.0.1', 'fd00::1'], { labels: { app: 'web' } }),
    pod('shop/api', ['10.0.0.2', 'fd00::2'], { labels: { app: 'api' }, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] }),
    pod('shop/db', ['10.0.0.3', 'fd00::3'], { labels: { app: 'db' } }),
  ],
});

function changes(before: readonly Policy[], after: readonly Policy[], snapshot: Snapshot = cluster, next: Snapshot = snapshot): { readonly opened: readonly string[]; readonly closed: readonly string[] } {
  const { opened, closed } = diff({ revision: adoptPolicies(before), snapshot }, { revision: adoptPolicies(after), snapshot: next });
  return { opened: opened.map(format), closed: closed.map(format) };
}

function format({ from, to, ports, application }: ConnectivityChange): string {
  const end = (one: ConnectivityChange['from']): string => (one.kind === 'workload' ? one.workload.name : one.prefixes.map(({ text }) => text).join(' '));
  const about = application === undefined ? '' : application.kind === 'only' ? ` ${application.application}` : ` not ${application.applications.join(',')}`;
  return `${end(from)} > ${end(to)} ${formatPorts(ports)}${about}`;
}

const on = (app: string): Json => ({ matchLabels: { app } });
const api = (...ingress: readonly Json[]): Policy => networkPolicy('shop/api', { podSelector: on('api'), policyTypes: ['Ingress'], ingress: [...ingress] });
const from = (app: string, ...ports: readonly Json[]): Json => ({ from: [{ podSelector: on(app) }], ports: [...ports] });

describe('diff', () => {
  it.each<readonly [string, readonly Policy[], readonly Policy[], readonly string[], readonly string[]]>([
    ['the same policies change nothing', [api(from('web'))], [api(from('web'))], [], []],
    ['the same meaning written another way changes nothing', [api(from('web', { port: 80, endPort: 82 }))], [api(from('web', { port: 80 }), from('web', { port: 82 }, { port: 81 }))], [], []],
    ['a name and its number are the same', [api(from('web', { port: 'http' }))], [api(from('web', { port: 8080 }))], [], []],
    ['a port opens', [api(from('web', { port: 80 }))], [api(from('web', { port: 80 }, { port: 443 }))], ['web > api 443/TCP'], []],
    ['a protocol closes', [api(from('web', { port: 80 }, { protocol: 'UDP' }))], [api(from('web', { port: 80 }))], [], ['web > api UDP']],
    ['a peer is exchanged', [api(from('web', { port: 80 }))], [api(from('db', { port: 80 }))], ['db > api 80/TCP'], ['web > api 80/TCP']],
    ['a rule that opens at one end only opens nothing', [api(), networkPolicy('shop/web', { podSelector: on('web'), policyTypes: ['Egress'] })], [api(from('web')), networkPolicy('shop/web', { podSelector: on('web'), policyTypes: ['Egress'] })], [], []],
    ['an admin rule takes one port away', [], [clusterPolicy('a', { tier: 'Admin', priority: 1, subject: { pods: { namespaceSelector: {}, podSelector: on('api') } }, ingress: [{ action: 'Deny', from: [{ namespaces: {} }], protocols: [{ tcp: { destinationPort: { number: 22 } } }] }] })], [], ['api > api 22/TCP', 'db > api 22/TCP', 'web > api 22/TCP']],
    ['blocks outside are prefixes', [api({ from: [{ ipBlock: { cidr: '203.0.113.0/24' } }] })], [api({ from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.128/25'] } }, { ipBlock: { cidr: '2001:db8::/32' } }] })], ['2001:db8::/32 > api all'], ['203.0.113.128/25 > api all']],
    ['what lies next to each other is one block', [api()], [api({ from: [{ ipBlock: { cidr: '203.0.113.0/25' } }, { ipBlock: { cidr: '203.0.113.128/25' } }], ports: [{ port: 443 }] })], ['203.0.113.0/24 > api 443/TCP'], []],
    ['pods in a block change by name', [api()], [api({ from: [{ ipBlock: { cidr: '10.0.0.1/32' } }] })], ['web > api all'], []],
  ])('%s', (_why, before, after, opened, closed) => {
    expect(changes(before, after)).toEqual({ opened, closed });
  });

  it('isolating a pod closes it to the whole world, both families in one change', () => {
    expect(changes([], [api()]).closed).toEqual(['api > api all', 'db > api all', 'web > api all', '0.0.0.0/0 ::/0 > api all']);
  });

  it('tells applications apart', () => {
    const rule = (application?: string): Rule => ({ id: 'r', peers: [{ kind: 'workload', workload: ref('shop/Pod/web') }], ports: [{ kind: 'range', protocol: 'TCP', from: 80, to: 80 }], ...(application === undefined ? {} : { application }), evidence: [], widenings: [] });
    const learned = (...rules: readonly Rule[]): NamespacedPolicy => ({ kind: 'namespaced', name: 'learned', subject: { kind: 'workload', workload: ref('shop/Pod/api') }, ingress: rules, origin: { file: 'x', line: 1 } });
    expect(changes([learned(rule())], [learned(rule('http'))])).toEqual({ opened: [], closed: ['web > api 80/TCP not http'] });
    expect(changes([learned(rule('http'))], [learned(rule('grpc'))])).toEqual({ opened: ['web > api 80/TCP grpc'], closed: ['web > api 80/TCP http'] });
    expect(changes([learned(rule('http'), rule('grpc'))], [learned(rule('grpc'), rule('http'))])).toEqual({ opened: [], closed: [] });
  });

  it('sees that a label moved', () => {
    const relabelled = world({ namespaces: [namespace('shop')], pods: [...cluster.pods.values()].map((each) => (each.name === 'db' ? { ...each, labels: { app: 'web' } } : each)) });
    expect(changes([api(from('web', { port: 80 }))], [api(from('web', { port: 80 }))], cluster, relabelled)).toEqual({ opened: ['db > api 80/TCP'], closed: [] });
  });

  it('lists workloads only one side has, and compares the others', () => {
    const fewer = world({ namespaces: [namespace('shop')], pods: [...cluster.pods.values()].filter((each) => each.name !== 'db') });
    const found = diff({ revision: adoptPolicies([]), snapshot: fewer }, { revision: adoptPolicies([]), snapshot: cluster });
    expect(found.added.map(workloadKey)).toEqual(['shop/Pod/db']);
    expect([...found.opened, ...found.closed, ...found.removed]).toEqual([]);
  });
});
