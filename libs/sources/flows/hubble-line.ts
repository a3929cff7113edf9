import { type FlowEnd, type JsonObject, type Protocol, isJsonObject, isPortNumber, parseAddress } from '#model';

import { type FlowRecord, type LineReading, fieldOf, isNamespace, isObjectName, isTime, listField, objectField, readHostName, textField, unreadable } from './flow-record.ts';
import { shown } from './plain-text.ts';

const MOST_NAMES = 8;
const OTHER_EVENTS = ['node_status', 'agent_event', 'debug_event'];

/** Whether an object is what Hubble exports: a response around a flow, another event, or a bare flow. */
export function isHubble(object: JsonObject): boolean {
  return (
    objectField(object, 'flow') !== undefined ||
    objectField(object, 'lost_events') !== undefined ||
    OTHER_EVENTS.some((name) => Object.hasOwn(object, name)) ||
    Object.hasOwn(object, 'IP') ||
    Object.hasOwn(object, 'verdict')
  );
}

/**
 * Reads one exported Hubble event (cilium `api/v1/flow/flow.proto` as protojson).
 *
 * The direction is that of the request: what Hubble marks as a reply is turned around and counts
 * for nothing of its own. Events before a verdict or a translation are passed over, the packet
 * itself is reported again after it.
 */
export function readHubble(object: JsonObject): LineReading {
  const lost = objectField(object, 'lost_events');
  if (lost !== undefined) return { kind: 'passed-over', lost: lostCount(lost), ...nodeOf(object) };
  if (OTHER_EVENTS.some((name) => Object.hasOwn(object, name))) return { kind: 'passed-over' };
  const flow = objectField(object, 'flow') ?? object;
  const type = textField(flow, 'Type') ?? 'L3_L4';
  const forwarded = readVerdict(textField(flow, 'verdict') ?? '');
  if (type === 'SOCK' || forwarded === undefined) return { kind: 'passed-over' };
  const time = textField(flow, 'time') ?? textField(object, 'time');
  if (time === undefined || !isTime(time)) return unreadable('`time` is no moment such as 2026-01-31T12:00:00Z');
  const transport = readTransport(objectField(flow, 'l4'));
  if (transport === undefined) return { kind: 'passed-over' };
  if (typeof transport === 'string') return unreadable(transport);
  const ip = objectField(flow, 'IP');
  const source = readEnd(flow, 'source', ip);
  if (typeof source === 'string') return unreadable(source);
  const destination = readEnd(flow, 'destination', ip);
  if (typeof destination === 'string') return unreadable(destination);
  const isReply = readReply(flow, transport);
  // A dropped reply says that something broke, not that somebody wanted to connect.
  if (isReply && !forwarded) return { kind: 'passed-over' };
  const port = isReply ? transport.sourcePort : transport.destinationPort;
  if (transport.protocol !== 'ICMP' && !isPortNumber(port)) return unreadable('the port is no number from 1 to 65535');
  const l7 = objectField(flow, 'l7');
  const application = type === 'L7' ? readApplication(l7) : undefined;
  const record: FlowRecord = {
    time,
    from: isReply ? destination : source,
    to: isReply ? source : destination,
    protocol: transport.protocol,
    port: transport.protocol === 'ICMP' ? null : port,
    ...(application === undefined ? {} : { application }),
    count: 1,
    forwarded,
    ...nodeOf(flow, object),
    ...(textField(flow, 'verdict') === 'AUDIT' ? { isAudited: true } : {}),
    ...(transport.flags !== undefined && fieldOf(transport.flags, 'SYN') !== true ? { isContinued: true } : {}),
  };
  return { kind: isReply || type === 'L7' ? 'echo' : 'flow', record };
}

// Cilium puts the cluster's name before the node's, unless that is the default one.
function nodeOf(...objects: readonly JsonObject[]): { readonly node?: string } {
  const name = objects.map((object) => textField(object, 'node_name')).find((text) => text !== undefined);
  const node = name?.split('/').at(-1);
  return node !== undefined && isObjectName(node) ? { node } : {};
}

