import { createHash } from 'node:crypto';

import { DEFAULT_THRESHOLDS, type LearningContext, type Watched } from '#learning';
import { ENTITIES, type Entity, type ObservedEvidence, type ObservedPeer, type ObservedRelationship, type ObservedWorkload, parseAddress, parsePrefix, type ReporterRecord, type Snapshot, type WorkloadKey, workloadKey } from '#model';

import { shippedCatalogue } from './catalogue.ts';
import { ref } from './worlds.ts';

export const HOUR = 3_600_000;
/** When every observation here is looked at, and how long it went on: two weeks. */
export const NOW = Date.parse('2026-03-01T00:00:00Z');
export const WATCHED_HOURS = 336;
export const BEGIN = NOW - WATCHED_HOURS * HOUR;

/** Reads a workload's key, an entity, `node node-1`, `service shop/web`, an address, a block or a DNS name. */
function peer(text: string): ObservedPeer {
  if (text.startsWith('node ')) return { kind: 'node', node: text.slice(5), mayBe: [] };
  if (text.startsWith('service ')) return { kind: 'service', service: text.slice(8) };
  if ((ENTITIES as readonly string[]).includes(text)) return { kind: 'entity', entity: text as Entity };
  if (parseAddress(text) !== undefined) return { kind: 'external', host: text, addresses: [text] };
  if (parsePrefix(text) !== undefined || !text.includes('/')) return { kind: 'external', host: text, addresses: parsePrefix(text) === undefined ? ['203.0.113.80', '2001:db8:f00::80'] : [] };
  return { kind: 'workload', workload: ref(text) };
}

/** What was seen in every hour of two weeks, always answered and from every pod, unless said otherwise. */
export function observed(from: string, to: string, port: number | null, fields: Partial<Omit<ObservedRelationship, 'from' | 'to' | 'port'>> = {}): ObservedRelationship {
  const { connections = 5000, buckets = WATCHED_HOURS, ...rest } = fields;
  return {
    from: peer(from),
    to: peer(to),
    port,
    protocol: 'TCP',
    firstSeen: BEGIN,
    lastSeen: NOW - 60_000,
    buckets,
    connections,
    bytes: connections * 1000,
    replied: connections,
    denied: 0,
    wouldBeDenied: 0,
    clientPods: 32,
    serverPods: 1,
    applications: [],
    processes: [],
    reporters: ['node-1'],
    ...rest,
  };
}

export function reporter(fields: Partial<ReporterRecord> = {}): ReporterRecord {
  return { reporter: 'node-1', from: BEGIN, to: NOW, coveredMs: NOW - BEGIN, lostConnectionEvents: 0, lostLogRecords: 0, unreadable: 0, ...fields };
}

export interface EvidenceFields {
  readonly relationships?: readonly ObservedRelationship[];
  readonly reporters?: readonly ReporterRecord[];
  /** How many hours, up to now, these were seen in; absent: as long as everything here. */
  readonly hours?: number;
  readonly workloads?: Readonly<Record<WorkloadKey, Partial<ObservedWorkload>>>;
}

/** Evidence in which every workload of a relationship was watched all the time. */
export function evidence({ relationships = [], reporters = [reporter()], hours = WATCHED_HOURS, workloads = {} }: EvidenceFields = {}): ObservedEvidence {
  const seen = relationships.flatMap(({ from, to }) => [from, to]).flatMap((each) => (each.kind === 'workload' ? [workloadKey(each.workload)] : []));
  const keys = [...new Set([...seen, ...Object.keys(workloads)])].sort();
  const whole: ObservedWorkload = { since: NOW - hours * HOUR, hours: Array.from({ length: hours }, (_, at) => NOW - (hours - at) * HOUR), reporters: reporters.map((each) => each.reporter), overflowed: 0, unattributed: 0, beyondBounds: 0 };
  return { relationships, reporters, workloads: new Map(keys.map((key) => [key, { ...whole, ...workloads[key] }])) };
}

const catalogue = shippedCatalogue();

/** Every workload has had its image for months. */
export function context(snapshot: Snapshot, fields: Partial<LearningContext> = {}): LearningContext {
  const old: Watched = { since: 0, images: [], imagesSince: 0, running: [], noted: [] };
  return {
    now: NOW,
    catalogue,
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    watched: new Map([...snapshot.workloads.keys()].map((key) => [key, old])),
    thresholds: DEFAULT_THRESHOLDS,
    ...fields,
  };
}
