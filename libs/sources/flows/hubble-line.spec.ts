import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { readFlows } from './read-flows.ts';

const web = { ID: 1, identity: 1001, namespace: 'shop', labels: ['k8s:app=web'], pod_name: 'web-5d9c-x1', workloads: [{ name: 'web', kind: 'Deployment' }] };
const db = { ID: 2, identity: 1002, namespace: 'shop', labels: ['k8s:app=db'], pod_name: 'db-0', workloads: [{ name: 'db', kind: 'StatefulSet' }] };
const request = {
  time: '2026-01-31T12:00:00.123456789Z',
  verdict: 'FORWARDED',
  IP: { source: '192.0.2.10', destination: '192.0.2.20', ipVersion: 'IPv4' },
  l4: { TCP: { source_port: 40_000, destination_port: 5432, flags: { SYN: true } } },
  source: web,
  destination: db,
  Type: 'L3_L4',
  node_name: 'node-a',
  is_reply: false,
};
const turned = { source: db, destination: web, IP: { source: '192.0.2.20', destination: '192.0.2.10' } };
const webToDb = { from: { pod: 'shop/web-5d9c-x1' }, to: { pod: 'shop/db-0' }, protocol: 'TCP', port: 5432 };

function read(...flows: readonly Record<string, unknown>[]) {
  return readFlows(flows.map((flow) => JSON.stringify({ flow, node_name: 'node-a', time: request.time })).join('\n'), 'hubble.json');
}

