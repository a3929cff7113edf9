import { assertNever, type Connection, type Endpoint, type Policy, type Prefix, prefixContains, type Snapshot, type Verdict, workloadKey, type WorkloadKey, type WorkloadRef } from '#model';

import { AllowedPorts, type Reading } from './allowed-ports.ts';
import { blockContains } from './address-block.ts';
import { type End, endsByWorkload, outsideEnds, podEnds, portsOfEnd, siblingOf } from './ends.ts';
import { createEvaluator } from './evaluate.ts';
import { formatPattern, type Invariant, type PeerPattern } from './invariant.ts';
import type { PoliciesInForce, PolicyReplacement } from './layers.ts';
import { isSelected } from './membership.ts';
import { Cuts, type Stretch } from './outside.ts';
import type { Party } from './party.ts';
import { EVERY_PORT, hasPort, intersectPorts, type PortSet, portSet, subtractPorts } from './port-set.ts';
import { publicInternet } from './public-internet.ts';

/** A concrete connection that shows an invariant does not hold, and what decided it. */
export interface CounterExample {
  readonly connection: Connection;
  readonly verdict: Verdict;
}

export interface InvariantResult {
  readonly invariant: Invariant;
  /** `unknown` where an end means nothing in this input, or where it hangs on what the input does not say. */
  readonly outcome: 'holds' | 'violated' | 'unknown';
  /** One sentence for people. */
  readonly text: string;
  readonly counterExample?: CounterExample;
}

/** One workload as the end of a connection. */
export interface WorkloadEnd {
  readonly end: 'from' | 'to';
  readonly workload: WorkloadRef;
}

type Pair = readonly [End, End];

interface Meaning {
  readonly stretches: readonly Stretch[];
  readonly all: readonly End[];
  readonly byWorkload: ReadonlyMap<WorkloadKey, readonly End[]>;
}

/**
 * Tests invariants in one cluster against one revision, or layers of one, after the other, and works out only once what
 * they are about. All policies of a revision have to be made known before it is asked.
 */
export class InvariantTester {
  readonly #snapshot: Snapshot;
  readonly #cuts = new Cuts();
  readonly #meanings = new Map<PeerPattern, Meaning>();
  readonly #workloads = new Map<PeerPattern, ReadonlySet<WorkloadKey>>();
  readonly #asked = new WeakMap<PoliciesInForce | PolicyReplacement, AllowedPorts>();
  #ends: { readonly stretches: readonly Stretch[]; readonly ends: readonly End[] } | undefined;

  constructor(snapshot: Snapshot, invariants: readonly Invariant[]) {
    this.#snapshot = snapshot;
    for (const cidr of invariants.flatMap(blocksAsked)) this.#cuts.add({ cidr, except: [] });
    for (const block of publicInternet(snapshot)) this.#cuts.add(block);
  }

  know(policies: readonly Policy[]): void {
    this.#cuts.addPolicies(policies, this.#snapshot);
  }

  /** Whether connections of this workload at that end are any concern of an invariant. */
  isAbout(invariant: Invariant, { end, workload }: WorkloadEnd): boolean {
    return this.#workloadsOf(invariant[end]).has(workloadKey(workload));
  }

