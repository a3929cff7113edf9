import {
  ENTITIES,
  type Evidence,
  type Json,
  type LabelSelector,
  makePrefix,
  parseAddress,
  parsePrefix,
  type Peer,
  type PodSelection,
  type PortMatch,
  type Prefix,
  PROTOCOLS,
  type Rule,
} from '#model';

import type { JsonFields, JsonPlace } from './json-place.ts';

const RULE_FIELDS = ['id', 'peers', 'ports', 'application', 'enforceApplication', 'expiresAt', 'evidence', 'confidence', 'why', 'widenings'] as const;

/** A rule in JSON. Prefixes become their texts; everything else is plain already. */
export function writeRule(rule: Rule): { readonly [field: string]: Json } {
  const written: Record<string, Json> = {};
  for (const field of RULE_FIELDS) {
    const value = rule[field];
    if (value !== undefined) written[field] = field === 'peers' ? writePeers(rule.peers) : plain(value);
  }
  return written;
}

/** Reads what `writeRule` wrote, and fields of `more` beside it. */
export function readRule(place: JsonPlace, more: readonly string[] = []): { readonly rule: Rule; readonly fields: JsonFields } {
  const fields = place.object([...RULE_FIELDS, ...more]);
  const rule: Rule = {
    id: fields.at('id').name(),
    peers: readPeers(fields.at('peers')),
    ports: readPorts(fields.at('ports')),
    ...fields.optional('application', (at) => at.name()),
    ...fields.optional('enforceApplication', (at) => at.claim()),
    ...fields.optional('expiresAt', (at) => at.whole(0)),
    evidence: fields.at('evidence').list(readEvidence),
    ...fields.optional('confidence', (at) => at.share()),
    ...fields.optional('why', (at) => at.text()),
    widenings: fields.at('widenings').list((at) => at.text()),
  };
  return { rule, fields };
}

export function writePeers(peers: Rule['peers']): Json {
  return peers === 'any' ? 'any' : peers.map((peer) => (peer.kind === 'cidr' ? { kind: 'cidr', cidr: peer.cidr.text, except: peer.except.map(({ text }) => text) } : plain(peer)));
}

export function readPeers(place: JsonPlace): Rule['peers'] {
  return place.is('any') ? 'any' : place.list(readPeer);
}

export function readPorts(place: JsonPlace): Rule['ports'] {
  return place.is('any') ? 'any' : place.list(readPort);
}

function readPeer(place: JsonPlace): Peer {
  const kind = place.object(['kind', 'namespaces', 'pods', 'cidr', 'except', 'nodes', 'workload', 'host', 'isExact', 'entity']).at('kind').choice(['pods', 'cidr', 'nodes', 'workload', 'host', 'entity']);
  switch (kind) {
    case 'pods':
      return { kind, ...readPodSelection(place.object(['kind', 'namespaces', 'pods'])) };
    case 'cidr': {
      const fields = place.object(['kind', 'cidr', 'except']);
      return { kind, cidr: readPrefix(fields.at('cidr')), except: fields.at('except').list(readPrefix) };
    }
    case 'nodes':
      return { kind, nodes: readSelector(place.object(['kind', 'nodes']).at('nodes')) };
    case 'workload':
      return { kind, workload: place.object(['kind', 'workload']).at('workload').workload() };
    case 'host': {
      const fields = place.object(['kind', 'host', 'isExact']);
      return { kind, host: fields.at('host').name(), ...fields.optional('isExact', (at): true => (at.is(true) ? true : at.refuse('is not true'))) };
    }
    case 'entity':
      return { kind, entity: place.object(['kind', 'entity']).at('entity').choice(ENTITIES) };
  }
}

export function readPodSelection(fields: JsonFields): PodSelection {
  const namespaces = fields.at('namespaces').object(['kind', 'name', 'selector']);
  const pods = readSelector(fields.at('pods'));
  if (namespaces.at('kind').choice(['name', 'selector']) === 'name') return { namespaces: { kind: 'name', name: fields.at('namespaces').object(['kind', 'name']).at('name').text() }, pods };
  return { namespaces: { kind: 'selector', selector: readSelector(fields.at('namespaces').object(['kind', 'selector']).at('selector')) }, pods };
}

function readSelector(place: JsonPlace): LabelSelector {
  const requirements = place.object(['requirements']).at('requirements').list((each) => {
    const fields = each.object(['key', 'operator', 'values']);
    return { key: fields.at('key').text(), operator: fields.at('operator').choice(['In', 'NotIn', 'Exists', 'DoesNotExist']), values: fields.at('values').list((at) => at.text()) };
  });
  return { requirements };
}

function readPort(place: JsonPlace): PortMatch {
  const kind = place.object(['kind', 'protocol', 'from', 'to', 'name']).at('kind').choice(['range', 'named', 'protocol']);
  switch (kind) {
    case 'range': {
      const fields = place.object(['kind', 'protocol', 'from', 'to']);
      const from = fields.at('from').whole(1, 65_535);
      return { kind, protocol: fields.at('protocol').choice(PROTOCOLS), from, to: fields.at('to').whole(from, 65_535) };
    }
    case 'named': {
      const fields = place.object(['kind', 'protocol', 'name']);
      return { kind, protocol: fields.at('protocol').choice([...PROTOCOLS, 'any']), name: fields.at('name').name() };
    }
    case 'protocol':
      return { kind, protocol: place.object(['kind', 'protocol']).at('protocol').choice(PROTOCOLS) };
  }
}

// Canonical or refused: two texts of one block would be two rules to whoever compares texts.
function readPrefix(place: JsonPlace): Prefix {
  const text = place.text();
  const prefix = readMapped(text) ?? parsePrefix(text);
  return prefix?.text === text ? prefix : place.refuse('is no prefix in its canonical form');
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)\/(\d{1,3})$/;

// A block inside ::ffff:0:0/96 is an IPv6 block here, although people who write one mean IPv4.
function readMapped(text: string): Prefix | undefined {
  const [, quad = '', length = ''] = MAPPED.exec(text) ?? [];
  const address = parseAddress(quad);
  if (address === undefined || Number(length) < 96 || Number(length) > 128) return undefined;
  return makePrefix(6, (0xffffn << 32n) | address.bits, Number(length));
}

function readEvidence(place: JsonPlace): Evidence {
  const fields = place.object(['kind', 'source', 'where', 'text']);
  return { kind: fields.at('kind').choice(['declared', 'observed', 'permitted', 'built-in']), source: fields.at('source').text(), where: fields.at('where').text(), text: fields.at('text').text() };
}

/** What is plain JSON by its type already, said to be so. */
export function plain(value: unknown): Json {
  return value as Json;
}
