import { compareText, type FlowVerdict, type ObservedApplication, type ObservedEnd, type ObservedFlow, type ObservedProcess, type PodKey, type Protocol, type WireProtocol } from '#model';

import type { Identification } from './protocol-signature.ts';

/** Names one flow's server is shown under; a client that asks for a new name each time shall not fill the memory. */
const MOST_NAMES = 8;

/** What adds up about one flow in one bucket. */
export interface TalliedFlow {
  readonly key: string;
  readonly client: string;
  readonly clientPod: PodKey | undefined;
  readonly server: string;
  readonly serverPod: PodKey | undefined;
  readonly service: { readonly address: string; readonly port: number } | undefined;
  readonly protocol: Protocol;
  readonly port: number;
  readonly verdict: FlowVerdict;
  readonly rules: number;
  readonly profile: string;
  readonly clientKey: string;
  readonly serverKey: string;
  connections: number;
  alive: number;
  ended: number;
  /** Of the ended ones, those that were answered. */
  replied: number;
  sentBytes: number;
  receivedBytes: number;
  sentPackets: number;
  receivedPackets: number;
  longestMs: number;
  applications: Map<WireProtocol, number> | undefined;
  serverNames: Set<string> | undefined;
  /** Where connections came from that are let through although they would be refused: each is told more than once. */
  clientPorts: Set<number> | undefined;
  /** Connections by `client` or `server`, and the program at that end, where it was looked for. */
  processes: Map<string, number> | undefined;
}

/** The counters of a flow that begins. */
export const NOTHING_YET = {
  connections: 0,
  alive: 0,
  ended: 0,
  replied: 0,
  sentBytes: 0,
  receivedBytes: 0,
  sentPackets: 0,
  receivedPackets: 0,
  longestMs: 0,
  applications: undefined,
  serverNames: undefined,
  clientPorts: undefined,
  processes: undefined,
};

/** Notes what was spoken over one connection, and the server's name where the client said it. */
export function noteApplication(flow: TalliedFlow, { protocol, serverName }: Identification): void {
  flow.applications ??= new Map();
  flow.applications.set(protocol, (flow.applications.get(protocol) ?? 0) + 1);
  if (serverName === undefined) return;
  flow.serverNames ??= new Set();
  if (flow.serverNames.size < MOST_NAMES) flow.serverNames.add(serverName);
}

/** More connections of one flow in one stretch that would be refused are not told apart. */
const MOST_PORTS = 1_024;

/**
 * Notes a packet of a connection that would be refused. Until somebody has looked at what it speaks,
 * and whenever the rules become narrower, one that goes on is told of again: it counts once.
 */
export function noteAudited(flow: TalliedFlow, clientPort: number, goesOn: boolean): void {
  flow.clientPorts ??= new Set();
  if (flow.clientPorts.has(clientPort)) return;
  // no ports to tell them by
  if (clientPort !== 0 && flow.clientPorts.size < MOST_PORTS) flow.clientPorts.add(clientPort);
  else if (goesOn) return;
  if (goesOn) flow.alive += 1;
  else flow.connections += 1;
}

/** Notes which program one end of a connection belongs to. */
export function noteProcess(flow: TalliedFlow, end: ObservedProcess['end'], name: string): void {
  flow.processes ??= new Map();
  const key = `${end} ${name}`;
  if (flow.processes.has(key) || flow.processes.size < MOST_NAMES) flow.processes.set(key, (flow.processes.get(key) ?? 0) + 1);
}

/** The flow as it is reported. `namesOf` gives the names DNS answers gave an address. */
export function reportFlow(flow: TalliedFlow, namesOf: (address: string) => readonly string[]): ObservedFlow {
  const { rules, service, profile, protocol } = flow;
  const applications: ObservedApplication[] = [...(flow.applications ?? [])].map(([spoken, connections]) => ({ protocol: spoken, connections }));
  return {
    client: endOf(flow.client, flow.clientPod, []),
    server: endOf(flow.server, flow.serverPod, flow.serverPod === undefined ? [...namesOf(flow.server), ...(flow.serverNames ?? [])] : [...(flow.serverNames ?? [])]),
    ...(service === undefined ? {} : { service }),
    protocol,
    port: protocol === 'ICMP' ? null : flow.port,
    verdict: flow.verdict,
    egressRule: (rules >>> 12) & 0xfff,
    ingressRule: rules & 0xfff,
    ...(profile === '' ? {} : { profile }),
    connections: flow.connections,
    alive: flow.alive,
    ended: flow.ended,
    // only the end of a connection tells: one that goes on may well be answered
    ...(flow.ended === 0 ? {} : { replied: flow.replied }),
    sentBytes: flow.sentBytes,
    receivedBytes: flow.receivedBytes,
    sentPackets: flow.sentPackets,
    receivedPackets: flow.receivedPackets,
    longestMs: flow.longestMs,
    applications: applications.sort((a, b) => compareText(a.protocol, b.protocol)),
    ...(flow.processes === undefined ? {} : { processes: [...flow.processes].sort(([a], [b]) => compareText(a, b)).map(processOf) }),
  };
}

function processOf([key, connections]: readonly [string, number]): ObservedProcess {
  const space = key.indexOf(' ');
  return { end: key.slice(0, space) === 'client' ? 'client' : 'server', name: key.slice(space + 1), connections };
}

function endOf(address: string, pod: PodKey | undefined, names: readonly string[]): ObservedEnd {
  const distinct = names.length < 2 ? names : [...new Set(names)].sort(compareText).slice(0, MOST_NAMES);
  return { address, ...(pod === undefined ? {} : { pod }), ...(distinct.length === 0 ? {} : { names: distinct }) };
}

export function compareFlows(a: ObservedFlow, b: ObservedFlow): number {
  return (
    compareText(a.client.address, b.client.address) ||
    compareText(a.server.address, b.server.address) ||
    compareText(a.protocol, b.protocol) ||
    (a.port ?? 0) - (b.port ?? 0) ||
    compareText(a.verdict, b.verdict) ||
    compareText(a.service?.address ?? '', b.service?.address ?? '') ||
    (a.service?.port ?? 0) - (b.service?.port ?? 0) ||
    a.egressRule - b.egressRule ||
    a.ingressRule - b.ingressRule ||
    compareText(a.profile ?? '', b.profile ?? '') ||
    compareText(a.client.pod ?? '', b.client.pod ?? '') ||
    compareText(a.server.pod ?? '', b.server.pod ?? '')
  );
}
