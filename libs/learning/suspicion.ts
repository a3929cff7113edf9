import { type ObservedPeer, observedPeerKey, type ObservedRelationship, parseAddress, parsePrefix, type Pod, prefixContains, prefixCovers, type Snapshot, type WorkloadKey, workloadKey } from '#model';

import { DEFAULT_THRESHOLDS, type LearningContext } from './learning-context.ts';
import { type Doubted, isAnswered, type ObservedIndex } from './observed-index.ts';
import { daysText } from './observed-text.ts';

// a client that fails this often, and more often than not, is trying things out
const SWEEP_ATTEMPTS = 10;
// what showed in fewer hours may have been tried by hand
const LEAST_HOURS_SEEN = 3;
// of fewer pods one alone is no exception, and no witness either
const LEAST_PODS = 3;
// a program that does something does it in more of its pods than one in ten
const FEW_PODS_SHARE = 0.1;

interface ClientHabits {
  /** Ports and peers that answered, and did so in hour after hour; that answered, but hardly ever; that did not. */
  readonly regular: number;
  readonly rare: number;
  readonly unanswered: number;
}

/**
 * Says of everything observed why it may be somebody writing a rule for himself: whoever runs
 * code in a pod chooses what is observed of it, and must not be able to choose what is allowed.
 *
 * Metadata is not written by pods, so most of this does not matter where metadata speaks for a
 * relationship. Names of hosts outside and of processes are hearsay and vouch for nothing.
 */
export class Suspicion {
  readonly #index: ObservedIndex;
  readonly #context: LearningContext;
  readonly #pods: ReadonlyMap<WorkloadKey, number>;
  readonly #snapshot: Snapshot;
  readonly #habits = new Map<string, ClientHabits>();

  constructor(index: ObservedIndex, snapshot: Snapshot, context: LearningContext) {
    this.#index = index;
    this.#context = context;
    this.#snapshot = snapshot;
    this.#pods = countPods(snapshot.pods.values());
  }

  /** What speaks against it, one sentence each, which do not change with every further connection. */
  judge(observed: ObservedRelationship): Doubted {
    const grave = [...attemptDoubts(observed), ...this.#clientDoubts(observed)];
    const others = [...this.#witnessDoubts(observed), ...this.#sweepDoubts(observed), ...this.#noveltyDoubts(observed), ...this.#habitDoubts(observed), ...hearsayDoubts(observed), ...this.#guardedDoubts(observed)];
    return { observed, doubts: [...grave, ...others], isWorthless: grave.length > 0 };
  }

  #sweepDoubts({ from }: ObservedRelationship): readonly string[] {
    const { regular, rare, unanswered } = this.#habitsOf(from);
    const doubts: string[] = [];
    if (unanswered >= SWEEP_ATTEMPTS && unanswered > regular + rare) doubts.push(`its client is trying things out: ${String(SWEEP_ATTEMPTS)} ports and peers or more gave it no answer, and fewer did`);
    // a closed port may answer too, in its way
    if (rare >= SWEEP_ATTEMPTS && rare > regular) doubts.push(`its client is trying things out: ${String(SWEEP_ATTEMPTS)} ports and peers or more were used in fewer than ${String(LEAST_HOURS_SEEN)} hours, and fewer regularly`);
    return doubts;
  }

  #noveltyDoubts({ firstSeen, buckets }: ObservedRelationship): readonly string[] {
    const { newForMs } = this.#context.thresholds ?? DEFAULT_THRESHOLDS;
    const doubts: string[] = [];
    if (firstSeen > this.#context.now - newForMs) doubts.push(`it was seen for the first time less than ${hoursText(newForMs)} ago`);
    if (buckets < LEAST_HOURS_SEEN) doubts.push(`it was seen in fewer than ${String(LEAST_HOURS_SEEN)} hours`);
    return doubts;
  }

  /** Patience is no proof: who has broken in can wait, act hour after hour, from every replica, and through every release of the image. */
  #habitDoubts({ from, to, firstSeen }: ObservedRelationship): readonly string[] {
    const { habitMs } = this.#context.thresholds ?? DEFAULT_THRESHOLDS;
    const [first] = [from, to].flatMap((peer) => {
      const since = peer.kind === 'workload' ? this.#index.evidence.workloads.get(workloadKey(peer.workload))?.since : undefined;
      return peer.kind === 'workload' && since !== undefined ? [{ key: workloadKey(peer.workload), since }] : [];
    });
    return first === undefined || firstSeen <= first.since + habitMs ? [] : [`it began when ${first.key} had been watched for more than ${daysText(habitMs)} without it, and nothing but flows speaks for it`];
  }

