import { inferGraph } from '#graph';
import { snapshotOf } from '#inventory';
import { serviceRoutes } from '#lab';
import { type Endpoint, type FlowReport, type ObservedFlow, podKey, type Snapshot, type SourceUpdate } from '#model';
import { createEvaluator } from '#policy';
import { currentRevision, modeOf, type ReviewState } from '#review';

import type { LabAttempt } from './lab-messages.ts';
import { planTalks, type PlannedTalk } from './lab-plan.ts';

const NEXT_AFTER_MS = 250;
const INTRUDER_AFTER_MS = 30_000;
const BYTES = 2_000;

/** What happened in one stretch of time. */
export interface RecordedStretch {
  readonly reports: readonly FlowReport[];
  readonly attempts: readonly LabAttempt[];
}

/**
 * The traffic of the lab as the enforcers of its nodes would report it, without a packet.
 *
 * Whether a connection gets through is what the approved policies say of it.
 */
export class RecordedTraffic {
  readonly #snapshot: Snapshot;
  readonly #plan: readonly PlannedTalk[];
  readonly #startedAt: number;
  #reportedAt: number;

  constructor(updates: readonly SourceUpdate[], startedAt: number) {
    this.#snapshot = snapshotOf(updates);
    this.#plan = planTalks(inferGraph(this.#snapshot), { snapshot: this.#snapshot, services: serviceRoutes(this.#snapshot) });
    this.#startedAt = startedAt;
    this.#reportedAt = startedAt;
  }

  get pods(): number {
    return this.#snapshot.pods.size;
  }

  /** From the end of the last stretch until now. */
  until(now: number, state: ReviewState): RecordedStretch {
    const evaluator = createEvaluator(currentRevision(state), this.#snapshot);
    const flows = new Map<string, ObservedFlow[]>();
    const attempts: LabAttempt[] = [];
    for (const [at, { from, to, port, kind, ways }] of this.#plan.entries()) {
      if (now < this.#startedAt + (kind === 'intruder' ? INTRUDER_AFTER_MS : at * NEXT_AFTER_MS)) continue;
      const outcomes: LabAttempt['outcomes'][number][] = [];
      for (const way of ways) {
        const { connection } = way;
        const isThrough = evaluator.evaluate(connection).decision === 'allow' || !this.#isEnforced(connection.from, state) || !this.#isEnforced(connection.to, state);
        outcomes.push({ family: connection.to.address.family, outcome: isThrough ? 'answered' : 'died' });
        const node = nodeOf(connection.from) ?? nodeOf(connection.to);
        if (node === undefined) continue;
        flows.set(node, [...(flows.get(node) ?? []), flowOf(way, node, isThrough)]);
      }
      attempts.push({ from, to, port, kind, outcomes });
    }
    const from = this.#reportedAt;
    this.#reportedAt = now;
    const reports = [...flows].map(([reporter, each]): FlowReport => ({ reporter, from, to: now, flows: each, loss: { connectionEvents: 0, logRecords: 0, resyncs: 0, unreadable: 0 }, overflowed: [], foreign: 0 }));
    return { reports, attempts };
  }

  /** Whether the policies of an end drop anything; those of an end outside never do. */
  #isEnforced(end: Endpoint, state: ReviewState): boolean {
    return end.kind !== 'pod' || modeOf(state, end.pod.workload, this.#snapshot).value === 'enforce';
  }
}

function flowOf({ connection: { from, to, protocol, port }, by }: PlannedTalk['ways'][number], node: string, isThrough: boolean): ObservedFlow {
  const connections = 1;
  return {
    client: endOf(from, node),
    server: endOf(to, node),
    ...(by === undefined ? {} : { service: { address: by.address.text, port: by.port } }),
    protocol,
    port,
    verdict: isThrough ? 'allowed' : 'denied',
    egressRule: 0,
    ingressRule: 0,
    connections,
    alive: 0,
    ended: isThrough ? connections : 0,
    replied: isThrough ? connections : 0,
    sentBytes: isThrough ? BYTES : 0,
    receivedBytes: isThrough ? BYTES : 0,
    sentPackets: isThrough ? 6 : 1,
    receivedPackets: isThrough ? 5 : 0,
    longestMs: 5,
    applications: [],
  };
}

function endOf(end: Endpoint, node: string): ObservedFlow['client'] {
  return { address: end.address.text, ...(nodeOf(end) === node && end.kind === 'pod' ? { pod: podKey(end.pod) } : {}) };
}

function nodeOf(end: Endpoint): string | undefined {
  return end.kind === 'pod' ? end.pod.node : undefined;
}