describe('an event exported by Hubble', () => {
  it('names both ends by pod, workload and address', () => {
    expect(read(request)).toMatchObject({
      flows: [
        {
          time: request.time,
          from: { pod: 'shop/web-5d9c-x1', workload: 'shop/Deployment/web', address: { text: '192.0.2.10' }, names: [] },
          to: { pod: 'shop/db-0', workload: 'shop/StatefulSet/db', address: { text: '192.0.2.20' }, names: [] },
          protocol: 'TCP',
          port: 5432,
          count: 1,
          forwarded: true,
        },
      ],
      diagnostics: [],
    });
  });

  it('may be a bare flow', () => {
    expect(readFlows(JSON.stringify(request), 'hubble.json').flows).toMatchObject([webToDb]);
  });

  it.each([
    ['FORWARDED', [true]],
    ['REDIRECTED', [true]],
    ['AUDIT', [true]],
    ['DROPPED', [false]],
    ['ERROR', []],
    ['TRACED', []],
    ['TRANSLATED', []],
    ['VERDICT_UNKNOWN', []],
  ])('with the verdict %s', (verdict, forwarded) => {
    const { flows, diagnostics } = read({ ...request, verdict });
    expect(flows.map((flow) => flow.forwarded)).toEqual(forwarded);
    expect(diagnostics).toEqual([]);
  });

  const reply = { ...request, ...turned, l4: { TCP: { source_port: 5432, destination_port: 40_000, flags: { SYN: true, ACK: true } } } };
  it.each([
    ['marked', { ...reply, is_reply: true }],
    ['marked in the old way', { ...reply, is_reply: undefined, reply: true, l4: { TCP: { source_port: 5432, destination_port: 40_000 } } }],
    ['known by SYN and ACK', { ...reply, is_reply: null }],
    ['known by its ports', { ...reply, is_reply: undefined, l4: { TCP: { source_port: 5432, destination_port: 40_000, flags: { ACK: true } } } }],
  ])('that is a reply, %s, shows the request', (_what, flow) => {
    expect(read(flow).flows).toMatchObject([{ ...webToDb, count: 1 }]);
    expect(read(flow, request, flow, request).flows).toMatchObject([{ ...webToDb, count: 2 }]);
  });

  it('that is a dropped reply shows nothing', () => {
    expect(read({ ...reply, is_reply: true, verdict: 'DROPPED' })).toEqual({ flows: [], diagnostics: [] });
  });

  it.each([
    ['a request to a high port', { ...request, is_reply: undefined, l4: { TCP: { source_port: 40_000, destination_port: 50_051, flags: { SYN: true } } } }, 50_051],
    ['a request between two low ports', { ...request, is_reply: undefined, l4: { UDP: { source_port: 123, destination_port: 123 } } }, 123],
  ])('without a mark is %s', (_what, flow, port) => {
    expect(read(flow).flows).toMatchObject([{ from: webToDb.from, to: webToDb.to, port }]);
  });

  it.each([
    ['UDP', { UDP: { source_port: 40_000, destination_port: 53 } }, [{ protocol: 'UDP', port: 53 }]],
    ['SCTP', { SCTP: { source_port: 40_000, destination_port: 3868 } }, [{ protocol: 'SCTP', port: 3868 }]],
    ['an ICMP echo', { ICMPv4: { type: 8 } }, [{ protocol: 'ICMP', port: null }]],
    ['an ICMPv6 echo', { ICMPv6: { type: 128 } }, [{ protocol: 'ICMP', port: null }]],
    ['neighbour discovery', { ICMPv6: { type: 135 } }, []],
    ['an unreachable message', { ICMPv4: { type: 3, code: 1 } }, []],
    ['nothing', undefined, []],
  ])('over %s', (_what, l4, flows) => {
    expect(read({ ...request, l4 })).toMatchObject({ flows, diagnostics: [] });
  });

  it.each([
    [{ identity: 2, labels: ['reserved:world'] }, 'internet'],
    [{ identity: 16_777_217, labels: ['cidr:198.51.100.0/24', 'reserved:world'] }, 'internet'],
    [{ identity: 10, labels: ['reserved:world-ipv6'] }, 'internet'],
    [{ identity: 1, labels: ['reserved:host', 'reserved:kube-apiserver'] }, 'kube-apiserver'],
    [{ identity: 6, labels: ['reserved:remote-node'] }, 'node'],
    [{ identity: 1 }, 'node'],
    [{ identity: 8, labels: ['reserved:ingress'] }, 'ingress-controller'],
    [{ identity: 1002 }, undefined],
    [undefined, undefined],
  ])('to the endpoint %j has the entity %s', (destination, entity) => {
    expect(read({ ...request, destination }).flows[0]?.to.entity).toBe(entity);
  });

  it('keeps the DNS names of an external end', () => {
    const { flows } = read({ ...request, destination: { identity: 2 }, destination_names: ['B.example.com', 'a.example.com', 'not a name', 7] });
    expect(flows[0]?.to.names).toEqual(['a.example.com', 'b.example.com']);
  });

  it('names the Service where the pod behind it is not known yet', () => {
    const service = { destination_service: { name: 'db', namespace: 'shop' } };
    expect(read({ ...request, ...service, destination: { identity: 2 } }).flows[0]?.to.names).toEqual(['db.shop.svc']);
    expect(read({ ...request, ...service }).flows[0]?.to.names).toEqual([]);
  });

  it('of a request inside the connection tells what is spoken, and counts for nothing', () => {
    const inside = { ...request, Type: 'L7', l7: { type: 'REQUEST', http: { method: 'GET' } } };
    expect(read(request, inside, inside, request).flows).toMatchObject([{ ...webToDb, count: 2, application: 'http' }]);
  });

  it.each([
    ['an address that is none', { IP: { source: 'x', destination: '192.0.2.20' } }],
    ['a port beyond 65535', { l4: { TCP: { source_port: 1, destination_port: 70_000 } } }],
    ['no port', { l4: { TCP: { source_port: 1 } } }],
    ['an end that is nobody', { IP: undefined, destination: {} }],
    ['a time that is none', { time: 'now' }],
  ])('is refused for %s', (_what, fields) => {
    expect(read({ ...request, ...fields })).toMatchObject({ flows: [], diagnostics: [{ code: 'flow-line-invalid', origin: { line: 1 } }] });
  });

  it('takes no names that could be mistaken for others', () => {
    const { flows } = read({ ...request, destination: { ...db, pod_name: 'a/b\nc', workloads: [{ name: '../x', kind: 'Deployment' }] } });
    expect(flows[0]?.to).toEqual({ address: expect.objectContaining({ text: '192.0.2.20' }), names: [] });
  });

  it('of another kind is passed over, and lost events are told', () => {
    const lines = ['{"node_status":{"state_change":"NODE_CONNECTED"}}', '{"agent_event":{}}', '{"lost_events":{"source":"HUBBLE_RING_BUFFER","num_events_lost":"7"}}'];
    expect(readFlows(lines, 'hubble.json')).toMatchObject({ flows: [], diagnostics: [{ code: 'flows-lost', message: expect.stringContaining('7 events') }] });
  });
});

it('an export of both formats reads as written', () => {
  const path = join(import.meta.dirname, 'testdata', 'mixed.jsonl');
  const { flows, diagnostics } = readFlows(readFileSync(path, 'utf8'), 'mixed.jsonl');
  const told = flows.map(({ from, to, protocol, port, count, forwarded, line }) => {
    const name = (end: typeof from): string => end.workload ?? end.pod ?? end.entity ?? end.address?.text ?? end.names.join(',');
    return `${line} ${name(from)} > ${name(to)}:${port}/${protocol} x${count} ${forwarded ? 'forwarded' : 'dropped'}`;
  });
  expect(told).toEqual([
    '1 shop/Deployment/web > shop/StatefulSet/db:5432/TCP x2 forwarded',
    '3 shop/Deployment/web > internet:443/TCP x1 dropped',
    '4 shop/Deployment/web > api.example.com:443/TCP x12 forwarded',
    '7 2001:db8::10 > shop/db-0:5432/TCP x1 forwarded',
  ]);
  expect(diagnostics.map(({ origin }) => origin?.line)).toEqual([5]);
});
