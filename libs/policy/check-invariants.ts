import { assertNever, type Connection, type Endpoint, formatSelector, type Prefix, prefixContains, type Revision, type Snapshot, type Verdict, workloadKey } from '#model';

import { AllowedPorts } from './allowed-ports.ts';
import { blockContains } from './address-block.ts';
import { type End, outsideEnds, podEnds, siblingOf } from './ends.ts';
import { createEvaluator, type Evaluator } from './evaluate.ts';
import type { Invariant, PeerPattern } from './invariant.ts';
import { isSelected } from './membership.ts';
import { cutOutside } from './outside.ts';
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

/**
 * Tests invariants against a revision by sets of connections, so every pod, family and port counts
 * and not a sample of them.
 *
 * A pod's connections to itself are no concern of an invariant. One that matches nothing does not
 * hold: it is unknown, and says so.
 */
export function checkInvariants(revision: Revision, snapshot: Snapshot, invariants: readonly Invariant[]): readonly InvariantResult[] {
  const checker = new InvariantChecker(revision, snapshot, invariants);
  return invariants.map((invariant) => checker.check(invariant));
}

type Pair = readonly [End, End];

class InvariantChecker {
  readonly #snapshot: Snapshot;
  readonly #allowed: AllowedPorts;
  readonly #evaluator: Evaluator;
  readonly #ends: readonly End[];

  constructor(revision: Revision, snapshot: Snapshot, invariants: readonly Invariant[]) {
    this.#snapshot = snapshot;
    this.#allowed = new AllowedPorts(revision, snapshot);
    this.#evaluator = createEvaluator(revision, snapshot);
    const stretches = cutOutside([{ revision, snapshot }], invariants.flatMap(blocksAsked).concat(publicInternet(snapshot).flatMap(({ cidr, except }) => [cidr, ...except])));
    this.#ends = [...podEnds(snapshot, stretches), ...outsideEnds([snapshot], stretches)];
  }

  check(invariant: Invariant): InvariantResult {
    const senders = this.#meaning(invariant.from);
    const receivers = this.#meaning(invariant.to);
    const empty = senders.length === 0 ? invariant.from : receivers.length === 0 ? invariant.to : undefined;
    if (empty !== undefined) return { invariant, outcome: 'unknown', text: `${formatPattern(empty)} matches nothing in this input, so nothing was tested` };
    const pairs = pairsOf(senders, receivers);
    if (pairs.length === 0) return { invariant, outcome: 'unknown', text: 'the two ends have no addresses of one family, so nothing was tested' };
    return invariant.claim === 'never' ? this.#checkNever(invariant, pairs) : this.#checkMust(invariant, pairs);
  }

  #checkNever(invariant: Invariant, pairs: readonly Pair[]): InvariantResult {
    const asked = invariant.port === undefined ? EVERY_PORT : onePort(invariant.port);
    let doubt: CounterExample | undefined;
    for (const pair of pairs) {
      const open = intersectPorts(this.#between(pair, 'certain'), asked);
      if (open.length > 0) return { invariant, outcome: 'violated', text: 'gets through', counterExample: this.#example(pair, open) };
      const perhaps = doubt === undefined ? intersectPorts(this.#between(pair, 'possible'), asked) : [];
      if (perhaps.length > 0) doubt = this.#example(pair, perhaps);
    }
    if (doubt !== undefined) return { invariant, outcome: 'unknown', text: 'may get through: it hangs on what this input does not say', counterExample: doubt };
    return { invariant, outcome: 'holds', text: `nothing gets through (${countPairs(pairs)})` };
  }

  #checkMust(invariant: Invariant, pairs: readonly Pair[]): InvariantResult {
    let doubt: CounterExample | undefined;
    for (const pair of pairs) {
      const asked = invariant.port === undefined ? declaredPorts(pair[1].party) : onePort(invariant.port);
      const missing = subtractPorts(asked, this.#between(pair, 'possible'));
      if (missing.length > 0) return { invariant, outcome: 'violated', text: 'does not get through', counterExample: this.#example(pair, missing) };
      const unsure = doubt === undefined ? subtractPorts(asked, this.#between(pair, 'certain')) : [];
      if (unsure.length > 0) doubt = this.#example(pair, unsure);
    }
    if (doubt !== undefined) return { invariant, outcome: 'unknown', text: 'may not get through: it hangs on what this input does not say', counterExample: doubt };
    return { invariant, outcome: 'holds', text: `all of it gets through (${countPairs(pairs)})` };
  }

  #between([from, to]: Pair, reading: 'certain' | 'possible'): PortSet {
    return this.#allowed.between(from.party, siblingOf(from.party, to.party), 'any', reading);
  }

  #example([from, to]: Pair, ports: PortSet): CounterExample {
    const destination = siblingOf(from.party, to.party);
    const { protocol, port } = plainestPort(ports, destination);
    const connection: Connection = { from: endpointOf(from.party), to: endpointOf(destination), protocol, port };
    return { connection, verdict: this.#evaluator.evaluate(connection) };
  }

  #meaning(pattern: PeerPattern): readonly End[] {
    const internet = pattern.kind === 'internet' ? publicInternet(this.#snapshot) : [];
    return this.#ends.filter((end): boolean => {
      const { pod, host, address } = end.party;
      switch (pattern.kind) {
        case 'workload':
          return end.kind === 'pods' && workloadKey(end.workload) === workloadKey(pattern.workload);
        case 'pods':
          return selectsEvenOnHost(pattern, pod ?? host, this.#snapshot);
        case 'cidr':
          return prefixContains(pattern.cidr, address);
        case 'internet':
          return end.kind === 'outside' && internet.some((block) => blockContains(block, address));
        default:
          return assertNever(pattern);
      }
    });
  }
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

/** `shop/Deployment/web`, `namespace shop, app=web`, `203.0.113.0/24`, `the internet`. */
export function formatPattern(pattern: PeerPattern): string {
  switch (pattern.kind) {
    case 'workload':
      return workloadKey(pattern.workload);
    case 'pods': {
      const where = pattern.namespaces.kind === 'name' ? pattern.namespaces.name : formatSelector(pattern.namespaces.selector);
      return `namespace ${where}, pods ${formatSelector(pattern.pods)}`;
    }
    case 'cidr':
      return pattern.cidr.text;
    case 'internet':
      return 'the internet';
    default:
      return assertNever(pattern);
  }
}
