import { type AttributedFlow, compareText, type FlowParty, type FlowReport, type ObservedEnd, type ObservedFlow, parseAddress, type UnattributedWhy } from '#model';

import type { AddressHistory } from './address-history.ts';
import type { AddressHolder } from './address-holder.ts';

/** A report told by who was who. */
export interface Attribution {
  readonly flows: readonly AttributedFlow[];
  /** Connections with both ends known and neither on the reporter's node: nothing it can have seen, so no evidence is made of them. */
  readonly misplaced: number;
}

/** One end, and whether it is on the reporter's own node. */
interface End {
  readonly party: FlowParty;
  readonly isLocal: boolean;
}

const MOST_NAMES = 8;
const NAME = /^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/;
const LONGEST_ADDRESS = 45;

/**
 * Says who the ends of reported flows were when they were seen.
 *
 * The reporter's own word counts for pods of its own node, where the history of that address does
 * not speak against it; everything else is told by address and time. Where a stretch saw two
 * holders, or nobody, the end stays unattributed. An address of a node is the node or any pod on
 * its network; of a plain host, as a server, the one program that waited on that port. Names are kept as what they are, hearsay.
 *
 * A reporter is believed about its own node only: nobody can make evidence for others' pods.
 */
export function attribute(report: FlowReport, history: AddressHistory): Attribution {
  const ends = new ReportedEnds(report, history);
  const flows: AttributedFlow[] = [];
  let misplaced = 0;
  for (const flow of report.flows) {
    const client = ends.clientOf(flow);
    const server = ends.serverOf(flow);
    const asked = ends.serviceOf(flow);
    // a node that translates for clients from outside sees connections that end elsewhere
    const isForwarded = asked?.isMasqueraded === true && client.party.kind === 'external';
    const isUnknown = client.party.kind === 'unattributed' || server.party.kind === 'unattributed';
    if (!client.isLocal && !server.isLocal && !isForwarded && !isUnknown) {
      misplaced += Math.max(1, flow.connections);
      continue;
    }
    flows.push({
      reporter: report.reporter,
      seenAt: standingAt(client, server),
      from: report.from,
      to: report.to,
      client: client.party,
      server: server.party,
      ...asked,
      protocol: flow.protocol,
      port: flow.port,
      verdict: flow.verdict,
      connections: flow.connections,
      ...(flow.alive === 0 ? {} : { ongoing: flow.alive }),
      ...judgedBy(flow),
      ...(flow.replied === undefined ? {} : { replied: flow.replied }),
      bytes: flow.sentBytes + flow.receivedBytes,
      applications: flow.applications,
      processes: flow.processes ?? [],
    });
  }
  return { flows, misplaced };
}

// with neither end its own it can only have stood at the one nobody knows
function standingAt(client: End, server: End): AttributedFlow['seenAt'] {
  if (client.isLocal && server.isLocal) return 'both';
  const isAtServer = server.isLocal || (!client.isLocal && client.party.kind !== 'unattributed' && server.party.kind === 'unattributed');
  return isAtServer ? 'server' : 'client';
}

// as the node's rules are called: o_ for what a pod sends, i_ for what it receives
function judgedBy({ profile }: ObservedFlow): Pick<AttributedFlow, 'judgedAt'> {
  if (profile?.startsWith('o_') === true) return { judgedAt: 'client' };
  return profile?.startsWith('i_') === true ? { judgedAt: 'server' } : {};
}

/** The ends of one report, each address looked up once. */
class ReportedEnds {
  readonly #report: FlowReport;
  readonly #history: AddressHistory;
  readonly #byAddress = new Map<string, End>();

  constructor(report: FlowReport, history: AddressHistory) {
    this.#report = report;
    this.#history = history;
  }

  clientOf(flow: ObservedFlow): End {
    // its sender was somebody else, on that node
    if (flow.verdict === 'spoofed') return { party: unattributed(flow.client.address, 'its sender was forged'), isLocal: true };
    return this.#endOf(flow.client);
  }

  serverOf({ server, port, service, protocol }: ObservedFlow): End {
    const end = this.#endOf(server);
    if (end.party.kind !== 'node' && end.party.kind !== 'external') return end;
    const isApiServer = this.#history.isApiServer(server.address, port) || this.#nameOf(service)?.service === API_SERVICE;
    if (isApiServer) return { ...end, party: { kind: 'external', address: server.address, names: [], entity: 'kube-apiserver' } };
    const program = end.party.kind === 'node' && port !== null ? this.#history.programAt(end.party.node, port, protocol, this.#report.from, this.#report.to) : undefined;
    return program === undefined ? end : { ...end, party: program.party };
  }

