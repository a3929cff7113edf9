import { describe, expect, it } from '@jest/globals';

import type { Endpoint } from '#model';

import { smallWorld } from '../../../test/support/policy-worlds.ts';
import { address } from '../../../test/support/worlds.ts';
import { createConnectionTracer } from './trace-connection.ts';
import { createTracer } from './tracer.ts';

const OPEN = createTracer('table inet ringfence {\n}\n');

function hops(placement: 'together' | 'apart', from: Endpoint, to: Endpoint): readonly string[] {
  const tracer = createConnectionTracer(smallWorld(placement), () => OPEN);
  return tracer.trace({ from, to, protocol: 'TCP', port: 80 }).nodes.map(({ node, hook }) => `${node} ${hook}`);
}

function pod(placement: 'together' | 'apart', key: string): Endpoint {
  const found = smallWorld(placement).pods.get(key)!;
  return { kind: 'pod', pod: found, address: found.addresses[0]! };
}

function at(text: string): Endpoint {
  return { kind: 'address', address: address(text) };
}

describe('the way of a connection', () => {
  it.each([
    ['pods of one node', 'together', 'x/a', 'x/b', ['n1 forward']],
    ['pods of two nodes', 'apart', 'x/a', 'x/b', ['n1 forward', 'n2 forward']],
    ['a pod and itself', 'apart', 'x/a', 'x/a', ['n1 forward']],
    ['a pod to its node', 'together', 'x/a', 'y/host', ['n1 input']],
    ['a pod to another node', 'apart', 'x/b', 'y/host', ['n2 forward', 'n1 input']],
    ['a node to its pod', 'together', 'y/host', 'x/a', ['n1 output']],
    ['a node to a pod elsewhere', 'apart', 'y/host', 'x/b', ['n1 output', 'n2 forward']],
    ['a node to itself', 'together', 'y/host', 'y/host', []],
  ] as const)('%s', (_name, placement, from, to, passed) => {
    expect(hops(placement, pod(placement, from), pod(placement, to))).toEqual(passed);
  });

  it.each([
    ['out of the cluster', pod('apart', 'x/b'), at('203.0.113.9'), ['n2 forward']],
    ['into the cluster', at('203.0.113.9'), pod('apart', 'x/b'), ['n2 forward']],
    ['to an address that is a pod\'s', pod('apart', 'x/a'), at('10.1.0.2'), ['n1 forward', 'n2 forward']],
    ['from an address that is a node\'s', at('192.0.2.2'), pod('apart', 'x/b'), ['n2 output']],
    ['outside', at('203.0.113.9'), at('203.0.113.10'), []],
  ] as const)('%s', (_name, from, to, passed) => {
    expect(hops('apart', from, to)).toEqual(passed);
  });

  it('is not made up where nobody enforces anything', () => {
    const snapshot = smallWorld('apart');
    const nowhere = { ...snapshot.pods.get('x/a')! };
    delete (nowhere as { node?: string }).node;
    const connection = { from: { kind: 'pod', pod: nowhere, address: nowhere.addresses[0]! }, to: at('203.0.113.9'), protocol: 'TCP', port: 80 } as const;
    expect(() => createConnectionTracer(snapshot, () => OPEN).trace(connection)).toThrow('pod x/a names no node');
    const placed = { ...connection, from: pod('apart', 'x/a') };
    expect(() => createConnectionTracer(snapshot, () => undefined).trace(placed)).toThrow('node n1 has no ruleset');
  });
});
