import { type FlowLoss, type FlowReport, type FlowVerdict, isPortNumber, isProtocol, isWireProtocol, type ObservedApplication, type ObservedEnd, type ObservedFlow, type ObservedProcess } from '#model';

export type FlowReportReading = { readonly kind: 'report'; readonly report: FlowReport } | { readonly kind: 'refused'; readonly why: string };

type Fields = Readonly<Record<string, unknown>>;

const MOST_FLOWS = 100_000;
const MOST_NAMES = 50;
const MOST_PODS = 10_000;
const LONGEST = { address: 45, name: 255, pod: 320, profile: 120, process: 60 };
const verdicts: ReadonlySet<unknown> = new Set<FlowVerdict>(['allowed', 'denied', 'would-be-denied', 'unknown-pod', 'spoofed', 'wrong-protocol']);
/** A node whose clock is further ahead would date its evidence to where it never ages. */
const MOST_AHEAD_MS = 3_600_000;

/** Something that is no flow report; never leaves this file. */
class Misfit extends Error {}

/**
 * Reads a report of flows that a node wrote, and believes nothing of it but that the node wrote it:
 * it is about that node alone, whole, and of bounded size, or it is refused.
 */
export function readFlowReport(text: string, node: string, now: number): FlowReportReading {
  try {
    return { kind: 'report', report: reportFrom(JSON.parse(text), node, now) };
  } catch (error) {
    if (error instanceof Misfit || error instanceof SyntaxError) return { kind: 'refused', why: error.message };
    throw error;
  }
}

function reportFrom(value: unknown, node: string, now: number): FlowReport {
  const fields = fieldsOf(value, 'the report');
  const { reporter, flows, overflowed } = fields;
  if (reporter !== node) throw new Misfit(`it is in the name of ${JSON.stringify(String(reporter).slice(0, 80))}, and came from node ${node}`);
  const [from, to] = [count(fields, 'from'), count(fields, 'to')];
  if (to < from) throw new Misfit('it ends before it begins');
  if (to > now + MOST_AHEAD_MS) throw new Misfit('it is from the future: the clock of the node is ahead');
  return {
    reporter: node,
    from,
    to,
    flows: listOf(flows, MOST_FLOWS, 'flows').map(flowFrom),
    loss: lossFrom(fields['loss']),
    overflowed: listOf(overflowed, MOST_PODS, 'overflowed').map((each) => {
      const entry = fieldsOf(each, 'an overflow');
      return { pod: text(entry, 'pod', LONGEST.pod), connections: count(entry, 'connections') };
    }),
    foreign: count(fields, 'foreign'),
  };
}

function flowFrom(value: unknown): ObservedFlow {
  const fields = fieldsOf(value, 'a flow');
  const { protocol, port, verdict, service, profile } = fields;
  if (typeof protocol !== 'string' || !isProtocol(protocol)) throw new Misfit('a flow has no protocol');
  if (port !== null && !isPortNumber(port)) throw new Misfit('a flow has no port');
  if (!verdicts.has(verdict)) throw new Misfit('a flow has no verdict');
  return {
    client: endFrom(fields['client']),
    server: endFrom(fields['server']),
    ...(service === undefined ? {} : { service: serviceFrom(service) }),
    protocol,
    port,
    verdict: verdict as FlowVerdict,
    egressRule: count(fields, 'egressRule'),
    ingressRule: count(fields, 'ingressRule'),
    ...(profile === undefined ? {} : { profile: text(fields, 'profile', LONGEST.profile) }),
    connections: count(fields, 'connections'),
    alive: count(fields, 'alive'),
    ended: count(fields, 'ended'),
    ...(fields['replied'] === undefined ? {} : { replied: count(fields, 'replied') }),
    sentBytes: count(fields, 'sentBytes'),
    receivedBytes: count(fields, 'receivedBytes'),
    sentPackets: count(fields, 'sentPackets'),
    receivedPackets: count(fields, 'receivedPackets'),
    longestMs: amount(fields, 'longestMs'),
    applications: listOf(fields['applications'], MOST_NAMES, 'applications').flatMap(applicationFrom),
    ...(fields['processes'] === undefined ? {} : { processes: listOf(fields['processes'], MOST_NAMES, 'processes').map(processFrom) }),
  };
}

function endFrom(value: unknown): ObservedEnd {
  const fields = fieldsOf(value, 'an end of a flow');
  const { pod, names } = fields;
  return {
    address: addressIn(fields),
    ...(pod === undefined ? {} : { pod: text(fields, 'pod', LONGEST.pod) }),
    ...(names === undefined ? {} : { names: listOf(names, MOST_NAMES, 'names').map((name) => textFrom(name, 'name', LONGEST.name)) }),
  };
}

function serviceFrom(value: unknown): NonNullable<ObservedFlow['service']> {
  const fields = fieldsOf(value, 'a service');
  const { port } = fields;
  if (!isPortNumber(port)) throw new Misfit('a service has no port');
  return { address: addressIn(fields), port };
}

// a newer enforcer may know more of them
function applicationFrom(value: unknown): readonly ObservedApplication[] {
  const fields = fieldsOf(value, 'an application');
  const protocol = text(fields, 'protocol', LONGEST.name);
  return isWireProtocol(protocol) ? [{ protocol, connections: count(fields, 'connections') }] : [];
}

function processFrom(value: unknown): ObservedProcess {
  const fields = fieldsOf(value, 'a process');
  const { end } = fields;
  if (end !== 'client' && end !== 'server') throw new Misfit('a process is at no end');
  return { end, name: text(fields, 'name', LONGEST.process), connections: count(fields, 'connections') };
}

function lossFrom(value: unknown): FlowLoss {
  const fields = fieldsOf(value, 'the loss');
  return { connectionEvents: count(fields, 'connectionEvents'), logRecords: count(fields, 'logRecords'), resyncs: count(fields, 'resyncs'), unreadable: count(fields, 'unreadable'), ...(fields['sampledOut'] === undefined ? {} : { sampledOut: count(fields, 'sampledOut') }) };
}

function addressIn(fields: Fields): string {
  const address = text(fields, 'address', LONGEST.address);
  if (!/^[0-9a-f.:]+$/.test(address)) throw new Misfit('an address is none');
  return address;
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit(`${what} is no object`);
  return value as Fields;
}

function listOf(value: unknown, most: number, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Misfit(`${what}: it is no list, or has more than ${String(most)} entries`);
  return value as readonly unknown[];
}

function text(fields: Fields, name: string, longest: number): string {
  return textFrom(fields[name], name, longest);
}

function textFrom(value: unknown, name: string, longest: number): string {
  if (typeof value !== 'string' || value.length > longest) throw new Misfit(`${name} is no text, or longer than ${String(longest)}`);
  return value;
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new Misfit(`${name} is no count`);
  return value;
}

function amount(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !(value >= 0) || value === Number.POSITIVE_INFINITY) throw new Misfit(`${name} is no amount`);
  return value;
}
