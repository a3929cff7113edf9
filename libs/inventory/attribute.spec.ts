import { describe, expect, it } from '@jest/globals';

import type { AttributedFlow, FlowParty, FlowReport, ObservedFlow, Pod, Snapshot } from '#model';

import { address, namespace, node, podsOf, ref, service, workload, world } from '../../test/support/worlds.ts';

import { AddressHistory } from './address-history.ts';
import { attribute } from './attribute.ts';

const families = [
  { family: 'IPv4', at: (n: number) => `10.1.0.${n}`, other: (n: number) => `10.2.0.${n}`, nodes: ['192.0.2.11', '192.0.2.12'], cluster: '10.96.0.10', balancer: '198.51.100.7', outside: '203.0.113.9', linkLocal: '169.254.169.254', podCidrs: ['10.1.0.0/24', '10.2.0.0/24'] },
  { family: 'IPv6', at: (n: number) => `2001:db8:1::${n}`, other: (n: number) => `2001:db8:2::${n}`, nodes: ['2001:db8:a::11', '2001:db8:a::12'], cluster: '2001:db8:5::a', balancer: '2001:db8:c::7', outside: '2001:db8:f::9', linkLocal: 'fe80::1', podCidrs: ['2001:db8:1::/64', '2001:db8:2::/64'] },
] as const;

const web = workload('shop/Deployment/web');
const agent = workload('kube-system/DaemonSet/agent', { hostNetwork: true });

