import { compareText, type Pod, type PodKey } from '#model';

interface Chunk {
  readonly keys: readonly PodKey[];
  readonly pods: readonly Pod[];
}

/** So many pods begin a chunk; twice as many and it is cut in two. */
const CHUNK = 64;

/**
 * Pods by key, in the order of their keys, never changed: a map with some pods different shares all
 * the rest with the one it was made from.
 *
 * ```
 *   chunks ─► [a … d] [e … k] [l … z]      one pod different: one chunk is made again,
 *   chunks ─► [a … d] [e'… k] [l … z]      whatever the number of pods
 * ```
 *
 * A cluster changes many times a second, and each time somebody keeps what it was before.
 */
export class PodMap implements ReadonlyMap<PodKey, Pod> {
  readonly size: number;
  readonly #chunks: readonly Chunk[];

  private constructor(chunks: readonly Chunk[], size: number) {
    this.#chunks = chunks;
    this.size = size;
  }

  /** Where one key comes twice the last counts. */
  static of(pods: Iterable<readonly [PodKey, Pod]>): PodMap {
    const sorted = [...new Map(pods)].sort(([a], [b]) => compareText(a, b));
    return new PodMap(chunksOf(sorted.map(([key]) => key), sorted.map(([, pod]) => pod)), sorted.length);
  }

  /** With these pods in place of what was there; undefined: it is gone. */
  with(changes: ReadonlyMap<PodKey, Pod | undefined>): PodMap {
    const sorted = [...changes].sort(([a], [b]) => compareText(a, b));
    const chunks: Chunk[] = [];
    let copied = 0;
    let size = this.size;
    for (let next = 0; next < sorted.length; ) {
      const at = this.#chunkFor(sorted[next]?.[0] ?? '');
      const end = this.#chunks[at + 1]?.keys[0];
      const from = next;
      for (next += 1; next < sorted.length && (end === undefined || (sorted[next]?.[0] ?? '') < end); ) next += 1;
      const before = this.#chunks[at] ?? { keys: [], pods: [] };
      const made = changed(before, sorted.slice(from, next));
      chunks.push(...this.#chunks.slice(copied, at), ...made);
      copied = at + 1;
      size += made.reduce((sum, { keys }) => sum + keys.length, 0) - before.keys.length;
    }
    return new PodMap([...chunks, ...this.#chunks.slice(copied)], size);
  }

  /** What is different in `after`, told by identity; a pod that is gone is undefined. Costs what differs, not what there is. */
  differences(after: PodMap): ReadonlyMap<PodKey, Pod | undefined> {
    const [was, is] = [new Set(this.#chunks), new Set(after.#chunks)];
    const left = new Map<PodKey, Pod | undefined>();
    for (const chunk of this.#chunks) if (!is.has(chunk)) for (const [at, key] of chunk.keys.entries()) left.set(key, chunk.pods[at]);
    const found = new Map<PodKey, Pod | undefined>();
    for (const chunk of after.#chunks) {
      if (was.has(chunk)) continue;
      for (const [at, key] of chunk.keys.entries()) {
        if (left.get(key) !== chunk.pods[at]) found.set(key, chunk.pods[at]);
        left.delete(key);
      }
    }
    for (const key of left.keys()) found.set(key, undefined);
    return found;
  }

  get(key: PodKey): Pod | undefined {
    const chunk = this.#chunks[this.#chunkFor(key)];
    if (chunk === undefined) return undefined;
    const at = placeOf(chunk.keys, key);
    return chunk.keys[at] === key ? chunk.pods[at] : undefined;
  }

  has(key: PodKey): boolean {
    return this.get(key) !== undefined;
  }

  forEach(each: (pod: Pod, key: PodKey, map: ReadonlyMap<PodKey, Pod>) => void): void {
    for (const [key, pod] of this) each(pod, key, this);
  }

  *entries(): Generator<[PodKey, Pod], undefined, unknown> {
    for (const { keys, pods } of this.#chunks) {
      for (const [at, key] of keys.entries()) {
        const pod = pods[at];
        if (pod !== undefined) yield [key, pod];
      }
    }
    return undefined;
  }

  *keys(): Generator<PodKey, undefined, unknown> {
    for (const { keys } of this.#chunks) yield* keys;
    return undefined;
  }

  *values(): Generator<Pod, undefined, unknown> {
    for (const { pods } of this.#chunks) yield* pods;
    return undefined;
  }

  [Symbol.iterator](): Generator<[PodKey, Pod], undefined, unknown> {
    return this.entries();
  }

  /** The last chunk that begins no later: where the key is, or would be. */
  #chunkFor(key: PodKey): number {
    let [low, high] = [0, this.#chunks.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#chunks[middle]?.keys[0] ?? '') <= key) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** What is different between two maps of pods, told by identity; a pod that is gone is undefined. */
export function changedPods(before: ReadonlyMap<PodKey, Pod>, after: ReadonlyMap<PodKey, Pod>): ReadonlyMap<PodKey, Pod | undefined> {
  if (before instanceof PodMap && after instanceof PodMap) return before.differences(after);
  const found = new Map<PodKey, Pod | undefined>();
  for (const [key, pod] of after) if (before.get(key) !== pod) found.set(key, pod);
  for (const key of before.keys()) if (!after.has(key)) found.set(key, undefined);
  return found;
}

/** The first place whose key is no smaller. */
function placeOf(keys: readonly PodKey[], key: PodKey): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

function changed({ keys, pods }: Chunk, changes: readonly (readonly [PodKey, Pod | undefined])[]): readonly Chunk[] {
  const [nextKeys, nextPods] = [[...keys], [...pods]];
  for (const [key, pod] of changes) {
    const at = placeOf(nextKeys, key);
    const gone = nextKeys[at] === key ? 1 : 0;
    if (pod === undefined) {
      nextKeys.splice(at, gone);
      nextPods.splice(at, gone);
    } else {
      nextKeys.splice(at, gone, key);
      nextPods.splice(at, gone, pod);
    }
  }
  return chunksOf(nextKeys, nextPods);
}

function chunksOf(keys: readonly PodKey[], pods: readonly Pod[]): readonly Chunk[] {
  if (keys.length === 0) return [];
  if (keys.length < 2 * CHUNK) return [{ keys, pods }];
  const chunks: Chunk[] = [];
  for (let at = 0; at < keys.length; at += CHUNK) chunks.push({ keys: keys.slice(at, at + CHUNK), pods: pods.slice(at, at + CHUNK) });
  return chunks;
}
