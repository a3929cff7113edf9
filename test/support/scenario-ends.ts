import { type Connection, type Endpoint, parseAddress, type Policy, type PortMatch, type Protocol, type Revision, type ServiceGraph, type Snapshot, workloadKey } from '#model';

import type { Scenario } from './scenario.ts';

/** Ends of a truth table by the names a scenario gives them: every workload, and the outside. */
export class Ends {
  readonly #ends = new Map<string, readonly Endpoint[]>();
  readonly #names = new Map<string, string>();

  constructor(snapshot: Snapshot, scenario: Pick<Scenario, 'ends'>) {
    for (const key of snapshot.workloads.keys()) this.#names.set(key, shortName(key, [...snapshot.workloads.keys()]));
    const pods = [...snapshot.pods.values()].filter(({ phase, addresses }) => phase !== 'finished' && addresses.length > 0);
    for (const [key, name] of this.#names) {
      const own = pods.filter((pod) => workloadKey(pod.workload) === key);
      if (own.length > 0) this.#ends.set(name, own.flatMap((pod) => pod.addresses.map((address): Endpoint => ({ kind: 'pod', pod, address }))));
    }
    for (const [name, texts] of Object.entries(scenario.ends ?? OUTSIDE)) this.#ends.set(name, texts.flatMap((text) => endpointsOf(text, snapshot)));
  }

  /** The name a scenario uses for `namespace/kind/name`; anything else is its own name. */
  nameOf = (key: string): string => this.#names.get(key) ?? key;

  names(): readonly string[] {
    return [...this.#ends.keys()];
  }

  at(name: string): readonly Endpoint[] {
    const ends = this.#ends.get(name);
    if (ends === undefined) throw new Error(`find end ${name}: no such end, there are ${this.names().join(', ')}`);
    return ends;
  }
}

/** Any address of the public internet, in both families: documentation ones. */
const OUTSIDE: NonNullable<Scenario['ends']> = { internet: ['203.0.113.7', '2001:db8:ffff::7'] };

// The shortest of name, namespace/name and namespace/kind/name that means one workload.
function shortName(key: string, all: readonly string[]): string {
  const [namespace = '', , name = ''] = key.split('/');
  const short = all.filter((other) => other.endsWith(`/${name}`));
  if (short.length === 1) return name;
  const inNamespace = short.filter((other) => other.startsWith(`${namespace}/`));
  return inNamespace.length === 1 ? `${namespace}/${name}` : key;
}

function endpointsOf(text: string, snapshot: Snapshot): readonly Endpoint[] {
  const address = parseAddress(text);
  if (address !== undefined) return [{ kind: 'address', address }];
  const pod = snapshot.pods.get(text);
  if (pod === undefined) throw new Error(`find end ${text}: neither an address nor a pod`);
  return pod.addresses.map((each): Endpoint => ({ kind: 'pod', pod, address: each }));
}

export type Place = Pick<Connection, 'protocol' | 'port'>;

/** A port no scenario names. */
const NEVER_NAMED = 40999;
const TRANSPORTS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

/**
 * Every port anything names, its neighbours, the same number over the other protocols, one nobody
 * names, and ICMP; sorted.
 */
export function portsToTry(snapshot: Snapshot, revision: Revision, graph?: ServiceGraph): readonly Place[] {
  const places = new Map<string, Place>();
  const add = (protocol: Protocol, port: number): void => {
    if (port >= 1 && port <= 65535) places.set(`${protocol} ${String(port)}`, { protocol, port });
  };
  for (const { protocol, port } of portsNamed(snapshot, revision, graph)) {
    if (protocol === 'ICMP') continue;
    for (const near of [port - 1, port, port + 1]) add(protocol, near);
    for (const other of TRANSPORTS) add(other, port);
  }
  for (const protocol of TRANSPORTS) add(protocol, NEVER_NAMED);
  const sorted = [...places.values()].sort((a, b) => TRANSPORTS.indexOf(a.protocol) - TRANSPORTS.indexOf(b.protocol) || a.port - b.port);
  return [...sorted, { protocol: 'ICMP', port: 0 }];
}

function* portsNamed(snapshot: Snapshot, revision: Revision, graph: ServiceGraph | undefined): Generator<Place> {
  for (const pod of snapshot.pods.values()) yield* pod.ports;
  for (const service of snapshot.services.values()) {
    for (const { protocol, port, targetPort } of service.ports) {
      yield { protocol, port };
      if (typeof targetPort === 'number') yield { protocol, port: targetPort };
    }
  }
  for (const policy of revision.policies) yield* portsOfPolicy(policy);
  for (const { protocol, port } of graph?.relationships ?? []) if (port !== null) yield { protocol, port };
}

function* portsOfPolicy({ ingress = [], egress = [] }: Policy): Generator<Place> {
  for (const { ports } of [...ingress, ...egress]) {
    if (ports === 'any') continue;
    for (const match of ports) yield* portsOfMatch(match);
  }
}

function* portsOfMatch(match: PortMatch): Generator<Place> {
  if (match.kind !== 'range') return;
  yield { protocol: match.protocol, port: match.from };
  yield { protocol: match.protocol, port: match.to };
}
