import { isJsonObject, isProtocol, type IpFamily, type Json, type JsonObject, type Protocol } from '#model';

/** One probe: the first packet of a new connection, and what is expected of it. */
export interface Probe {
  readonly from: string;
  readonly to: string;
  /** A number, or the name of a port of the destination pod. */
  readonly port: number | string;
  readonly protocol: Protocol;
  readonly expected: 'allow' | 'deny';
  readonly ipFamily?: IpFamily;
  readonly isCore: boolean;
}

export interface CasePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** Listens without being in the pod spec, so no named port can mean it. */
  readonly isUndeclared: boolean;
}

export interface CasePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ips: readonly string[];
  readonly ports: readonly CasePort[];
  readonly hostNetwork: boolean;
  readonly node?: string;
}

export interface CaseNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ips: readonly string[];
}

export interface SequenceStep {
  readonly id: string;
  readonly step: number;
  readonly of?: number;
  readonly actions: readonly JsonObject[];
}

/** One line of a case file: a complete small cluster, its policies, and probes. */
export interface ConformanceCase {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly isDisputed: boolean;
  readonly sequence?: SequenceStep;
  readonly namespaces: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[];
  readonly nodes: readonly CaseNode[];
  readonly pods: readonly CasePod[];
  readonly policies: readonly JsonObject[];
  readonly probes: readonly Probe[];
}

/** Says what is wrong with a case, by the path of the field. */
export class CaseError extends Error {}

/** Reads one line; throws a {@link CaseError} that names the field where it is no case. */
export function readCase(text: string, file: string, line: number): ConformanceCase {
  const fields = objectAt(parse(text), 'the line');
  const name = textAt(fields['name'], 'name');
  return {
    name,
    file,
    line,
    isDisputed: fields['disputed'] !== undefined && fields['disputed'] !== false && fields['disputed'] !== null,
    ...(isJsonObject(fields['sequence']) ? { sequence: readStep(fields['sequence']) } : {}),
    namespaces: listAt(fields['namespaces'], 'namespaces').map((item, index) => readNamespace(item, `namespaces[${String(index)}]`)),
    nodes: listAt(fields['nodes'], 'nodes').map((item, index) => readNode(item, `nodes[${String(index)}]`)),
    pods: listAt(fields['pods'], 'pods').map((item, index) => readPod(item, `pods[${String(index)}]`)),
    policies: listAt(fields['policies'], 'policies').map((item, index) => objectAt(item, `policies[${String(index)}]`)),
    probes: listAt(fields['probes'], 'probes').map((item, index) => readProbe(item, `probes[${String(index)}]`)),
  };
}

export function readNamespace(value: Json | undefined, path: string): ConformanceCase['namespaces'][number] {
  const fields = objectAt(value, path);
  return { name: textAt(fields['name'], `${path}.name`), labels: labelsAt(fields['labels'], `${path}.labels`) };
}

export function readPod(value: Json | undefined, path: string): CasePod {
  const fields = objectAt(value, path);
  const node = fields['node'] ?? fields['nodeName'];
  return {
    namespace: textAt(fields['namespace'], `${path}.namespace`),
    name: textAt(fields['name'], `${path}.name`),
    labels: labelsAt(fields['labels'], `${path}.labels`),
    ips: listAt(fields['ips'], `${path}.ips`).map((ip) => textAt(ip, `${path}.ips`)),
    ports: listAt(fields['ports'], `${path}.ports`).map((port, index) => readPort(port, `${path}.ports[${String(index)}]`)),
    hostNetwork: fields['hostNetwork'] === true,
    ...(typeof node === 'string' && node !== '' ? { node } : {}),
  };
}

export function labelsAt(value: Json | undefined, path: string): Readonly<Record<string, string>> {
  const fields = value === undefined || value === null ? {} : objectAt(value, path);
  for (const [key, label] of Object.entries(fields)) textAt(label, `${path}.${key}`);
  return fields as Readonly<Record<string, string>>;
}

export function textAt(value: Json | undefined, path: string): string {
  if (typeof value !== 'string') throw new CaseError(`${path} is not a text`);
  return value;
}

export function objectAt(value: Json | undefined, path: string): JsonObject {
  if (!isJsonObject(value)) throw new CaseError(`${path} is not an object`);
  return value;
}

function readNode(value: Json, path: string): CaseNode {
  const fields = objectAt(value, path);
  const ips = listAt(fields['ips'], `${path}.ips`).map((ip) => textAt(ip, `${path}.ips`));
  return { name: textAt(fields['name'], `${path}.name`), labels: labelsAt(fields['labels'], `${path}.labels`), ips };
}

function readPort(value: Json, path: string): CasePort {
  const fields = objectAt(value, path);
  const { name, port } = fields;
  if (typeof port !== 'number') throw new CaseError(`${path}.port is not a number`);
  return {
    ...(typeof name === 'string' && name !== '' ? { name } : {}),
    port,
    protocol: protocolAt(fields['protocol'], `${path}.protocol`),
    isUndeclared: fields['undeclared'] === true,
  };
}

function readProbe(value: Json, path: string): Probe {
  const fields = objectAt(value, path);
  const { port, expected, ipFamily } = fields;
  const protocol = protocolAt(fields['protocol'], `${path}.protocol`);
  if (expected !== 'allow' && expected !== 'deny') throw new CaseError(`${path}.expected is neither allow nor deny`);
  if (ipFamily !== undefined && ipFamily !== null && ipFamily !== 4 && ipFamily !== 6) throw new CaseError(`${path}.ipFamily is neither 4 nor 6`);
  if (typeof port !== 'number' && typeof port !== 'string' && protocol !== 'ICMP') throw new CaseError(`${path}.port is neither a number nor a name`);
  return {
    from: textAt(fields['from'], `${path}.from`),
    to: textAt(fields['to'], `${path}.to`),
    port: typeof port === 'number' || typeof port === 'string' ? port : 0,
    protocol,
    expected,
    ...(ipFamily === 4 || ipFamily === 6 ? { ipFamily } : {}),
    isCore: fields['core'] === true,
  };
}

function readStep(fields: JsonObject): SequenceStep {
  const { step, of } = fields;
  if (typeof step !== 'number') throw new CaseError('sequence.step is not a number');
  return {
    id: textAt(fields['id'], 'sequence.id'),
    step,
    ...(typeof of === 'number' ? { of } : {}),
    actions: listAt(fields['actions'], 'sequence.actions').map((action) => objectAt(action, 'sequence.actions')),
  };
}

function protocolAt(value: Json | undefined, path: string): Protocol {
  const text = value === undefined || value === null ? 'TCP' : textAt(value, path).toUpperCase();
  if (!isProtocol(text)) throw new CaseError(`${path} is no protocol`);
  return text;
}

function listAt(value: Json | undefined, path: string): readonly Json[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new CaseError(`${path} is not a list`);
  return value as readonly Json[];
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new CaseError(`not JSON: ${error instanceof Error ? error.message : 'cannot be parsed'}`);
  }
}
