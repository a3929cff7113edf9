import type { EvidenceRow } from '#graph';
import { type Watched, WorkloadWatch } from '#learning';
import { isJsonObject, type Json, type Snapshot, type WorkloadKey } from '#model';

const ROW = 'watched ';
/** Pods come and go all the time; runs of minutes are what has to be seen. */
const OBSERVE_EVERY_MS = 2_000;

/** What was noted of each workload while it was watched, with rows for the store. */
export class WatchLog {
  #watch = new WorkloadWatch();
  readonly #restored = new Map<WorkloadKey, Watched>();
  /** As it was told last. */
  readonly #told = new Map<WorkloadKey, string>();
  #observed: Snapshot | undefined;
  #observedAt = Number.NEGATIVE_INFINITY;

  get watched(): ReadonlyMap<WorkloadKey, Watched> {
    return this.#watch.watched;
  }

  observe(snapshot: Snapshot, now: number): void {
    if (snapshot === this.#observed || now - this.#observedAt < OBSERVE_EVERY_MS) return;
    this.#observed = snapshot;
    this.#observedAt = now;
    this.#watch.observe(snapshot, now);
  }

  owns({ key }: EvidenceRow): boolean {
    return key.startsWith(ROW);
  }

  restore({ key, value }: EvidenceRow): boolean {
    const watched = readWatched(value);
    if (watched === undefined) return false;
    const workload = key.slice(ROW.length);
    this.#restored.set(workload, watched);
    this.#told.set(workload, JSON.stringify(watched));
    this.#watch = new WorkloadWatch(this.#restored);
    return true;
  }

  changes(everything: boolean): readonly EvidenceRow[] {
    const rows: EvidenceRow[] = [];
    for (const [key, watched] of this.watched) {
      const text = JSON.stringify(watched);
      if (this.#told.get(key) === text && !everything) continue;
      this.#told.set(key, text);
      rows.push({ key: ROW + key, value: watchedJson(watched) });
    }
    for (const key of this.#told.keys()) {
      if (this.watched.has(key)) continue;
      this.#told.delete(key);
      rows.push({ key: ROW + key, value: undefined });
    }
    return rows;
  }
}

function watchedJson({ since, images, imagesSince, ranAt, running, noted }: Watched): Json {
  return { since, images: [...images], imagesSince, ...(ranAt === undefined ? {} : { ranAt }), running: [...running], noted: [...noted] };
}

function readWatched(value: Json | undefined): Watched | undefined {
  if (!isJsonObject(value)) return undefined;
  const { since, imagesSince, ranAt } = value;
  if (typeof since !== 'number' || typeof imagesSince !== 'number') return undefined;
  return { since, images: texts(value['images']), imagesSince, ...(typeof ranAt === 'number' ? { ranAt } : {}), running: texts(value['running']), noted: texts(value['noted']) };
}

function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}