  /** `only` leaves out every connection but those of one workload at one end. */
  check(inForce: PoliciesInForce | PolicyReplacement, invariant: Invariant, only?: WorkloadEnd): InvariantResult {
    const endsOf = (end: 'from' | 'to'): readonly End[] => {
      const { all, byWorkload } = this.#meaning(invariant[end]);
      return only?.end === end ? (byWorkload.get(workloadKey(only.workload)) ?? []) : all;
    };
    const [senders, receivers] = [endsOf('from'), endsOf('to')];
    const empty = senders.length === 0 ? invariant.from : receivers.length === 0 ? invariant.to : undefined;
    if (empty !== undefined) return { invariant, outcome: 'unknown', text: `${formatPattern(empty)} matches nothing in this input, so nothing was tested` };
    const pairs = pairsOf(senders, receivers);
    if (pairs.length === 0) return { invariant, outcome: 'unknown', text: 'the two ends have no addresses of one family, so nothing was tested' };
    const allowed = this.#allowedBy(inForce);
    const check = invariant.claim === 'never' ? checkNever : checkMust;
    return check(invariant, pairs, allowed, (pair, ports) => this.#example(inForce, pair, ports));
  }

  #allowedBy(inForce: PoliciesInForce | PolicyReplacement): AllowedPorts {
    const known = this.#asked.get(inForce) ?? (isReplacement(inForce) ? this.#allowedBy(inForce.inForce).replacing(inForce) : new AllowedPorts(inForce, this.#snapshot));
    this.#asked.set(inForce, known);
    return known;
  }

