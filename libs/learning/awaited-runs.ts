import { type AwaitedRun, compareText, compareWorkloads, type GraphPeer, type ObservedPeer, type Relationship, type ServiceGraph, type Snapshot, type Workload, type WorkloadKey, workloadKey } from '#model';

import type { LearningContext } from './learning-context.ts';
import type { ObservedIndex } from './observed-index.ts';
import { nextRun } from './schedule.ts';

const HOUR_MS = 3_600_000;

/**
 * Which scheduled runs each workload has to wait for before it can be said to be known.
 *
 * A CronJob concerns itself and everything metadata or flows connect it with; where nothing does,
 * all of its namespace, for it may call anybody there. It has run once its pods were watched from
 * beginning to end while flows were reported, or its flows were seen in an hour that is over. One
 * that is suspended makes no run to wait for; only its own traffic stays unknown.
 */
export class AwaitedRuns {
  readonly #byWorkload = new Map<WorkloadKey, AwaitedRun[]>();
  readonly #byNamespace = new Map<string, AwaitedRun[]>();

  constructor(graph: ServiceGraph, index: ObservedIndex, snapshot: Snapshot, context: LearningContext) {
    const scheduled = [...snapshot.workloads.values()].filter((workload) => workload.schedule !== undefined);
    if (scheduled.length === 0) return;
    const peers = peersOfScheduled(scheduled, graph.relationships, index);
    for (const workload of scheduled) {
      const key = workloadKey(workload.ref);
      if (hasRun(key, index, context)) continue;
      const run = awaitedRun(workload, context.now);
      push(this.#byWorkload, key, run);
      if (workload.isSuspended === true) continue;
      const concerned = peers.get(key) ?? new Set();
      for (const peer of concerned) push(this.#byWorkload, peer, run);
      if (concerned.size === 0) push(this.#byNamespace, workload.ref.namespace, run);
    }
  }

  of(workload: Workload): readonly AwaitedRun[] {
    const all = [...(this.#byWorkload.get(workloadKey(workload.ref)) ?? []), ...(this.#byNamespace.get(workload.ref.namespace) ?? [])];
    return [...new Set(all)].sort((a, b) => compareWorkloads(a.workload, b.workload));
  }
}

function hasRun(key: WorkloadKey, { evidence }: ObservedIndex, { watched, now }: LearningContext): boolean {
  const hours = evidence.workloads.get(key)?.hours ?? [];
  if (hours.some((hour) => hour + HOUR_MS <= now)) return true;
  const ranAt = watched.get(key)?.ranAt;
  return ranAt !== undefined && evidence.reporters.some(({ from, to }) => from < ranAt && to >= ranAt);
}

function awaitedRun({ ref, schedule = '', timeZone, isSuspended }: Workload, now: number): AwaitedRun {
  const name = workloadKey(ref);
  if (isSuspended === true) return { workload: ref, schedule, next: undefined, why: `${name} is suspended, so it makes no run that could be seen` };
  const next = nextRun(schedule, timeZone, now);
  if (next.kind === 'unreadable') return { workload: ref, schedule, next: undefined, why: `${name} has not been seen to run, and nobody can say when it will: ${next.why}` };
  const zone = timeZone === undefined ? '' : ` in ${timeZone.slice(0, 60)}`;
  if (next.at === undefined) return { workload: ref, schedule, next: undefined, why: `${name} has not been seen to run, and its schedule ${JSON.stringify(schedule.slice(0, 60))} never comes` };
  return { workload: ref, schedule, next: next.at, why: `${name} has not been seen to run yet (${schedule.slice(0, 60)}${zone})` };
}

/** For every scheduled workload the others it is known to talk with. */
function peersOfScheduled(scheduled: readonly Workload[], relationships: readonly Relationship[], index: ObservedIndex): ReadonlyMap<WorkloadKey, ReadonlySet<WorkloadKey>> {
  const peers = new Map<WorkloadKey, Set<WorkloadKey>>(scheduled.map(({ ref }) => [workloadKey(ref), new Set()]));
  const connect = (one: WorkloadKey | undefined, other: WorkloadKey | undefined): void => {
    if (one === undefined || other === undefined || one === other) return;
    peers.get(one)?.add(other);
    peers.get(other)?.add(one);
  };
  for (const { from, to } of relationships) connect(keyOf(from), keyOf(to));
  for (const key of peers.keys()) {
    for (const { from, to } of [...index.of(key, 'ingress'), ...index.of(key, 'egress')]) connect(observedKey(from), observedKey(to));
  }
  return peers;
}

function keyOf(peer: GraphPeer): WorkloadKey | undefined {
  return typeof peer === 'string' ? undefined : workloadKey(peer);
}

function observedKey(peer: ObservedPeer): WorkloadKey | undefined {
  return peer.kind === 'workload' ? workloadKey(peer.workload) : undefined;
}

function push(map: Map<string, AwaitedRun[]>, key: string, run: AwaitedRun): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [run]);
  else if (!known.includes(run)) known.push(run);
}

/** Sentences, each once. */
export function awaitedSentences(runs: readonly AwaitedRun[]): readonly string[] {
  return [...new Set(runs.map(({ why }) => why))].sort(compareText);
}
