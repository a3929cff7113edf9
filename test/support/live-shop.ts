import { createHash } from 'node:crypto';
import { join } from 'node:path';

import type { FlowReport, Manifest, ObservedFlow, SourceUpdate } from '#model';
import { readPaths } from '#sources/files';

import { shippedCatalogue } from './catalogue.ts';
import { repositoryRoot } from './shared.ts';
import { ref } from './worlds.ts';
import { LearningPipeline } from '../../apps/controller/src/pipeline/learning-pipeline.ts';
import type { LearningPipelineOptions, LearningTurn } from '../../apps/controller/src/pipeline/learning-turn.ts';

export const HOUR = 3_600_000;
/** When the shop begins to be watched. */
export const START = Date.parse('2026-02-01T00:00:00Z');
const STRETCH = 10_000;

/** Everything the example shop declares, as a source would say it. */
export function shopUpdates(): readonly SourceUpdate[] {
  const { updates } = readPaths([join(repositoryRoot, 'policies', 'examples', 'shop', 'kubernetes')], { readStdin: () => '' });
  return updates.map((update) => ({ ...update, source: 'cluster' }));
}

export function manifest(objectKind: string, namespace: string, name: string, body: Manifest['body']): SourceUpdate {
  const rest = Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'metadata'));
  const value: Manifest = { kind: 'manifest', apiVersion: 'v1', objectKind, namespace, name, body: { metadata: { name, ...(namespace === '' ? {} : { namespace }), ...(body['metadata'] as object | undefined) }, ...rest }, origin: { file: 'cluster', line: 1 } };
  return { source: 'cluster', key: `/${objectKind}/${namespace}/${name}`, value };
}

export function nodeUpdate(name: string, addresses: readonly string[]): SourceUpdate {
  return manifest('Node', '', name, { status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) } });
}

/** A running pod of a workload: `pod('shop/Deployment/mailer', 'mailer-1', 'node-a', ['10.0.0.1', '2001:db8::1'])`. */
export function podUpdate(workload: string, name: string, node: string, addresses: readonly string[], phase = 'Running'): SourceUpdate {
  const { namespace, kind, name: owner } = ref(workload);
  return manifest('Pod', namespace, name, {
    metadata: { labels: { app: owner }, ownerReferences: [{ kind, name: owner, controller: true }] },
    spec: { nodeName: node, containers: [{ name: 'main', image: 'registry.example/app:1' }] },
    status: { phase, podIPs: addresses.map((ip) => ({ ip })), startTime: '2026-01-01T00:00:00Z' },
  });
}

export function observedFlow(client: string, server: string, port: number, fields: Partial<ObservedFlow> = {}): ObservedFlow {
  return {
    client: { address: client },
    server: { address: server },
    protocol: 'TCP',
    port,
    verdict: 'allowed',
    egressRule: 0,
    ingressRule: 0,
    connections: 2,
    alive: 0,
    ended: 2,
    replied: 2,
    sentBytes: 10,
    receivedBytes: 90,
    sentPackets: 0,
    receivedPackets: 0,
    longestMs: 0,
    applications: [],
    ...fields,
  };
}

export function flowReport(reporter: string, from: number, flows: readonly ObservedFlow[], fields: Partial<FlowReport> = {}): FlowReport {
  return { reporter, from, to: from + STRETCH, flows, loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, overflowed: [], foreign: 0, ...fields };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function learningPipeline(options: Partial<LearningPipelineOptions> = {}): LearningPipeline {
  return new LearningPipeline({ digest, required: ['cluster'], catalogue: shippedCatalogue(), ...options });
}

/** Turns until there is nothing more to do at that time. */
export function settle(pipeline: LearningPipeline, now: number): readonly LearningTurn[] {
  const turns: LearningTurn[] = [];
  for (;;) {
    const turn = pipeline.turn(now, { flows: 10_000 });
    turns.push(turn);
    if (!turn.hasMore) return turns;
    if (turns.length > 10_000) throw new Error('settle the learning pipeline: it never comes to rest');
  }
}