  serviceOf({ service, protocol }: ObservedFlow): { readonly service?: string; readonly isMasqueraded?: true } | undefined {
    if (service === undefined) return undefined;
    const named = this.#nameOf(service);
    if (named?.access === 'cluster') return { service: named.service };
    const { from, to } = this.#report;
    const name = named?.service ?? (this.#endOf(service).party.kind === 'node' ? this.#history.serviceOfNodePort(service.port, protocol, from, to) : undefined);
    return name === undefined ? undefined : { service: name, isMasqueraded: true };
  }

  #nameOf(service: ObservedFlow['service']): ReturnType<AddressHistory['serviceAt']> {
    return service === undefined ? undefined : this.#history.serviceAt(service.address, this.#report.from, this.#report.to);
  }

  #endOf(observed: ObservedEnd): End {
    const known = this.#byAddress.get(observed.address);
    const end = known ?? this.#lookUp(observed.address);
    if (known === undefined) this.#byAddress.set(observed.address, end);
    if (observed.pod !== undefined) return isPod(end, observed.pod) ? end : (this.#ownPod(observed.address, observed.pod) ?? end);
    if (end.party.kind !== 'external' || observed.names === undefined || observed.names.length === 0) return end;
    return { ...end, party: { ...end.party, names: readableNames(observed.names) } };
  }

  /** What the reporter says of a pod of its own; undefined where the history of the address does not know of it. */
  #ownPod(address: string, pod: string): End | undefined {
    const key = `${address} ${pod}`;
    const known = this.#byAddress.get(key);
    if (known !== undefined) return known;
    const { reporter, from, to } = this.#report;
    for (const holder of this.#history.holdersOf(address, from, to, reporter)) {
      if (holder.kind !== 'pod' || holder.party.pod !== pod || (holder.node !== undefined && holder.node !== reporter)) continue;
      const end = { party: holder.party, isLocal: true };
      this.#byAddress.set(key, end);
      return end;
    }
    return undefined;
  }

  #lookUp(text: string): End {
    // as it was written, first: reading IPv6 takes longer than all the rest
    const written = this.#heldBy(text);
    if (written !== undefined) return written;
    const address = text.length > LONGEST_ADDRESS ? undefined : this.#history.read(text);
    if (address === undefined) return { party: unattributed(text, 'it is no address'), isLocal: false };
    const held = address.text === text ? undefined : this.#heldBy(address.text);
    if (held !== undefined) return held;
    const party: FlowParty = this.#history.isInside(address) ? this.#unheld(address.text) : { kind: 'external', address: address.text, names: [] };
    return { party, isLocal: false };
  }

  #heldBy(address: string): End | undefined {
    const { reporter, from, to } = this.#report;
    const holders = this.#history.holdersOf(address, from, to, reporter);
    const [holder] = holders;
    if (holder === undefined) return undefined;
    const isLocal = holders.some((each) => each.kind !== 'service' && each.node === reporter);
    return { party: holders.length > 1 ? unattributed(address, 'several held it', holders.map(nameOf)) : this.#partyOf(holder), isLocal };
  }

  #unheld(address: string): FlowParty {
    const before = this.#history.holderBefore(address, this.#report.from);
    return before === undefined ? unattributed(address, 'nobody held it') : unattributed(address, 'nobody held it any more', [nameOf(before)]);
  }

  #partyOf(holder: AddressHolder): FlowParty {
    switch (holder.kind) {
      case 'pod':
        return holder.party;
      case 'node':
        return { kind: 'node', node: holder.node, mayBe: this.#history.sharingNode(holder.node, this.#report.from, this.#report.to) };
      case 'service':
        return { kind: 'service', service: holder.service };
    }
  }
}

function isPod({ party, isLocal }: End, pod: string): boolean {
  return isLocal && party.kind === 'workload' && party.pod === pod;
}

const API_SERVICE = 'default/kubernetes';

function nameOf(holder: AddressHolder): string {
  switch (holder.kind) {
    case 'pod':
      return `pod ${holder.party.pod}`;
    case 'node':
      return `node ${holder.node}`;
    case 'service':
      return `Service ${holder.service}`;
  }
}

function unattributed(address: string, why: UnattributedWhy, holders: readonly string[] = []): FlowParty {
  return { kind: 'unattributed', address: parseAddress(address.slice(0, LONGEST_ADDRESS))?.text ?? 'no address', why, holders };
}

// what clients and name servers say, which may be anything
function readableNames(names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const name of names.slice(0, MOST_NAMES)) {
    const lower = name.length > 254 ? '' : name.toLowerCase().replace(/\.$/, '');
    if (NAME.test(lower) && !lower.includes('..') && parseAddress(lower) === undefined) found.add(lower);
  }
  return [...found].sort(compareText);
}
