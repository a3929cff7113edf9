import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { adoptPolicies } from '#policy';
import type { NamespacedPolicy } from '#model';

import { pod } from '../../../test/support/policies.ts';
import { address, namespace, node, origin, port, ref, world } from '../../../test/support/worlds.ts';
import { compileNodes } from './compile.ts';
import { hostEntryOf } from './host-compiler.ts';
import type { EnforcementMode } from './node-bundle.ts';
import { withNodeSettings } from './node-settings.ts';
import { renderRuleset } from './render-ruleset.ts';
import { packet, type TracePacket } from './trace-packet.ts';
import { createTracer } from './tracer.ts';

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const api = ref('edge/Unit/api.service');
const cluster = world({
  namespaces: [namespace('edge')],
  nodes: [node('edge', ['192.0.2.1', '2001:db8::1'])],
  pods: [pod('edge/api.service', ['192.0.2.1', '2001:db8::1'], { hostNetwork: true, node: 'edge', workload: api, ports: [port('8080')] })],
});
const closed: NamespacedPolicy = { kind: 'namespaced', name: 'closed', subject: { kind: 'workload', workload: api }, ingress: [], origin };
const revision = adoptPolicies([closed]);
const [bundle] = compileNodes(revision, cluster, { digest }).bundles;

function outcome(mode: EnforcementMode, source: string, destination: string, fields: Partial<TracePacket> = {}): string {
  const host = hostEntryOf(revision, cluster, 'edge', { digest, modeOf: () => mode })!;
  const text = renderRuleset(withNodeSettings(bundle!, { host }, digest));
  const { verdict, logs } = createTracer(text).trace(packet({ hook: 'input', source: address(source), destination: address(destination), protocol: 'TCP', destinationPort: 8080, ...fields }));
  return [verdict, ...logs.map((log) => log.split(':')[1])].join(' ');
}

const answer = { hook: 'output', ctState: 'established', ctDirection: 'reply', sourcePort: 8080, destinationPort: 40_000, isSourceLocal: true } as const;

describe('a host that is only audited', () => {
  it.each<readonly [string, string, string, Partial<TracePacket>]>([
    ['one of its addresses', '198.51.100.7', '192.0.2.1', {}],
    ['in IPv6', '2001:db8:9::7', '2001:db8::1', {}],
    ['everybody on its network', '192.0.2.7', '192.0.2.255', { protocol: 'UDP' }],
    ['everybody on its link', '192.0.2.7', '255.255.255.255', { protocol: 'UDP' }],
    ['a group', '192.0.2.7', '224.0.0.251', { protocol: 'UDP' }],
    ['a group in IPv6', 'fe80::7', 'ff02::fb', { protocol: 'UDP' }],
    ['an address of its link', 'fe80::7', 'fe80::1', {}],
    ['an address it has got since', '198.51.100.7', '203.0.113.5', {}],
  ])('lets through, and tells of, what would be denied to %s', (_what, source, destination, fields) => {
    expect([outcome('audit', source, destination, fields), outcome('enforce', source, destination, fields)]).toEqual(['accept A', 'drop D']);
  });

  it.each([['192.0.2.1', '198.51.100.7'], ['fe80::1', 'fe80::7']])('lets it answer: from %s to %s', (source, destination) => {
    expect([outcome('audit', source, destination, answer), outcome('enforce', source, destination, answer)]).toEqual(['accept AR', 'drop DR']);
  });

  it('says nothing of what is let through anyway', () => {
    expect([outcome('audit', '198.51.100.7', '192.0.2.1', { destinationPort: 22 }), outcome('observe', '198.51.100.7', '192.0.2.1')]).toEqual(['accept', 'accept']);
  });
});
