import { ENTITIES, type Entity, isJsonObject, isPortNumber, isProtocol, type Json, type JsonObject, type ObservedPeer, type WorkloadRef } from '#model';

import type { EvidenceRow } from './evidence-row.ts';
import type { HourBitmaps } from './hour-bitmaps.ts';
import { noCounts, type ObservedPair, type PairedParty, type SideCounts } from './observed-pair.ts';
import type { PairTable } from './pair-table.ts';

export const PARTY_ROW = 'party ';
export const PAIR_ROW = 'pair ';

export function partyRowKey({ key }: PairedParty): string {
  return PARTY_ROW + key;
}

export function partyRow(party: PairedParty, hours: HourBitmaps): EvidenceRow {
  const { peer, overflowed, unattributed, beyondBounds, reporters, translated, hoursRow, sinceHour } = party;
  return {
    key: partyRowKey(party),
    value: {
      peer: peerJson(peer),
      ...(hoursRow === undefined ? {} : { hours: runsOf(hours.hours(hoursRow)) }),
      ...(Number.isFinite(sinceHour) ? { since: sinceHour } : {}),
      ...(overflowed + unattributed + beyondBounds === 0 ? {} : { missing: [overflowed, unattributed, beyondBounds] }),
      ...(reporters.length === 0 ? {} : { reporters: [...reporters] }),
      // told by name, for numbers of parties are another process's tomorrow
      ...(translated.size === 0 ? {} : { translated: [...translated.values()].map(({ to, port, protocol, connections }): Json => [to, protocol, port, connections]) }),
    },
  };
}

export function pairRowKey({ from, to, protocol, port }: ObservedPair): string {
  return `${PAIR_ROW}${from.key}\n${to.key}\n${protocol}\n${String(port)}`;
}

export function pairRow(pair: ObservedPair, hours: HourBitmaps): EvidenceRow {
  const { from, to, protocol, port, firstSeen, lastSeen, clientPods, serverPods, reporters, processes, spoken, atClient, atServer, auditedFirst, auditedLast } = pair;
  return {
    key: pairRowKey(pair),
    value: {
      from: from.key,
      to: to.key,
      protocol,
      port,
      seen: [firstSeen, lastSeen],
      hours: runsOf(hours.hours(pair.row)),
      client: countsJson(atClient),
      server: countsJson(atServer),
      pods: [[...clientPods], [...serverPods]],
      reporters: [...reporters],
      processes: [...processes],
      spoken,
      ...(auditedLast === 0 ? {} : { audited: [auditedFirst, auditedLast] }),
    },
  };
}

/** Makes the party of a row again; false where nothing can be made of it. */
export function restoreParty({ value }: EvidenceRow, table: PairTable): boolean {
  if (!isJsonObject(value)) return false;
  const peer = readPeer(value['peer']);
  if (peer === undefined) return false;
  const party = table.intern(peer);
  const [overflowed, unattributed, beyondBounds] = numbers(value['missing']);
  party.overflowed = overflowed ?? 0;
  party.unattributed = unattributed ?? 0;
  party.beyondBounds = beyondBounds ?? 0;
  party.reporters = texts(value['reporters']);
  if (party.hoursRow !== undefined) {
    for (const hour of hoursOf(value['hours'])) table.hours.set(party.hoursRow, hour);
    // a row of an earlier release says no more than the hours
    party.sinceHour = typeof value['since'] === 'number' ? value['since'] : (numbers(value['hours'])[0] ?? Infinity);
  }
  for (const each of list(value['translated'])) {
    const [to, protocol, port, connections] = list(each);
    if (typeof to === 'string' && typeof protocol === 'string' && isProtocol(protocol) && isPort(port) && typeof connections === 'number') party.noteTranslated({ to, protocol, port }, connections);
  }
  party.isChanged = false;
  return true;
}

/** Makes the pair of a row again, between parties that were made before. */
export function restorePair({ value }: EvidenceRow, table: PairTable): boolean {
  if (!isJsonObject(value)) return false;
  const { protocol, port } = value;
  const from = typeof value['from'] === 'string' ? table.parties.get(value['from']) : undefined;
  const to = typeof value['to'] === 'string' ? table.parties.get(value['to']) : undefined;
  const [firstSeen, lastSeen] = numbers(value['seen']);
  if (from === undefined || to === undefined || typeof protocol !== 'string' || !isProtocol(protocol) || !isPort(port) || firstSeen === undefined || lastSeen === undefined) return false;
  const client = readCounts(value['client']);
  const server = readCounts(value['server']);
  const pair = table.restore(from, to, { protocol, port }, letThrough(client) + letThrough(server) === 0);
  if (pair === undefined) return false;
  Object.assign(pair.atClient, client);
  Object.assign(pair.atServer, server);
  pair.firstSeen = firstSeen;
  pair.lastSeen = lastSeen;
  // a row of an earlier release does not tell when, but within which time
  const [auditedFirst, auditedLast] = numbers(value['audited']);
  if ([client, server].some((side) => side.wouldBeDenied + side.ongoing > 0)) {
    pair.auditedFirst = auditedFirst ?? firstSeen;
    pair.auditedLast = auditedLast ?? lastSeen;
  }
  pair.toldAt = lastSeen;
  const [clientPods, serverPods] = list(value['pods']);
  pair.clientPods = numbers(clientPods);
  pair.serverPods = numbers(serverPods);
  pair.reporters = texts(value['reporters']);
  pair.processes = texts(value['processes']);
  pair.spoken = typeof value['spoken'] === 'number' ? value['spoken'] : 0;
  pair.isChanged = false;
  for (const hour of hoursOf(value['hours'])) table.hours.set(pair.row, hour);
  return true;
}

