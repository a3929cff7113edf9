import { describe, expect, test } from '@jest/globals';

import type { NamespacedPolicy, Peer, Policy, PortMatch, Rule } from '#model';
import { lintBeside, type Meeting } from '#policy';

import { DB, shop } from '../../test/support/review-world.ts';

const API: Peer = { kind: 'workload', workload: { namespace: 'shop', kind: 'Deployment', name: 'api' } };
const SQL: PortMatch = { kind: 'range', protocol: 'TCP', from: 5432, to: 5432 };
const origin = { file: 'others.yaml', line: 1 };

function rule(peers: Rule['peers'], ports: Rule['ports'] = [SQL]): Rule {
  return { id: 'ingress-0', peers, ports, evidence: [], widenings: [], tier: 'strong', confidence: 1, why: '' } as Rule;
}

const approved: NamespacedPolicy = { kind: 'namespaced', name: 'learned data/StatefulSet/db', subject: { kind: 'workload', workload: DB }, ingress: [rule([API])], origin };

function others(...ingress: readonly Rule[]): Policy {
  return { kind: 'namespaced', name: 'NetworkPolicy data/others', subject: { kind: 'pods', namespaces: { kind: 'name', name: 'data' }, pods: { requirements: [] } }, ingress, origin };
}

const podsOf = (name: string): Peer => ({ kind: 'pods', namespaces: { kind: 'name', name }, pods: { requirements: [] } });

describe('policies of others beside an approved one', () => {
  test.each([
    ['anyone on every port', rule('any', 'any'), 'add-up', ['policy-widens']],
    ['a block of IPv4', rule([{ kind: 'cidr', cidr: { family: 4, first: 0n, length: 0, text: '0.0.0.0/0' }, except: [] }]), 'add-up', ['policy-widens']],
    ['a block of IPv6', rule([{ kind: 'cidr', cidr: { family: 6, first: 0n, length: 0, text: '::/0' }, except: [] }]), 'add-up', ['policy-widens']],
    ['every pod of a namespace, though one workload was approved', rule([podsOf('shop')]), 'add-up', ['policy-widens']],
    ['who is approved, on another port', rule([API], [{ ...SQL, from: 22, to: 22 }]), 'add-up', ['policy-widens']],
    ['who is approved, where it is', rule([API]), 'add-up', []],
    ['nobody there is', rule([podsOf('nowhere')]), 'add-up', []],
    ['anyone, enforced apart', rule('any', 'any'), 'each-drops', []],
    ['who is approved and more, enforced apart', rule([podsOf('shop')]), 'each-drops', []],
    ['who is approved, on another port, enforced apart', rule([API], [{ ...SQL, from: 22, to: 22 }]), 'each-drops', ['policy-narrows']],
    ['somebody else, enforced apart', rule([podsOf('edge')]), 'each-drops', ['policy-narrows']],
    ['the addresses of one family, enforced apart', rule([{ kind: 'cidr', cidr: { family: 4, first: 0n, length: 0, text: '0.0.0.0/0' }, except: [] }]), 'each-drops', ['policy-narrows']],
    ['anyone, where nothing is enforced', rule('any', 'any'), undefined, []],
  ] as const)('%s', (_, asked, meeting: Meeting | undefined, codes) => {
    expect(lintBeside([approved], [others(asked)], shop, () => meeting).map(({ code }) => code)).toEqual(codes);
  });

  test('one that only closes adds nothing, and one that is about another direction is apart', () => {
    expect(lintBeside([approved], [others()], shop, () => 'add-up')).toEqual([]);
    expect(lintBeside([{ ...approved, ingress: undefined, egress: [] } as unknown as Policy], [others(rule('any', 'any'))], shop, () => 'add-up')).toEqual([]);
  });

  test('several of others add up, and only together drop what they do not have', () => {
    const apart = (...policies: readonly Policy[]): readonly string[] => lintBeside([approved], policies, shop, () => 'each-drops').map(({ subject }) => subject);
    expect(apart(others(rule([podsOf('edge')])), { ...others(rule([API])), name: 'NetworkPolicy data/api' })).toEqual([]);
    expect(apart(others(rule([podsOf('edge')])), { ...others(), name: 'NetworkPolicy data/closed' })).toEqual(['NetworkPolicy data/others', 'NetworkPolicy data/closed']);
  });

  test('an address of a pod is that pod', () => {
    const [pod] = [...shop.pods.values()].filter(({ workload }) => workload.name === 'api');
    const blocks = pod!.addresses.map(({ family, bits, text }): Peer => ({ kind: 'cidr', cidr: { family, first: bits, length: family === 4 ? 32 : 128, text: `${text}/${family === 4 ? '32' : '128'}` }, except: [] }));
    const byAddress: NamespacedPolicy = { ...approved, ingress: [rule(blocks)] };
    expect(lintBeside([byAddress], [others(rule([podsOf('shop')]))], shop, () => 'each-drops')).toEqual([]);
    expect(lintBeside([byAddress], [others(rule([podsOf('edge')]))], shop, () => 'each-drops').map(({ code }) => code)).toEqual(['policy-narrows']);
  });

  test('what an administrator denies is dropped too', () => {
    const admin: Policy = { kind: 'admin', tier: 'admin', name: 'ClusterNetworkPolicy no', priority: 1, subject: { kind: 'pods', namespaces: { kind: 'name', name: 'data' }, pods: { requirements: [] } }, ingress: [{ ...rule([podsOf('shop')], 'any'), action: 'deny' }], egress: [], origin };
    expect(lintBeside([approved], [admin], shop, () => 'each-drops')).toMatchObject([{ code: 'policy-narrows', subject: 'ClusterNetworkPolicy no', message: 'drops some ingress that is approved for data/StatefulSet/db', hint: 'a connection needs both: let it through there as well, or give the namespace target networkpolicy, where NetworkPolicies add up' }]);
    expect(lintBeside([approved], [admin], shop, () => 'add-up')).toEqual([]);
  });

  test('says which policy, for whom, and what to do', () => {
    const [finding] = lintBeside([approved], [others(rule('any', 'any'))], shop, () => 'add-up');
    expect(finding).toMatchObject({ severity: 'warning', subject: 'NetworkPolicy data/others', message: 'lets more ingress through than is approved for data/StatefulSet/db', hint: 'NetworkPolicies add up: narrow or remove it, or approve what it is for' });
  });
});
