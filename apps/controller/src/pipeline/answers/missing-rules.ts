import { type Connection, type Direction, type ObservedPeer, type ObservedRelationship, type Snapshot, workloadKey } from '#model';
import { connectionsBetween, createEvaluator, type Evaluator, explain, type MissingRule, type PoliciesInForce, readEnd } from '#policy';

import { withStandIns } from './stand-in-pods.ts';

/** A rule that is missing for something that was observed, and a connection that shows it. */
export interface Lack {
  readonly missing: MissingRule;
  readonly connection: Connection;
}

/** Of ends with many addresses so many are asked about in each family. */
const MOST_ASKED = 4;

/** Finds what policies lack for what was observed; make one for many questions. */
export class LackFinder {
  readonly #inForce: PoliciesInForce;
  readonly #snapshot: Snapshot;
  readonly #evaluator: Evaluator;
  #endsByWorkload: ReadonlyMap<string, readonly Connection['from'][]> | undefined;

  constructor(inForce: PoliciesInForce, snapshot: Snapshot) {
    this.#inForce = inForce;
    this.#snapshot = withStandIns(snapshot);
    this.#evaluator = createEvaluator(inForce, this.#snapshot);
  }

  /** The rules that are missing, each once, egress first; in both families, for addresses outside may be let through in one alone. */
  lacksOf(observed: ObservedRelationship): readonly Lack[] {
    const found = new Map<string, Lack>();
    for (const connection of this.#deniedOf(observed)) {
      for (const { missing } of explain(this.#inForce, this.#snapshot, connection).sides) for (const each of missing) if (!found.has(each.text)) found.set(each.text, { missing: each, connection });
    }
    return [...found.values()];
  }

  /** The ends whose policies deny it, for some of its addresses at least: much cheaper than to ask what they lack. */
  denyingEnds(observed: ObservedRelationship): ReadonlySet<Direction> {
    const ends = new Set<Direction>();
    for (const connection of this.#connectionsOf(observed)) for (const { direction, effect } of this.#evaluator.evaluate(connection).reasons) if (effect === 'deny') ends.add(direction);
    return ends;
  }

  // pods of one workload lack the same, addresses outside one rule each
  #deniedOf(observed: ObservedRelationship): readonly Connection[] {
    const most = [observed.from, observed.to].some(({ kind }) => kind === 'external') ? MOST_ASKED : 1;
    const kept = { 4: 0, 6: 0 };
    const denied = this.#connectionsOf(observed).filter((connection) => this.#evaluator.evaluate(connection).reasons.some(({ effect }) => effect === 'deny'));
    return denied.filter(({ from: { address } }) => (kept[address.family] += 1) <= most);
  }

  #connectionsOf({ from, to, protocol, port }: ObservedRelationship): readonly Connection[] {
    const [clients, servers] = [from, to].map((peer) => this.#endsOf(peer));
    const kept = { 4: 0, 6: 0 };
    return connectionsBetween(clients ?? [], servers ?? [], { protocol, port: port ?? 0 }).filter(({ from: { address } }) => (kept[address.family] += 1) <= MOST_ASKED);
  }

  #endsOf(peer: ObservedPeer): readonly Connection['from'][] {
    if (peer.kind !== 'workload') return namesOf(peer).flatMap((name) => endsCalled(name, this.#snapshot));
    this.#endsByWorkload ??= endsByWorkload(this.#snapshot);
    return this.#endsByWorkload.get(workloadKey(peer.workload)) ?? [];
  }
}

function endsByWorkload({ pods }: Snapshot): ReadonlyMap<string, readonly Connection['from'][]> {
  const ends = [...pods.values()].filter(({ phase }) => phase !== 'finished').flatMap((pod) => pod.addresses.map((address): Connection['from'] => ({ kind: 'pod', pod, address })));
  const all = Map.groupBy(ends, (end) => (end.kind === 'pod' ? workloadKey(end.pod.workload) : ''));
  return new Map([...all].map(([key, own]) => [key, few(own)]));
}

// those of a workload with many pods are alike
function few(ends: readonly Connection['from'][]): readonly Connection['from'][] {
  const kept = { 4: 0, 6: 0 };
  return ends.filter(({ address }) => (kept[address.family] += 1) <= MOST_ASKED);
}

function endsCalled(name: string, snapshot: Snapshot): readonly Connection['from'][] {
  const read = readEnd(name, snapshot);
  return read.kind === 'ends' ? read.ends : [];
}

function namesOf(peer: Exclude<ObservedPeer, { readonly kind: 'workload' }>): readonly string[] {
  switch (peer.kind) {
    case 'external':
      return peer.addresses.length === 0 ? ['internet'] : peer.addresses.slice(0, 2 * MOST_ASKED);
    case 'entity':
      return [peer.entity];
    case 'node':
      return [peer.node];
    case 'service':
      return [peer.service];
  }
}