/** First hour and length of each run: most are seen hour after hour. */
function runsOf(hours: readonly number[]): Json[] {
  const runs: number[] = [];
  for (const hour of hours) {
    const length = runs.at(-1);
    const first = runs.at(-2);
    if (length !== undefined && first !== undefined && hour === first + length) runs[runs.length - 1] = length + 1;
    else runs.push(hour, 1);
  }
  return runs;
}

const MOST_RUN = 10_000;

function* hoursOf(value: Json | undefined): Generator<number> {
  const runs = numbers(value);
  for (let at = 0; at + 1 < runs.length; at += 2) {
    const first = runs[at] ?? 0;
    for (let hour = first; hour < first + Math.min(MOST_RUN, runs[at + 1] ?? 0); hour += 1) yield hour;
  }
}

function letThrough({ connections, wouldBeDenied, ongoing }: SideCounts): number {
  return connections + wouldBeDenied + ongoing;
}

function countsJson({ connections, bytes, replied, denied, wouldBeDenied, ongoing }: SideCounts): Json {
  return [connections, bytes, replied ?? null, denied, wouldBeDenied, ...(ongoing === 0 ? [] : [ongoing])];
}

function readCounts(value: Json | undefined): SideCounts {
  const [connections, bytes, replied, denied, wouldBeDenied, ongoing] = list(value);
  const number = (each: Json | undefined): number => (typeof each === 'number' ? each : 0);
  return { ...noCounts(), connections: number(connections), bytes: number(bytes), replied: typeof replied === 'number' ? replied : undefined, denied: number(denied), wouldBeDenied: number(wouldBeDenied), ongoing: number(ongoing) };
}

function peerJson(peer: ObservedPeer): Json {
  switch (peer.kind) {
    case 'workload':
      return { kind: peer.kind, ...refJson(peer.workload) };
    case 'entity':
      return { kind: peer.kind, entity: peer.entity };
    case 'node':
      return { kind: peer.kind, node: peer.node, mayBe: peer.mayBe.map(refJson) };
    case 'service':
      return { kind: peer.kind, service: peer.service };
    case 'external':
      return { kind: peer.kind, host: peer.host, addresses: [...peer.addresses] };
  }
}

function refJson({ namespace, kind, name }: WorkloadRef): JsonObject {
  return { namespace, ref: kind, name };
}

function readPeer(value: Json | undefined): ObservedPeer | undefined {
  if (!isJsonObject(value)) return undefined;
  const { kind, entity, node, service, host } = value;
  const workload = readRef(value);
  if (kind === 'workload' && workload !== undefined) return { kind, workload };
  if (kind === 'entity' && typeof entity === 'string' && isEntity(entity)) return { kind, entity };
  if (kind === 'node' && typeof node === 'string') return { kind, node, mayBe: list(value['mayBe']).flatMap((each) => readRef(each) ?? []) };
  if (kind === 'service' && typeof service === 'string') return { kind, service };
  if (kind === 'external' && typeof host === 'string') return { kind, host, addresses: texts(value['addresses']) };
  return undefined;
}

function readRef(value: Json): WorkloadRef | undefined {
  if (!isJsonObject(value)) return undefined;
  const { namespace, ref, name } = value;
  return typeof namespace === 'string' && typeof ref === 'string' && typeof name === 'string' ? { namespace, kind: ref, name } : undefined;
}

function isEntity(text: string): text is Entity {
  return (ENTITIES as readonly string[]).includes(text);
}

function isPort(value: Json | undefined): value is number | null {
  return value === null || isPortNumber(value);
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function numbers(value: Json | undefined): readonly number[] {
  return list(value).filter((each): each is number => typeof each === 'number' && Number.isFinite(each));
}

function texts(value: Json | undefined): readonly string[] {
  return list(value).filter((each): each is string => typeof each === 'string');
}
