import { compareText, type Pod, podKey, type PodKey, type Snapshot, type Workload, type WorkloadKey, workloadKey } from '#model';

/** What was noted of one workload while it was watched. Times are milliseconds since 1970. */
export interface Watched {
  /** Since when it is known; the start of its oldest pod, where that is older. */
  readonly since: number;
  /** Its images, sorted, and since when it has these. */
  readonly images: readonly string[];
  readonly imagesSince: number;
  /** Where it has a schedule: the end of the last run that was watched from beginning to end. */
  readonly ranAt?: number;
  /** Pods of a run that is going on, sorted. */
  readonly running: readonly PodKey[];
  /** Pods that say nothing more, sorted: they may have run before they were watched, or their run was noted. */
  readonly noted: readonly PodKey[];
}

/**
 * Notes what a single snapshot can not tell: since when a workload has its images, and whether a
 * CronJob has run from beginning to end in front of our eyes.
 *
 * It remembers workloads that are in the snapshot and no others.
 */
export class WorkloadWatch {
  #watched: ReadonlyMap<WorkloadKey, Watched>;

  constructor(watched: Iterable<readonly [WorkloadKey, Watched]> = []) {
    this.#watched = new Map(watched);
  }

  get watched(): ReadonlyMap<WorkloadKey, Watched> {
    return this.#watched;
  }

  /** Takes note of a complete snapshot. Snapshots have to come in the order of time. */
  observe(snapshot: Snapshot, now: number): void {
    const pods = podsByWorkload(snapshot);
    const next = new Map<WorkloadKey, Watched>();
    for (const [key, workload] of snapshot.workloads) {
      const known = this.#watched.get(key);
      const own = pods.get(workloadKey(workload.ref)) ?? [];
      next.set(key, { ...ageOf(workload, known, own, now), ...runsOf(workload, known, own, now) });
    }
    this.#watched = next;
  }
}

function podsByWorkload(snapshot: Snapshot): ReadonlyMap<WorkloadKey, readonly Pod[]> {
  const pods = new Map<WorkloadKey, Pod[]>();
  for (const pod of snapshot.pods.values()) {
    if (pod.isExample) continue;
    const key = workloadKey(pod.workload);
    const known = pods.get(key);
    if (known === undefined) pods.set(key, [pod]);
    else known.push(pod);
  }
  return pods;
}

function ageOf(workload: Workload, known: Watched | undefined, pods: readonly Pod[], now: number): Pick<Watched, 'since' | 'images' | 'imagesSince'> {
  const images = [...new Set(workload.containers.map(({ image }) => image))].sort(compareText);
  if (known !== undefined) {
    const isSame = known.images.length === images.length && known.images.every((image, at) => image === images[at]);
    return { since: known.since, images, imagesSince: isSame ? known.imagesSince : now };
  }
  // a template says nothing of its age, but a pod that has been running for weeks has had its image for weeks
  const since = Math.min(now, ...pods.flatMap(({ startedAt }) => (startedAt === undefined ? [] : [startedAt])));
  return { since, images, imagesSince: since };
}

function runsOf(workload: Workload, known: Watched | undefined, pods: readonly Pod[], now: number): Pick<Watched, 'ranAt' | 'running' | 'noted'> {
  if (workload.schedule === undefined) return { running: [], noted: [] };
  const present = pods.map(podKey).sort(compareText);
  // whatever is there at first may have talked before anybody looked
  if (known === undefined) return { running: [], noted: present };
  const finished = new Set(pods.filter(({ phase }) => phase === 'finished').map(podKey));
  const fresh = present.filter((pod) => !known.noted.includes(pod));
  const running = fresh.filter((pod) => !finished.has(pod));
  // a short run may begin and end between two looks; one whose pods are deleted at once is never seen finished
  const hasEnded = fresh.some((pod) => finished.has(pod)) || known.running.some((pod) => !present.includes(pod));
  const ranAt = hasEnded ? now : known.ranAt;
  return { ...(ranAt === undefined ? {} : { ranAt }), running, noted: present.filter((pod) => !running.includes(pod)) };
}
