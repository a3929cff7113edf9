import type { Relationship } from '#model';

import { isWorkloadKey, type Truth, truthKey } from './truth.ts';

/** How well relationships agree with the truth. Pairs are of workloads; other peers are counted on their own. */
export interface Score {
  readonly truePairs: number;
  readonly visiblePairs: number;
  readonly predictedPairs: number;
  readonly precision: number;
  readonly recall: number;
  readonly recallVisible: number;
  readonly portPrecision: number;
  readonly trapsTaken: readonly string[];
  readonly wrongPairs: readonly string[];
  readonly missedVisiblePairs: readonly string[];
  readonly wrongPorts: readonly string[];
  /** Pairs with an entity at one end: API server, internet, Prometheus, … */
  readonly otherTrue: number;
  readonly otherHit: number;
  readonly otherWrong: readonly string[];
  readonly otherMissed: readonly string[];
}

/** What the shares of a {@link Score} are made of; add them up to pool applications. */
export interface Tally {
  readonly hits: number;
  readonly wrong: number;
  readonly visible: number;
  readonly visibleHits: number;
  readonly portHits: number;
  readonly portWrong: number;
  readonly traps: number;
}

/**
 * Measures relationships against the truth of one application.
 *
 * A pair is right if it is in the truth; one whose truth is uncertain is counted neither way. A port
 * is right if the truth has that pair with that port and protocol. A trap is taken if its pair (with
 * its port, where the pair is otherwise true) was predicted.
 */
export function score(truth: Truth, relationships: readonly Relationship[]): { readonly score: Score; readonly tally: Tally } {
  const known = knownEdges(truth);
  const pairs = new Set<string>();
  const ports = new Set<string>();
  const others = new Set<string>();
  for (const { from, to, port, protocol } of relationships) {
    const [client, server] = [truthKey(from, truth), truthKey(to, truth)];
    const pair = `${client} -> ${server}`;
    if (!isWorkloadKey(client) || !isWorkloadKey(server)) {
      if (!pair.includes('runtime:')) others.add(pair);
      continue;
    }
    pairs.add(pair);
    ports.add(`${pair} ${String(port)}/${protocol}`);
  }
  const wrongPairs = [...pairs].filter((pair) => !known.pairs.has(pair) && !known.uncertainPairs.has(pair));
  const wrongPorts = [...ports].filter((text) => !known.ports.has(text) && !known.uncertainPorts.has(text) && !known.uncertainPairs.has(pairOf(text)));
  const hits = intersect(pairs, known.pairs);
  const visibleHits = intersect(pairs, known.visiblePairs);
  const portHits = intersect(ports, known.ports);
  const otherHits = intersect(others, known.others);
  const trapsTaken = takenTraps(truth, new Set(wrongPairs), new Set(wrongPorts), known.pairs);
  return {
    score: {
      truePairs: known.pairs.size,
      visiblePairs: known.visiblePairs.size,
      predictedPairs: pairs.size,
      precision: share(hits.length, hits.length + wrongPairs.length),
      recall: share(hits.length, known.pairs.size),
      recallVisible: share(visibleHits.length, known.visiblePairs.size),
      portPrecision: share(portHits.length, portHits.length + wrongPorts.length),
      trapsTaken,
      wrongPairs: wrongPairs.sort(),
      missedVisiblePairs: [...known.visiblePairs].filter((pair) => !pairs.has(pair)).sort(),
      wrongPorts: wrongPorts.sort(),
      otherTrue: known.others.size,
      otherHit: otherHits.length,
      otherWrong: [...others].filter((pair) => !known.others.has(pair)).sort(),
      otherMissed: [...known.others].filter((pair) => !others.has(pair)).sort(),
    },
    tally: {
      hits: hits.length,
      wrong: wrongPairs.length,
      visible: known.visiblePairs.size,
      visibleHits: visibleHits.length,
      portHits: portHits.length,
      portWrong: wrongPorts.length,
      traps: trapsTaken.length,
    },
  };
}

/** Pools applications edge by edge, as the figures are stated. */
export function pooled(tallies: readonly Tally[]): { readonly precision: number; readonly recallVisible: number; readonly portPrecision: number; readonly traps: number } {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  return {
    precision: share(sum((each) => each.hits), sum((each) => each.hits + each.wrong)),
    recallVisible: share(sum((each) => each.visibleHits), sum((each) => each.visible)),
    portPrecision: share(sum((each) => each.portHits), sum((each) => each.portHits + each.portWrong)),
    traps: sum((each) => each.traps),
  };
}

function knownEdges(truth: Truth): Record<'pairs' | 'visiblePairs' | 'uncertainPairs' | 'ports' | 'uncertainPorts' | 'others', Set<string>> {
  const known = { pairs: new Set<string>(), visiblePairs: new Set<string>(), uncertainPairs: new Set<string>(), ports: new Set<string>(), uncertainPorts: new Set<string>(), others: new Set<string>() };
  for (const { from, to, port, protocol, status, visibleInMetadata } of truth.edges) {
    const [client, server] = [truthKey(from, truth), truthKey(to, truth)];
    const pair = `${client} -> ${server}`;
    if (!isWorkloadKey(client) || !isWorkloadKey(server)) {
      if (status === 'true' && !pair.includes('runtime:')) known.others.add(pair);
      continue;
    }
    (status === 'true' ? known.pairs : known.uncertainPairs).add(pair);
    (status === 'true' ? known.ports : known.uncertainPorts).add(`${pair} ${String(port)}/${protocol}`);
    if (status === 'true' && visibleInMetadata) known.visiblePairs.add(pair);
  }
  // a pair with one certain edge is certain
  for (const pair of known.pairs) known.uncertainPairs.delete(pair);
  return known;
}

function takenTraps(truth: Truth, wrongPairs: ReadonlySet<string>, wrongPorts: ReadonlySet<string>, truePairs: ReadonlySet<string>): readonly string[] {
  return truth.traps.flatMap(({ from, to, port, why }) => {
    if (typeof to === 'string') return [];
    const pair = `${truthKey(from, truth)} -> ${truthKey(to, truth)}`;
    const isTaken = typeof port === 'number' && truePairs.has(pair) ? [...wrongPorts].some((text) => text.startsWith(`${pair} ${String(port)}/`)) : wrongPairs.has(pair);
    return isTaken ? [`${pair}: ${why}`] : [];
  });
}

function pairOf(text: string): string {
  return text.slice(0, text.lastIndexOf(' '));
}

function intersect(left: ReadonlySet<string>, right: ReadonlySet<string>): readonly string[] {
  return [...left].filter((each) => right.has(each));
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : Math.round((part / whole) * 1000) / 1000;
}