  #example(inForce: PoliciesInForce | PolicyReplacement, [from, to]: Pair, ports: PortSet): CounterExample {
    const destination = siblingOf(from.party, to.party);
    const { protocol, port } = plainestPort(ports, destination);
    const connection: Connection = { from: endpointOf(from.party), to: endpointOf(destination), protocol, port };
    return { connection, verdict: createEvaluator(isReplacement(inForce) ? inForce.whole() : inForce, this.#snapshot).evaluate(connection) };
  }

  #meaning(pattern: PeerPattern): Meaning {
    const stretches = this.#cuts.stretches();
    const known = this.#meanings.get(pattern);
    if (known?.stretches === stretches) return known;
    if (this.#ends?.stretches !== stretches) this.#ends = { stretches, ends: [...podEnds(this.#snapshot, stretches), ...outsideEnds([this.#snapshot], stretches)] };
    const all = this.#ends.ends.filter((end) => this.#means(pattern, end.party, end.kind === 'pods' ? end.workload : undefined));
    const meaning = { stretches, all, byWorkload: endsByWorkload(all.filter((end) => end.kind === 'pods')) };
    this.#meanings.set(pattern, meaning);
    return meaning;
  }

  #workloadsOf(pattern: PeerPattern): ReadonlySet<WorkloadKey> {
    const known = this.#workloads.get(pattern);
    if (known !== undefined) return known;
    const keys = new Set<WorkloadKey>();
    for (const pod of this.#snapshot.pods.values()) {
      const key = workloadKey(pod.workload);
      if (keys.has(key) || pod.phase === 'finished') continue;
      if (pod.addresses.some((address) => this.#means(pattern, pod.hostNetwork ? { address, host: pod } : { address, pod }, pod.workload))) keys.add(key);
    }
    this.#workloads.set(pattern, keys);
    return keys;
  }

  #means(pattern: PeerPattern, { pod, host, address }: Party, workload: WorkloadRef | undefined): boolean {
    switch (pattern.kind) {
      case 'workload':
        return workload !== undefined && workloadKey(workload) === workloadKey(pattern.workload);
      case 'pods':
        return selectsEvenOnHost(pattern, pod ?? host, this.#snapshot);
      case 'cidr':
        return prefixContains(pattern.cidr, address);
      case 'internet':
        return workload === undefined && publicInternet(this.#snapshot).some((block) => blockContains(block, address));
      default:
        return assertNever(pattern);
    }
  }
}

function isReplacement(inForce: PoliciesInForce | PolicyReplacement): inForce is PolicyReplacement {
  return 'kind' in inForce && inForce.kind === 'replacement';
}

type Example = (pair: Pair, ports: PortSet) => CounterExample;

function checkNever(invariant: Invariant, pairs: readonly Pair[], allowed: AllowedPorts, example: Example): InvariantResult {
  const asked = invariant.port === undefined ? EVERY_PORT : onePort(invariant.port);
  let doubt: CounterExample | undefined;
  for (const pair of pairs) {
    const open = intersectPorts(between(allowed, pair, 'certain'), asked);
    if (open.length > 0) return { invariant, outcome: 'violated', text: 'gets through', counterExample: example(pair, open) };
    const perhaps = doubt === undefined ? intersectPorts(between(allowed, pair, 'possible'), asked) : [];
    if (perhaps.length > 0) doubt = example(pair, perhaps);
  }
  if (doubt !== undefined) return { invariant, outcome: 'unknown', text: 'may get through: it hangs on what this input does not say', counterExample: doubt };
  return { invariant, outcome: 'holds', text: `nothing gets through (${countPairs(pairs)})` };
}

function checkMust(invariant: Invariant, pairs: readonly Pair[], allowed: AllowedPorts, example: Example): InvariantResult {
  let doubt: CounterExample | undefined;
  for (const pair of pairs) {
    const asked = invariant.port === undefined ? declaredPorts(pair[1].party) : onePort(invariant.port);
    const missing = subtractPorts(asked, between(allowed, pair, 'possible'));
    if (missing.length > 0) return { invariant, outcome: 'violated', text: 'does not get through', counterExample: example(pair, missing) };
    const unsure = doubt === undefined ? subtractPorts(asked, between(allowed, pair, 'certain')) : [];
    if (unsure.length > 0) doubt = example(pair, unsure);
  }
  if (doubt !== undefined) return { invariant, outcome: 'unknown', text: 'may not get through: it hangs on what this input does not say', counterExample: doubt };
  return { invariant, outcome: 'holds', text: `all of it gets through (${countPairs(pairs)})` };
}

function between(allowed: AllowedPorts, [from, to]: Pair, reading: Reading): PortSet {
  return portsOfEnd(to.party, allowed.between(from.party, siblingOf(from.party, to.party), 'any', reading));
}

// An invariant is about workloads, and one on its node's network is one too.
function selectsEvenOnHost(pattern: PeerPattern & { readonly kind: 'pods' }, pod: Party['pod'], snapshot: Snapshot): boolean {
  return pod !== undefined && isSelected(pattern, { ...pod, hostNetwork: false }, snapshot) !== 'no';
}

function pairsOf(senders: readonly End[], receivers: readonly End[]): readonly Pair[] {
  return senders.flatMap((from) => receivers.filter((to) => isWorthAsking(from, to)).map((to): Pair => [from, to]));
}

function isWorthAsking(from: End, to: End): boolean {
  return from.party.address.family === to.party.address.family && (from.kind === 'pods' || to.kind === 'pods');
}

function blocksAsked({ from, to }: Invariant): readonly Prefix[] {
  return [from, to].flatMap((pattern) => (pattern.kind === 'cidr' ? [pattern.cidr] : []));
}

function onePort({ port, protocol }: NonNullable<Invariant['port']>): PortSet {
  return portSet([{ protocol, from: port, to: port }]);
}

function declaredPorts({ pod, host }: Party): PortSet {
  const ports = (pod ?? host)?.ports ?? [];
  return ports.length === 0 ? EVERY_PORT : portSet(ports.map(({ port, protocol }) => ({ protocol, from: port, to: port })));
}

// A port the destination declares says more than the first of a range.
function plainestPort(ports: PortSet, { pod, host }: Party): { readonly protocol: Connection['protocol']; readonly port: number } {
  const declared = (pod ?? host)?.ports.find(({ port, protocol }) => hasPort(ports, protocol, port));
  if (declared !== undefined) return declared;
  const range = ports.find(({ protocol }) => protocol === 'TCP') ?? ports[0];
  return { protocol: range?.protocol ?? 'TCP', port: range?.from ?? 0 };
}

function endpointOf({ address, pod, host }: Party): Endpoint {
  const own = pod ?? host;
  return own === undefined ? { kind: 'address', address } : { kind: 'pod', pod: own, address };
}

function countPairs(pairs: readonly Pair[]): string {
  return pairs.length === 1 ? '1 pair of ends' : `${String(pairs.length)} pairs of ends`;
}
