import {
  type Diagnostic,
  EVERYTHING,
  isJsonObject,
  isPortNumber,
  isProtocol,
  type Json,
  type JsonObject,
  type LabelSelector,
  type Origin,
  parsePrefix,
  selectorFromLabels,
} from '#model';

import type { Invariant, PeerPattern } from './invariant.ts';

export const INVARIANT_API_VERSION = 'ringfence.io/v1alpha1';

class Refusal extends Error {
  readonly path: string;
  readonly hint: string;

  constructor(path: string, found: string, hint: string) {
    super(`${path} ${found}`);
    this.path = path;
    this.hint = hint;
  }
}

/**
 * Reads an InvariantSet. An invariant that cannot be read is a diagnostic and the others still
 * count; whoever runs them has to treat such an error as a failed check.
 */
export function readInvariants(json: Json, origin: Origin): { readonly invariants: readonly Invariant[]; readonly diagnostics: readonly Diagnostic[] } {
  const invariants: Invariant[] = [];
  const diagnostics: Diagnostic[] = [];
  const attempt = (subject: string, work: () => void): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      diagnostics.push({ code: 'invariant-invalid', severity: 'error', subject, message: error.message, hint: error.hint, origin });
    }
  };
  attempt('InvariantSet', () => {
    const items = itemsOf(json);
    items.forEach((item, index) => {
      const path = `spec.invariants[${String(index)}]`;
      const name = isJsonObject(item) && typeof item['name'] === 'string' ? item['name'] : path;
      attempt(`invariant ${quoted(name)}`, () => {
        invariants.push(readInvariant(item, path, name, origin));
      });
    });
  });
  return { invariants, diagnostics };
}

function itemsOf(json: Json): readonly Json[] {
  const set = objectAt(json, 'the document');
  if (set['apiVersion'] !== INVARIANT_API_VERSION || set['kind'] !== 'InvariantSet') {
    throw new Refusal('the document', `is ${quoted(set['apiVersion'])} ${quoted(set['kind'])}`, `write apiVersion: ${INVARIANT_API_VERSION} and kind: InvariantSet`);
  }
  const items = objectAt(set['spec'], 'spec')['invariants'];
  if (!Array.isArray(items) || items.length === 0) throw new Refusal('spec.invariants', 'is no list of invariants', 'list at least one');
  return items as readonly Json[];
}

function readInvariant(item: Json, path: string, name: string, origin: Origin): Invariant {
  const fields = only(objectAt(item, path), ['name', 'never', 'must'], path);
  if ((fields['never'] === undefined) === (fields['must'] === undefined)) throw new Refusal(path, 'does not say exactly one of never and must', 'say one of them, with from and to');
  const claim = fields['never'] === undefined ? 'must' : 'never';
  const place = `${path}.${claim}`;
  const said = only(objectAt(fields[claim], place), ['from', 'to', 'port'], place);
  return {
    name,
    claim,
    from: readPattern(said['from'], `${place}.from`),
    to: readPattern(said['to'], `${place}.to`),
    ...(said['port'] === undefined ? {} : { port: readPort(said['port'], `${place}.port`) }),
    origin,
  };
}

const FORMS = 'write {workload: ns/Kind/name}, {namespace, labels}, {namespaceLabels, labels}, {cidr} or {entity: internet}';

function readPattern(value: Json | undefined, path: string): PeerPattern {
  const fields = only(objectAt(value, path), ['workload', 'namespace', 'namespaceLabels', 'labels', 'cidr', 'entity'], path);
  const kinds = ['workload', 'namespace', 'namespaceLabels', 'cidr', 'entity'].filter((kind) => fields[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) throw new Refusal(path, kinds.length === 0 ? 'names no peer' : `says ${kinds.join(' and ')} at once`, FORMS);
  if (fields['labels'] !== undefined && kind !== 'namespace' && kind !== 'namespaceLabels') throw new Refusal(`${path}.labels`, `is given beside ${kind}`, FORMS);
  const text = typeof fields[kind] === 'string' ? fields[kind] : '';
  const pods = fields['labels'] === undefined ? EVERYTHING : labelsAt(fields['labels'], `${path}.labels`);
  switch (kind) {
    case 'workload': {
      const [namespace = '', ownKind = '', name = '', ...rest] = text.split('/');
      if (namespace === '' || ownKind === '' || name === '' || rest.length > 0) throw new Refusal(`${path}.workload`, `is ${quoted(fields[kind])}`, 'write namespace/Kind/name');
      return { kind: 'workload', workload: { namespace, kind: ownKind, name } };
    }
    case 'namespace':
      if (text === '') throw new Refusal(`${path}.namespace`, `is ${quoted(fields[kind])}`, 'write the name of a namespace');
      return { kind: 'pods', namespaces: { kind: 'name', name: text }, pods };
    case 'namespaceLabels':
      return { kind: 'pods', namespaces: { kind: 'selector', selector: labelsAt(fields[kind], `${path}.namespaceLabels`) }, pods };
    case 'cidr': {
      const cidr = parsePrefix(text);
      if (cidr === undefined) throw new Refusal(`${path}.cidr`, `is ${quoted(fields[kind])}`, 'write an address, a slash and a length, such as 203.0.113.0/24');
      return { kind: 'cidr', cidr };
    }
    default:
      if (text !== 'internet') throw new Refusal(`${path}.entity`, `is ${quoted(fields[kind])}`, 'the one entity invariants know is internet');
      return { kind: 'internet' };
  }
}

function labelsAt(value: Json | undefined, path: string): LabelSelector {
  const fields = objectAt(value, path);
  const labels: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [key, label] of Object.entries(fields)) {
    if (typeof label !== 'string') throw new Refusal(`${path}[${quoted(key)}]`, `is ${quoted(label)}`, 'label values are texts: put it in quotes');
    labels[key] = label;
  }
  return selectorFromLabels(labels);
}

function readPort(value: Json, path: string): { readonly port: number; readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP' } {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '';
  const [number = '', protocol = 'TCP'] = text.split('/');
  const port = /^\d{1,5}$/.test(number) ? Number(number) : 0;
  if (!isPortNumber(port) || !isProtocol(protocol) || protocol === 'ICMP') throw new Refusal(path, `is ${quoted(value)}`, 'write a number and a protocol, such as 8443/TCP');
  return { port, protocol };
}

function objectAt(value: Json | undefined, path: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new Refusal(path, `is ${quoted(value)} where a mapping belongs`, 'write a mapping here');
}

function only(fields: JsonObject, known: readonly string[], path: string): JsonObject {
  const unknown = Object.keys(fields).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Refusal(`${path}.${quoted(unknown)}`, 'is no field here', `use ${known.join(', ')}`);
  return fields;
}

function quoted(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
