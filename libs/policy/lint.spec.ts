import { describe, expect, it } from '@jest/globals';

import { lintPolicies } from '#policy';
import type { Json, Policy } from '#model';
import { clusterPolicy, networkPolicy, pod } from '../../test/support/policies.ts';
import { namespace, node, world } from '../../test/support/worlds.ts';

const cluster = world({
  namespaces: [namespace('shop')],
  nodes: [node('n1', ['192.0.2.1'], { os: 'linux' })],
  pods: [
    pod('shop/web', ['10.0.0.1'], { labels: { app: 'web' }, ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }),
    pod('mon/prom', ['10.0.0.2']),
  ],
});

const on = (app: string): Json => ({ matchLabels: { app } });
const rule = (fields: Json): Policy => networkPolicy('shop/p', { podSelector: on('web'), ingress: [fields] });
const rules = (...fields: readonly Json[]): Policy => networkPolicy('shop/p', { podSelector: on('web'), ingress: [...fields] });
const admin = (...egress: readonly Json[]): Policy => clusterPolicy('a', { tier: 'Admin', priority: 1, subject: { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }, egress: [...egress] });
const port80: Json = { tcp: { destinationPort: { number: 80 } } };

describe('lint', () => {
  it.each<readonly [string, Policy, readonly string[]]>([
    ['a sound policy', rule({ from: [{ podSelector: on('web') }], ports: [{ port: 'http' }] }), []],
    ['a subject that is nobody', networkPolicy('shop/p', { podSelector: on('gone') }), ['policy-selects-nothing']],
    ['a peer that is nobody', rule({ from: [{ podSelector: on('gone') }] }), ['peer-selects-nothing']],
    ['nodes that are none', admin({ action: 'Deny', to: [{ nodes: { matchLabels: { os: 'windows' } } }] }), ['peer-selects-nothing']],
    ['a port name nobody declares', rule({ ports: [{ port: 'https' }] }), ['port-name-unknown']],
    ['a port name declared for another protocol', rule({ ports: [{ port: 'http', protocol: 'UDP' }] }), ['port-name-unknown']],
    ['labels of a namespace that is not in the input', rule({ from: [{ namespaceSelector: { matchLabels: { team: 'ops' } } }] }), ['namespace-labels-unknown']],
    ['a name nobody can resolve', admin({ action: 'Accept', to: [{ domainNames: ['example.com'] }] }), ['host-unresolved']],
    ['a rule after one that allows as much', rules({}, { from: [{ podSelector: on('web') }] }), ['rule-shadowed']],
    ['a rule before one that allows as much', rules({ from: [{ podSelector: on('web') }] }, {}), ['rule-shadowed']],
    ['the same rule twice, told once', rules({ ports: [{ port: 80 }] }, { ports: [{ port: 80 }] }), ['rule-shadowed']],
    ['a port within a range', rules({ ports: [{ port: 80, endPort: 90 }] }, { ports: [{ port: 85 }] }), ['rule-shadowed']],
    ['a block within a block', rules({ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }, { from: [{ ipBlock: { cidr: '10.1.0.0/16' } }] }), ['rule-shadowed']],
    ['a block within the exception of a block', rules({ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }, { from: [{ ipBlock: { cidr: '10.1.0.0/16' } }] }), []],
    ['an admin rule after a wider one', admin({ action: 'Deny', to: [{ namespaces: {} }] }, { action: 'Accept', to: [{ namespaces: {} }], protocols: [port80] }), ['rule-shadowed']],
    ['an admin rule before a wider one', admin({ action: 'Accept', to: [{ namespaces: {} }], protocols: [port80] }, { action: 'Deny', to: [{ namespaces: {} }] }), []],
  ])('%s', (_why, policy, codes) => {
    expect(lintPolicies([policy], cluster).map(({ code }) => code)).toEqual(codes);
  });

  it('blames no selector where there are no pods to match', () => {
    expect(lintPolicies([rule({ from: [{ podSelector: on('gone') }], ports: [{ port: 'x' }] })], world())).toEqual([]);
  });

  it('names the policy, the rule and the way out', () => {
    expect(lintPolicies([rule({ ports: [{ port: 'https' }] })], cluster)).toEqual([
      {
        code: 'port-name-unknown',
        severity: 'warning',
        subject: 'NetworkPolicy shop/p',
        message: 'ingress-0 names the port "https" (TCP), which none of its 1 destination pods declares, so it matches nothing',
        hint: 'name the port in the pods, under this protocol, or write its number',
        origin: { file: 'world.yaml', line: 1 },
      },
    ]);
  });
});
