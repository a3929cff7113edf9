import { describe, expect, it } from '@jest/globals';

import type { ObservedPeer, ObservedRelationship } from '#model';
import { adoptPolicies, simulate } from '#policy';

import { networkPolicy } from '../../../../../test/support/policies.ts';
import { endpointSlice, node, podsOf, ref, workload, world } from '../../../../../test/support/worlds.ts';
import { replayedFlows } from './replayed-flows.ts';
import { withStandIns } from './stand-in-pods.ts';

/*
 * What was observed, replayed over a cluster in which web admits only api, and report may send nothing.
 */
const nodes = [node('a', ['192.0.2.1', '2001:db8:a::1']), node('b', ['192.0.2.2', '2001:db8:a::2'])];
const web = workload('shop/Deployment/web', { ports: ['8080'] });
const api = workload('shop/Deployment/api');
const mailer = workload('shop/Deployment/mailer');
const report = workload('shop/CronJob/report');
const cluster = withStandIns(
  world({
    nodes,
    workloads: [web, api, mailer, report, workload('shop/Deployment/asleep', { replicas: 0 })],
    pods: [...podsOf(web, 1, nodes[0]), ...podsOf({ ...web, replicas: 2 }, 2, nodes[1]).slice(1), ...podsOf(api, 3, nodes[1]), ...podsOf(mailer, 5, nodes[1]), ...podsOf(report, 4, nodes[1]).map((one) => ({ ...one, phase: 'finished' as const }))],
    endpointSlices: [endpointSlice('default/kubernetes', ['192.0.2.9'], ['https:6443'])],
  }),
);
const policies = adoptPolicies([
  networkPolicy('shop/web', { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'api' } } }] }] }),
  networkPolicy('shop/report', { podSelector: { matchLabels: { app: 'report' } }, policyTypes: ['Egress'], egress: [] }),
]);

const of = (name: string): ObservedPeer => ({ kind: 'workload', workload: ref(name) });
const onNode = (name: string): ObservedPeer => ({ kind: 'node', node: name, mayBe: [] });
const WEB = of('shop/Deployment/web');

function seen(from: ObservedPeer, to: ObservedPeer, fields: Partial<ObservedRelationship> = {}): ObservedRelationship {
  return { from, to, protocol: 'TCP', port: 8080, firstSeen: 0, lastSeen: 86_400_000, buckets: 1, connections: 5, bytes: 50, replied: 5, denied: 0, wouldBeDenied: 0, clientPods: 1, serverPods: 1, applications: [], processes: [], reporters: ['a'], ...fields };
}

function decisions(...observed: readonly ObservedRelationship[]): readonly string[] {
  return simulate(policies, cluster, replayedFlows(observed, cluster)).flows.map(({ decision, flow }) => `${decision} ${String(flow.count)}`);
}

describe('what was observed is replayed', () => {
  it.each<readonly [string, ObservedRelationship, readonly string[]]>([
    ['between workloads', seen(of('shop/Deployment/api'), WEB), ['allow 5']],
    ['and what would be denied', seen(of('shop/Deployment/mailer'), WEB, { connections: 0, wouldBeDenied: 7 }), ['deny 7']],
    ['and what no rule names dies', seen(of('shop/Deployment/mailer'), WEB, { connections: 7 }), ['deny 7']],
    ['of a node to its own pods, where it was seen there', seen(onNode('a'), WEB), ['allow 5']],
    ['of a node to pods of another one', seen(onNode('b'), WEB), ['deny 5']],
    ['of a CronJob between two runs', seen(of('shop/CronJob/report'), of('shop/Deployment/api')), ['deny 5']],
    ['to the API server', seen(of('shop/CronJob/report'), { kind: 'entity', entity: 'kube-apiserver' }, { port: 6443 }), ['deny 5']],
    ['of every address outside, sharing out what it was', seen({ kind: 'external', host: 'hooks.example', addresses: ['203.0.113.7', '2001:db8:ffff::7'] }, WEB), ['deny 3', 'deny 2']],
    ['of a block outside', seen({ kind: 'external', host: '203.0.113.0/24', addresses: [] }, WEB), ['deny 5']],
    ['of a name outside', seen(WEB, { kind: 'external', host: 'bank.example', addresses: [] }, { port: 443 }), ['allow 5']],
  ])('%s', (_what, observed, expected) => {
    expect(decisions(observed)).toEqual(expected);
  });

  it.each<readonly [string, ObservedRelationship]>([
    ['what would be denied at one end and was denied at the other', seen(WEB, WEB, { connections: 0, wouldBeDenied: 9, denied: 9 })],
    ['what never got through', seen(WEB, WEB, { connections: 0, denied: 9 })],
    ['a workload that is gone', seen(of('shop/Deployment/gone'), WEB)],
    ['a workload that has no pods', seen(of('shop/Deployment/asleep'), WEB)],
    ['a node that is gone', seen(onNode('z'), WEB)],
  ])('but not %s', (_what, observed) => {
    expect(decisions(observed)).toEqual([]);
  });
});
