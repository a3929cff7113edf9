import { type Diagnostic, ENTITIES, isPortNumber, isProtocol, type Json, type Origin, parsePrefix, type PortMatch, type Prefix } from '#model';

import type { Applicability, CatalogueEntry, CataloguePeer, CatalogueRule, EntityGrounding, GroundingStep, GroundingWay, KnownHost, WorkloadMatch } from './catalogue.ts';
import { JsonFields } from './json-fields.ts';

/** What a catalogue file held: the entry, or what is wrong with it. An entry with a mistake is left out whole. */
export interface CatalogueReading {
  readonly entry?: CatalogueEntry;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads one entry of the catalogue from the JSON its YAML stands for. Never throws; a misspelt field is a mistake too. */
export function readCatalogueEntry(json: Json, origin: Origin): CatalogueReading {
  const problems: string[] = [];
  const fields = new JsonFields(json, '', problems);
  if (!fields.is('kind', 'CatalogueEntry')) fields.complain('kind', 'is not CatalogueEntry');
  const entry: CatalogueEntry = {
    name: fields.text('name'),
    title: fields.text('title'),
    why: fields.text('why'),
    groundings: fields.objects('groundings', readGrounding),
    rules: fields.objects('rules', readRule),
    hosts: fields.objects('hosts', readHost),
  };
  fields.finish();
  if (problems.length === 0) return { entry, diagnostics: [] };
  return { diagnostics: problems.map((message) => mistake(message, entry.name, origin)) };
}

function mistake(message: string, name: string, origin: Origin): Diagnostic {
  return {
    code: 'catalogue-entry-invalid',
    severity: 'error',
    subject: `CatalogueEntry ${name}`,
    message,
    hint: 'the entry is left out; its schema is described in policies/README.md',
    origin,
  };
}

function readGrounding(fields: JsonFields): EntityGrounding {
  const grounding = {
    entity: fields.choice('entity', ENTITIES),
    direction: fields.choice('direction', ['ingress', 'egress']),
    steps: fields.objects('steps', readStep),
  };
  if (grounding.steps.length === 0) fields.complain('steps', 'is empty');
  return fields.has('ports') ? { ...grounding, ports: fields.texts('ports').flatMap((text) => readPort(text, fields)) } : grounding;
}

function readStep(fields: JsonFields): GroundingStep {
  const way = readWay(fields);
  return { ...way, ...optional('widening', fields.optionalText('widening')) };
}

function readWay(fields: JsonFields): GroundingWay {
  const by = fields.choice('by', ['endpoints', 'nodes', 'workloads', 'pods', 'anyone', 'nothing']);
  switch (by) {
    case 'endpoints':
      return { by, namespace: fields.text('namespace'), service: fields.text('service') };
    case 'nodes':
      return { by, labels: fields.labels('labels') };
    case 'workloads':
      return { by, anyOf: fields.objects('anyOf', readMatch) };
    case 'pods':
      return { by, labels: fields.labels('labels'), ...optional('namespace', fields.optionalText('namespace')) };
    case 'anyone':
    case 'nothing':
      return { by };
  }
}

function readRule(fields: JsonFields): CatalogueRule {
  return {
    direction: fields.choice('direction', ['ingress', 'egress']),
    applies: fields.has('applies') ? fields.object('applies', readApplicability) : { platforms: [], anyOf: [], noneOf: [] },
    peers: fields.is('peers', 'any') ? 'any' : fields.objects('peers', readPeer).flat(),
    ports: fields.is('ports', 'any') ? 'any' : fields.texts('ports').flatMap((text) => readPort(text, fields)),
    why: fields.text('why'),
    ...optional('application', fields.optionalText('application')),
    ...optional('widening', fields.optionalText('widening')),
  };
}

function readPeer(fields: JsonFields): readonly CataloguePeer[] {
  const kind = fields.choice('kind', ['pods', 'cidr', 'service', 'own', 'peers', 'entity']);
  switch (kind) {
    case 'pods':
      return [{ kind, labels: fields.labels('labels'), ...optional('namespace', fields.optionalText('namespace')) }];
    case 'cidr':
      return readPrefix(fields.text('cidr'), fields).map((cidr) => ({ kind, cidr }));
    case 'service':
      return [{ kind, namespace: fields.text('namespace'), service: fields.text('service') }];
    case 'entity':
      return [{ kind, entity: fields.choice('entity', ENTITIES) }];
    case 'own':
    case 'peers':
      return [{ kind }];
  }
}

function readApplicability(fields: JsonFields): Applicability {
  const platforms = fields.texts('platforms').filter((text) => text === 'kubernetes' || text === 'compose' || text === 'host');
  if (platforms.length < fields.texts('platforms').length) fields.complain('platforms', 'knows kubernetes, compose and host');
  return { platforms, anyOf: fields.objects('anyOf', readMatch), noneOf: fields.objects('noneOf', readMatch) };
}

function readMatch(fields: JsonFields): WorkloadMatch {
  const match: WorkloadMatch = {
    ...(fields.has('kinds') ? { kinds: fields.texts('kinds') } : {}),
    ...(fields.has('namespaces') ? { namespaces: fields.texts('namespaces') } : {}),
    ...(fields.has('podLabels') ? { podLabels: fields.labels('podLabels') } : {}),
    ...(fields.has('podAnnotations') ? { podAnnotations: fields.labels('podAnnotations') } : {}),
    ...(fields.has('namespaceLabels') ? { namespaceLabels: fields.labels('namespaceLabels') } : {}),
    ...(fields.has('namespaceAnnotations') ? { namespaceAnnotations: fields.labels('namespaceAnnotations') } : {}),
    ...(fields.has('images') ? { images: fields.texts('images') } : {}),
    ...(fields.has('minReplicas') ? { minReplicas: fields.count('minReplicas') } : {}),
    ...(fields.has('isHeadless') ? { isHeadless: fields.claim('isHeadless') } : {}),
  };
  if (Object.keys(match).length === 0) fields.complain('', 'has no condition, so it would match every workload');
  return match;
}

function readHost(fields: JsonFields): KnownHost {
  return { host: fields.text('host').toLowerCase(), addresses: fields.texts('addresses').flatMap((text) => readPrefix(text, fields)) };
}

function readPrefix(text: string, fields: JsonFields): readonly Prefix[] {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return [prefix];
  fields.complain('', `has ${JSON.stringify(text.slice(0, 60))}, which is no address block`);
  return [];
}

const PORT = /^(?:(\d{1,5})(?:-(\d{1,5}))?\/)?([A-Z]+)$/;

/** Reads `53/UDP`, `8000-8010/TCP` or a whole protocol, `ICMP`. */
function readPort(text: string, fields: JsonFields): readonly PortMatch[] {
  const [, first, last = first, protocol = ''] = PORT.exec(text) ?? [];
  if (isProtocol(protocol)) {
    if (first === undefined) return [{ kind: 'protocol', protocol }];
    const [from, to] = [Number(first), Number(last)];
    if (isPortNumber(from) && isPortNumber(to) && from <= to && protocol !== 'ICMP') return [{ kind: 'range', protocol, from, to }];
  }
  fields.complain('ports', `has ${JSON.stringify(text.slice(0, 60))}; write 53/UDP, 8000-8010/TCP or a protocol alone`);
  return [];
}

function optional<K extends string>(key: K, value: string | undefined): { readonly [key in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in K]: string });
}
