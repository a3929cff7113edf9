import type { ObservedReport } from '#graph';
import type { AttributedFlow, FlowParty } from '#model';

import { ref } from './worlds.ts';

/** 2026-02-01T00:00:00Z. */
export const START = 1_769_904_000_000;
export const HOUR = 3_600_000;

/** `shop/Deployment/web` (its pod `web-1`), `shop/Deployment/web#web-2`, `node node-a`, `Service shop/db`, `? 192.0.2.1`, `api.example.com=203.0.113.1`, an entity, or an address. */
export function party(text: string): FlowParty {
  const [word = '', rest = ''] = text.split(' ');
  if (word === 'node') return { kind: 'node', node: rest, mayBe: [] };
  if (word === 'Service') return { kind: 'service', service: rest };
  if (word === '?') return { kind: 'unattributed', address: rest, why: 'nobody held it', holders: [] };
  if (text === 'kube-apiserver') return { kind: 'external', address: '192.0.2.1', names: [], entity: text };
  if (text.includes('=')) return { kind: 'external', address: text.split('=')[1] ?? '', names: [text.split('=')[0] ?? ''] };
  if (!text.includes('/')) return { kind: 'external', address: text, names: [] };
  const [name = '', pod] = text.split('#');
  const workload = ref(name);
  return { kind: 'workload', workload, pod: `${workload.namespace}/${pod ?? `${workload.name}-1`}` };
}

/** Three answered connections of 100 bytes in all, seen at both ends, in the first ten seconds. */
export function flow(client: string, server: string, port: number | null, fields: Partial<AttributedFlow> = {}): AttributedFlow {
  return {
    reporter: 'node-a',
    seenAt: 'both',
    from: START,
    to: START + 10_000,
    client: party(client),
    server: party(server),
    protocol: 'TCP',
    port,
    verdict: 'allowed',
    connections: 3,
    replied: 3,
    bytes: 100,
    applications: [],
    processes: [],
    ...fields,
  };
}

/** A report of ten seconds, beginning when its first flow does; the flows take over its reporter and time. */
export function report(flows: readonly AttributedFlow[], fields: Partial<ObservedReport> = {}): ObservedReport {
  const reporter = fields.reporter ?? flows[0]?.reporter ?? 'node-a';
  const from = fields.from ?? flows[0]?.from ?? START;
  const to = fields.to ?? from + 10_000;
  return {
    reporter,
    from,
    to,
    loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 },
    overflowed: [],
    foreign: 0,
    misplaced: 0,
    ...fields,
    flows: flows.map((each) => ({ ...each, reporter, from, to })),
  };
}