describe.each(families)('a flow over $family', ({ at, other, nodes, cluster, balancer, outside, linkLocal, podCidrs }) => {
  const nodeA = { ...node('node-a', [nodes[0]]), podCidrs: [podCidrs[0]] };
  const nodeB = { ...node('node-b', [nodes[1]]), podCidrs: [podCidrs[1]] };

  function pod(name: string, text: string, fields: Partial<Pod> = {}): Pod {
    const [first] = podsOf(web, 1);
    if (first === undefined) throw new Error('no pod');
    return { ...first, name, node: 'node-a', addresses: [address(text)], isExample: false, ...fields };
  }

  function snapshot(...pods: readonly Pod[]): Snapshot {
    return world({
      namespaces: [namespace('shop')],
      nodes: [nodeA, nodeB],
      pods,
      services: [
        service('shop/db', { type: 'LoadBalancer', clusterAddresses: [address(cluster)], externalAddresses: [address(balancer)], ports: [{ port: 5432, targetPort: 5432, nodePort: 30_432 }] }),
        service('default/kubernetes', { clusterAddresses: [], ports: [{ port: 443, targetPort: 6443 }] }),
      ],
      endpointSlices: [{ namespace: 'default', name: 'kubernetes', service: 'kubernetes', endpoints: [{ addresses: [address(nodes[1])], ready: true }], ports: [{ port: 6443, protocol: 'TCP' }], origin: { file: 'x', line: 1 } }],
    });
  }

  function seen(history: AddressHistory, flow: Partial<ObservedFlow>, fields: Partial<FlowReport> = {}): readonly AttributedFlow[] {
    const whole = { client: { address: at(11) }, server: { address: other(2) }, protocol: 'TCP', port: 5432, verdict: 'allowed', connections: 3, sentBytes: 10, receivedBytes: 20, applications: [], ...flow } as ObservedFlow;
    const report = { reporter: 'node-a', from: 1_000, to: 2_000, flows: [whole], overflowed: [], foreign: 0, loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, ...fields };
    return attribute(report, history).flows;
  }

  function watched(...moments: readonly (readonly [number, Snapshot])[]): AddressHistory {
    const history = new AddressHistory();
    for (const [when, what] of moments) history.observe(what, when);
    return history;
  }

  const db = pod('db-0', other(2), { node: 'node-b', workload: ref('shop/StatefulSet/db') });
  const a = pod('a', at(11));

  it('names both ends, and counts what went both ways', () => {
    expect(seen(watched([0, snapshot(a, db)]), {})).toMatchObject([
      { seenAt: 'client', client: { kind: 'workload', workload: web.ref, pod: 'shop/a' }, server: { kind: 'workload', workload: ref('shop/StatefulSet/db') }, connections: 3, bytes: 30 },
    ]);
  });

  const job = pod('job', at(11), { workload: ref('shop/CronJob/report') });
  const done: Pod = { ...job, phase: 'finished' };
  const partyOf = (history: AddressHistory, from: number, to: number): FlowParty | undefined => seen(history, {}, { reporter: 'node-b', from, to })[0]?.client;

  it.each([
    [1_000, 2_000, { pod: 'shop/job' }],
    [100, 400, { why: 'nobody held it', holders: [] }],
    [3_000, 3_000, { why: 'nobody held it any more', holders: ['pod shop/job'] }],
    [3_500, 4_000, { why: 'nobody held it any more', holders: ['pod shop/job'] }],
    [5_000, 6_000, { pod: 'shop/a' }],
    [2_500, 5_500, { why: 'several held it', holders: ['pod shop/a', 'pod shop/job'] }],
  ])('from %d to %d belongs to who held the address then', (from, to, expected) => {
    const history = new AddressHistory({ lateMs: 0 });
    history.observe(snapshot(db, job), 500);
    history.observe(snapshot(db, done), 3_000);
    history.observe(snapshot(db, done, a), 5_000);
    expect(partyOf(history, from, to)).toMatchObject(expected);
  });

  it('just before the news of a pod came is that pod’s, if nobody else had the address', () => {
    const history = watched([500, snapshot(db)], [2_300, snapshot(db, a)]);
    expect(partyOf(history, 1_000, 2_000)).toMatchObject({ pod: 'shop/a' });
  });

  it('before a pod started is not that pod’s', () => {
    const started = { ...a, startedAt: 40_000 };
    const history = watched([0, snapshot(db)], [50_000, snapshot(db, started)]);
    expect(partyOf(history, 1_000, 2_000)).toMatchObject({ why: 'nobody held it' });
    expect(partyOf(history, 41_000, 42_000)).toMatchObject({ pod: 'shop/a' });
  });

  it('of a terminating pod is that pod’s until it is gone', () => {
    const history = watched([0, snapshot(db, a)], [1_500, snapshot(db)]);
    expect(partyOf(history, 1_000, 1_400)).toMatchObject({ pod: 'shop/a' });
    expect(partyOf(history, 1_600, 2_000)).toMatchObject({ why: 'nobody held it any more', holders: ['pod shop/a'] });
  });

  it('is told by the reporter where two held the address, of its own pods only', () => {
    const history = watched([0, snapshot(db, job)], [1_200, snapshot(db, done, a)]);
    const named = { client: { address: at(11), pod: 'shop/a' } };
    expect(seen(history, named)[0]?.client).toMatchObject({ pod: 'shop/a' });
    expect(seen(history, named, { reporter: 'node-b' })[0]?.client).toMatchObject({ why: 'several held it' });
    expect(seen(history, { client: { address: at(11), pod: 'shop/other' } })[0]?.client).toMatchObject({ why: 'several held it' });
  });

  it('is no evidence where neither end is on the reporter’s node', () => {
    const history = watched([0, snapshot(a, db)]);
    const report = { reporter: 'node-c', from: 0, to: 1, flows: [{ client: { address: at(11) }, server: { address: other(2) }, connections: 3 } as ObservedFlow], overflowed: [], foreign: 0, loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 } };
    expect(attribute(report, history)).toEqual({ flows: [], misplaced: 3 });
  });

  const hostPod = pod('agent-1', nodes[0], { hostNetwork: true, workload: agent.ref });

  it('from an address of a node is the node’s or that of a pod on its network', () => {
    const history = watched([0, snapshot(db, hostPod)]);
    const mayBe = { kind: 'node', node: 'node-a', mayBe: [agent.ref] };
    expect(seen(history, { client: { address: nodes[0] } })[0]).toMatchObject({ seenAt: 'client', client: mayBe });
    expect(seen(history, { client: { address: at(1) } })[0]?.client).toMatchObject(mayBe);
  });

  it('to a plain host is that of the one program that waited on the port then', () => {
    const unit = (name: string, ...ports: readonly number[]): Pod => ({ ...hostPod, namespace: 'node-a', name, workload: { namespace: 'node-a', kind: 'Unit', name }, ports: ports.map((port) => ({ port, protocol: 'TCP' })) });
    const serverAt = (history: AddressHistory, port: number, span: readonly [number, number] = [1_000, 2_000]): FlowParty | undefined =>
      seen(history, { client: { address: outside }, server: { address: nodes[0] }, port }, { from: span[0], to: span[1] })[0]?.server;
    const history = new AddressHistory({ lateMs: 5_000 });
    history.observe(snapshot(unit('api.service', 8080), unit('a.service', 9000), unit('b.service', 9000)), 0);
    expect(serverAt(history, 8080)).toEqual({ kind: 'workload', workload: { namespace: 'node-a', kind: 'Unit', name: 'api.service' }, pod: 'node-a/api.service' });
    expect(serverAt(history, 9000)).toMatchObject({ kind: 'node', node: 'node-a' });
    expect(serverAt(history, 22)).toMatchObject({ kind: 'node', node: 'node-a' });
    history.observe(snapshot(unit('api.service', 8081)), 10_000);
    expect(serverAt(history, 8080, [20_000, 21_000])).toMatchObject({ kind: 'node' });
    expect(serverAt(history, 8081, [20_000, 21_000])).toMatchObject({ kind: 'workload' });
  });

  it('over a Service names it and the pod behind it', () => {
    const history = watched([0, snapshot(a, db)]);
    const [flow] = seen(history, { service: { address: cluster, port: 5432 } });
    expect(flow).toMatchObject({ service: 'shop/db', server: { pod: 'shop/db-0' } });
    expect(flow).not.toHaveProperty('isMasqueraded');
  });

  it('to a Service nobody translated ends there', () => {
    expect(seen(watched([0, snapshot(a, db)]), { server: { address: cluster } })[0]?.server).toEqual({ kind: 'service', service: 'shop/db' });
  });

  it.each([
    ['node port', { address: nodes[0], port: 30_432 }],
    ['load balancer', { address: balancer, port: 5432 }],
  ])('through a %s is marked: the server sees the node that translated', (_what, asked) => {
    const history = watched([0, snapshot(a, db)]);
    expect(seen(history, { service: asked })[0]).toMatchObject({ service: 'shop/db', isMasqueraded: true, seenAt: 'client' });
    expect(seen(history, { service: asked, client: { address: outside } })[0]).toMatchObject({ client: { kind: 'external', address: outside }, server: { pod: 'shop/db-0' } });
  });

  it('to the API server is known by its endpoint, though a node has the address', () => {
    const history = watched([0, snapshot(a, db)]);
    expect(seen(history, { server: { address: nodes[1] }, port: 6443 })[0]?.server).toMatchObject({ kind: 'external', entity: 'kube-apiserver' });
    expect(seen(history, { server: { address: nodes[1] }, port: 10_250 })[0]?.server).toMatchObject({ kind: 'node', node: 'node-b' });
  });

  it('to the outside has the names its clients knew it by, as far as they are names', () => {
    const names = ['API.example.com.', 'api.example.com', 'b.example.com', 'a b', '<x>', '10.0.0.1', '..', 'x'.repeat(300)];
    expect(seen(watched([0, snapshot(a)]), { server: { address: outside, names } })[0]?.server).toEqual({ kind: 'external', address: outside, names: ['api.example.com', 'b.example.com'] });
  });

  it('to a link-local address stays outside', () => {
    expect(seen(watched([0, snapshot(a)]), { server: { address: linkLocal } })[0]?.server).toEqual({ kind: 'external', address: linkLocal, names: [] });
  });

  it.each(['nonsense', '', 'x'.repeat(10_000), '\u001b[31m', '10.0.0.1/8'])('with the address %j is unattributed', (text) => {
    expect(seen(watched([0, snapshot(a)]), { server: { address: text } })[0]?.server).toEqual({ kind: 'unattributed', address: 'no address', why: 'it is no address', holders: [] });
  });

  it('from a forged address is nobody’s', () => {
    expect(seen(watched([0, snapshot(a, db)]), { verdict: 'spoofed' })[0]?.client).toEqual({ kind: 'unattributed', address: at(11), why: 'its sender was forged', holders: [] });
  });

  it('to an address of the cluster that nobody holds is not outside', () => {
    expect(seen(watched([0, snapshot(a, db)]), { server: { address: other(77) } })[0]?.server).toEqual({ kind: 'unattributed', address: other(77), why: 'nobody held it', holders: [] });
  });

  it('on a bridge of the node is a neighbour there, whoever has the address elsewhere', () => {
    const bridges = (name: string) => [{ network: name, interface: 'docker0', blocks: [podCidrs[0]] }];
    const hosts = { nodes: [{ ...nodeA, bridges: bridges('a') }, { ...nodeB, bridges: bridges('b') }] };
    const there = pod('there', at(12), { node: 'node-b', workload: ref('host-b/Container/there') });
    const here = pod('here', at(12), { workload: ref('host-a/Container/here') });
    const both = watched([0, world({ ...hosts, pods: [a, here, there] })]);
    expect(seen(both, { server: { address: at(12) } })[0]).toMatchObject({ seenAt: 'both', server: { pod: 'shop/here' } });
    expect(seen(watched([0, world({ ...hosts, pods: [a, there] })]), { server: { address: at(12) } })[0]?.server).toMatchObject({ kind: 'unattributed' });
  });
});

describe('an IPv4 address written as IPv6', () => {
  it('is the IPv4 address', () => {
    const history = new AddressHistory();
    const [first] = podsOf(web, 1);
    history.observe(world({ nodes: [node('n', ['192.0.2.1'])], pods: first === undefined ? [] : [{ ...first, node: 'n' }] }), 0);
    const flow = { client: { address: '::ffff:10.0.1.1' }, server: { address: '203.0.113.1' }, connections: 1, applications: [] } as unknown as ObservedFlow;
    const report = { reporter: 'n', from: 0, to: 1, flows: [flow], overflowed: [], foreign: 0, loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 } };
    expect(attribute(report, history).flows[0]?.client).toMatchObject({ kind: 'workload', workload: web.ref });
  });
});