  #clientDoubts({ from, clientPods, firstSeen }: ObservedRelationship): readonly string[] {
    if (from.kind !== 'workload') return [];
    const key = workloadKey(from.workload);
    const doubts: string[] = [];
    const pods = this.#podsOf(key);
    if (pods >= LEAST_PODS && clientPods <= Math.max(1, Math.floor(pods * FEW_PODS_SHARE))) {
      doubts.push(`only ${String(clientPods)} of ${String(pods)} pods of ${key} ${clientPods === 1 ? 'does' : 'do'} it`);
    }
    const watched = this.#context.watched.get(key);
    const { newForMs } = this.#context.thresholds ?? DEFAULT_THRESHOLDS;
    if (watched === undefined) doubts.push(`nobody knows since when ${key} runs its image`);
    else if (watched.imagesSince > this.#context.now - newForMs && firstSeen >= watched.imagesSince) {
      doubts.push(`the image of ${key} is new (less than ${hoursText(newForMs)}), and it was not seen to do this before`);
    }
    return doubts;
  }

  /** Of a workload of one or two pods one that was taken over can not be told from its likes. */
  #witnessDoubts({ from, clientPods }: ObservedRelationship): readonly string[] {
    if (from.kind !== 'workload' || clientPods > 1 || this.#podsOf(workloadKey(from.workload)) >= LEAST_PODS) return [];
    return [`no second pod of ${workloadKey(from.workload)} was ever seen to do it`];
  }

  #podsOf(key: WorkloadKey): number {
    return this.#pods.get(key) ?? this.#snapshot.workloads.get(key)?.replicas ?? 0;
  }

  // blocks every widened rule leaves out: cloud metadata hands out credentials
  #guardedDoubts({ to }: ObservedRelationship): readonly string[] {
    if (to.kind !== 'external') return [];
    const reached = [to.host, ...to.addresses].flatMap((text) => parseAddress(text) ?? []);
    const block = parsePrefix(to.host);
    const hosts = this.#context.catalogue.entries.flatMap((entry) => entry.hosts);
    const guarded = hosts.filter(({ addresses }) => addresses.some((each) => reached.some((address) => prefixContains(each, address)) || (block !== undefined && prefixCovers(block, each))));
    return guarded.map(({ host }) => `it reaches ${host}, which only gets who is told to by name`);
  }

  #habitsOf(client: ObservedPeer): ClientHabits {
    const key = observedPeerKey(client);
    const known = this.#habits.get(key);
    if (known !== undefined) return known;
    const all = this.#index.ofClient(client);
    const answered = all.filter(isAnswered);
    const regular = answered.filter(({ buckets }) => buckets >= LEAST_HOURS_SEEN).length;
    const habits = { regular, rare: answered.length - regular, unanswered: all.length - answered.length };
    this.#habits.set(key, habits);
    return habits;
  }
}

function attemptDoubts({ connections, wouldBeDenied, denied, replied }: ObservedRelationship): readonly string[] {
  if (connections + wouldBeDenied === 0) return ['it was only ever refused'];
  if (connections <= wouldBeDenied) return ['what is approved now would have refused it every time'];
  if (replied === 0) return ['nothing ever answered'];
  if (replied !== undefined && replied * 2 < connections) return ['most of its connections were not answered'];
  return denied > connections ? ['it was refused more often than let through'] : [];
}

function hearsayDoubts({ from, to }: ObservedRelationship): readonly string[] {
  return [from, to].filter(isNamedHost).map(({ host }) => `the name ${host.slice(0, 100)} is hearsay: whoever answered the question for it chose the address`);
}

/** A host outside that is known by a name, not by its address or block. */
export function isNamedHost(peer: ObservedPeer): peer is Extract<ObservedPeer, { kind: 'external' }> {
  return peer.kind === 'external' && parseAddress(peer.host) === undefined && parsePrefix(peer.host) === undefined;
}

function countPods(pods: Iterable<Pod>): ReadonlyMap<WorkloadKey, number> {
  const counts = new Map<WorkloadKey, number>();
  for (const pod of pods) {
    if (pod.isExample || pod.phase === 'finished') continue;
    const key = workloadKey(pod.workload);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function hoursText(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  return hours === 1 ? 'an hour' : `${String(hours)} hours`;
}
