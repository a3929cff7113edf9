import { describe, expect, it } from '@jest/globals';

import { adoptPolicies, explain, type Explanation } from '#policy';
import type { Json, Policy } from '#model';
import { clusterPolicy, connection, networkPolicy, pod } from '../../test/support/policies.ts';
import { namespace, world } from '../../test/support/worlds.ts';

const cluster = world({
  namespaces: [namespace('shop')],
  pods: [pod('shop/web', ['10.0.0.1'], { labels: { app: 'web' } }), pod('shop/api', ['10.0.0.2'], { labels: { app: 'api' } })],
});
const close = (app: string, direction: 'Ingress' | 'Egress'): Policy => networkPolicy(`shop/${app}`, { podSelector: { matchLabels: { app } }, policyTypes: [direction] });

function ask(policies: readonly Policy[], from: string, to: string, port = '80/TCP'): Explanation {
  return explain(adoptPolicies(policies), cluster, connection(cluster, from, to, port));
}

describe('explain', () => {
  it('names the smallest rule that is missing, at each end that denies', () => {
    const { sides, verdict } = ask([close('web', 'Egress'), close('api', 'Ingress')], 'shop/web', 'shop/api');
    expect(verdict.decision).toBe('deny');
    expect(sides.map(({ missing }) => missing.map(({ text }) => text))).toEqual([
      ['missing: egress of shop/Pod/web to shop/Pod/api on 80/TCP'],
      ['missing: ingress of shop/Pod/api from shop/Pod/web on 80/TCP'],
    ]);
    expect(sides[1]?.missing).toMatchObject([{ policies: ['NetworkPolicy shop/api'], peer: { kind: 'workload' }, port: { kind: 'range', protocol: 'TCP', from: 80, to: 80 } }]);
  });

  it('names an address outside as a block of its own', () => {
    const { sides } = ask([close('api', 'Ingress')], '203.0.113.7', 'shop/api', '0/ICMP');
    expect(sides[1]?.missing).toMatchObject([{ peer: { kind: 'cidr', cidr: { text: '203.0.113.7/32' } }, port: { kind: 'protocol', protocol: 'ICMP' } }]);
  });

  it('misses nothing where a rule allows, and lists the policies that close the end', () => {
    const open = networkPolicy('shop/open', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] });
    const { sides } = ask([open], 'shop/web', 'shop/api');
    expect(sides.map(({ isAllowed, missing, policies }) => [isAllowed, missing, policies])).toEqual([[true, [], []], [true, [], ['NetworkPolicy shop/open']]]);
  });

  it('offers no allowance against an admin denial, which none can lift', () => {
    const admin = clusterPolicy('a', { tier: 'Admin', priority: 1, subject: { namespaces: {} }, egress: [{ action: 'Deny', to: [{ namespaces: {} as Json }] }] });
    const { sides } = ask([admin, close('api', 'Ingress')], 'shop/web', 'shop/api');
    expect([sides[0]?.isAllowed, sides[0]?.missing, sides[0]?.policies]).toEqual([false, [], ['ClusterNetworkPolicy a']]);
    expect(sides[1]?.missing).toHaveLength(1);
  });

  it('names whom it is about, outside too', () => {
    const { sides } = ask([], 'shop/web', '203.0.113.7');
    expect(sides.map(({ subject, peer }) => [subject, peer])).toEqual([['shop/web (10.0.0.1)', '203.0.113.7'], ['203.0.113.7', 'shop/web (10.0.0.1)']]);
  });
});