function lostCount(lost: JsonObject): number {
  const count = Number(fieldOf(lost, 'num_events_lost') ?? 0);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

// AUDIT lets through what a policy would drop; REDIRECTED goes through the proxy, which lets it through or not in an event of its own.
function readVerdict(verdict: string): boolean | undefined {
  if (verdict === 'FORWARDED' || verdict === 'REDIRECTED' || verdict === 'AUDIT') return true;
  return verdict === 'DROPPED' ? false : undefined;
}

function readApplication(l7: JsonObject | undefined): string | undefined {
  return ['http', 'dns', 'kafka'].find((name) => l7 !== undefined && objectField(l7, name) !== undefined);
}

interface Transport {
  readonly protocol: Protocol;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags?: JsonObject;
  readonly icmpType?: number;
}

// Neighbour discovery, router and group messages are no connections of anybody.
const ECHOES = new Map([
  ['ICMPv4', [0, 8]],
  ['ICMPv6', [128, 129]],
]);

function readTransport(l4: JsonObject | undefined): Transport | string | undefined {
  if (l4 === undefined) return undefined;
  for (const protocol of ['TCP', 'UDP', 'SCTP'] as const) {
    const part = objectField(l4, protocol);
    if (part === undefined) continue;
    const sourcePort = fieldOf(part, 'source_port') ?? 0;
    const destinationPort = fieldOf(part, 'destination_port') ?? 0;
    if (!isPort(sourcePort) || !isPort(destinationPort)) return `the ${protocol} ports are no numbers`;
    const flags = objectField(part, 'flags');
    return { protocol, sourcePort, destinationPort, ...(flags === undefined ? {} : { flags }) };
  }
  for (const [name, types] of ECHOES) {
    const part = objectField(l4, name);
    const icmpType = part === undefined ? undefined : (fieldOf(part, 'type') ?? 0);
    if (typeof icmpType === 'number') return types.includes(icmpType) ? { protocol: 'ICMP', sourcePort: 0, destinationPort: 0, icmpType } : undefined;
  }
  return undefined;
}

function isPort(value: unknown): value is number {
  return value === 0 || isPortNumber(value);
}

const FIRST_EPHEMERAL = 32_768;

// `is_reply` is absent where Hubble does not know (drops, policy verdicts); then the packet itself tells.
function readReply(flow: JsonObject, { sourcePort, destinationPort, flags, icmpType }: Transport): boolean {
  const marked = fieldOf(flow, 'is_reply') ?? (fieldOf(flow, 'reply') === true ? true : undefined);
  if (typeof marked === 'boolean') return marked;
  if (icmpType !== undefined) return icmpType === 0 || icmpType === 129;
  if (flags !== undefined && fieldOf(flags, 'SYN') === true) return fieldOf(flags, 'ACK') === true;
  return sourcePort !== 0 && sourcePort < FIRST_EPHEMERAL && destinationPort >= FIRST_EPHEMERAL;
}

function readEnd(flow: JsonObject, side: 'source' | 'destination', ip: JsonObject | undefined): FlowEnd | string {
  const text = textField(ip, side);
  const address = text === undefined ? undefined : parseAddress(text);
  if (text !== undefined && address === undefined) return `the ${side} address is none: ${shown(text)}`;
  const endpoint = objectField(flow, side);
  const namespace = textField(endpoint, 'namespace');
  const podName = textField(endpoint, 'pod_name');
  const isKnown = namespace !== undefined && isNamespace(namespace);
  const pod = isKnown && podName !== undefined && isObjectName(podName) ? `${namespace}/${podName}` : undefined;
  const workload = isKnown ? readWorkload(namespace, endpoint) : undefined;
  const entity = pod === undefined ? readEntity(endpoint) : undefined;
  if (address === undefined && pod === undefined && workload === undefined && entity === undefined) return `the ${side} has neither an address nor a pod`;
  return {
    ...(address === undefined ? {} : { address }),
    ...(pod === undefined ? {} : { pod }),
    ...(workload === undefined ? {} : { workload }),
    ...(entity === undefined ? {} : { entity }),
    names: readNames(flow, side, pod === undefined),
  };
}

function readWorkload(namespace: string, endpoint: JsonObject | undefined): string | undefined {
  const [first] = listField(endpoint, 'workloads');
  if (!isJsonObject(first)) return undefined;
  const name = textField(first, 'name');
  const kind = textField(first, 'kind');
  return name !== undefined && kind !== undefined && isObjectName(name) && isObjectName(kind) ? `${namespace}/${kind}/${name}` : undefined;
}

// The reserved identities of Cilium, by number and by label; the API server may also be a host.
const RESERVED: readonly (readonly [number, string, NonNullable<FlowEnd['entity']>])[] = [
  [7, 'reserved:kube-apiserver', 'kube-apiserver'],
  [8, 'reserved:ingress', 'ingress-controller'],
  [1, 'reserved:host', 'node'],
  [4, 'reserved:health', 'node'],
  [6, 'reserved:remote-node', 'node'],
  [2, 'reserved:world', 'internet'],
  [9, 'reserved:world-ipv4', 'internet'],
  [10, 'reserved:world-ipv6', 'internet'],
];

function readEntity(endpoint: JsonObject | undefined): FlowEnd['entity'] {
  if (endpoint === undefined) return undefined;
  const identity = fieldOf(endpoint, 'identity');
  const labels = listField(endpoint, 'labels');
  return RESERVED.find(([number, label]) => identity === number || labels.includes(label))?.[2];
}

function readNames(flow: JsonObject, side: 'source' | 'destination', mayBeService: boolean): readonly string[] {
  const given = listField(flow, `${side}_names`).slice(0, MOST_NAMES);
  const service = mayBeService ? objectField(flow, `${side}_service`) : undefined;
  const serviceName = textField(service, 'name');
  const serviceNamespace = textField(service, 'namespace');
  const all = serviceName !== undefined && serviceNamespace !== undefined ? [...given, `${serviceName}.${serviceNamespace}.svc`] : given;
  return [...new Set(all.flatMap((name) => (typeof name === 'string' ? (readHostName(name) ?? []) : [])))].sort();
}

