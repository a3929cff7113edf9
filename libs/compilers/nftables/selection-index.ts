import { assertNever, type LabelSelector, type Namespace, type Pod, type PodSelection, selects, type WorkloadKey, workloadKey } from '#model';

/**
 * How much has to be known of a namespace for its pods to be taken: that its labels match (the
 * default), that they may match, or that they may and nobody knows.
 */
export type Certainty = 'sure' | 'possible' | 'unsure';

/** Which pods something is about. */
export type Selection = ({ readonly kind: 'pods'; readonly certainty?: Certainty } & PodSelection) | { readonly kind: 'workload'; readonly key: WorkloadKey } | { readonly kind: 'all' };

const NAME_LABEL = 'kubernetes.io/metadata.name';

interface Bucket<T> {
  readonly byLabel: Map<string, Set<T>>;
  readonly rest: Set<T>;
}

interface NamespaceScope {
  readonly key: string;
  readonly selector: LabelSelector;
  readonly certainty: Certainty;
  users: number;
}

type PodsSelected = Extract<Selection, { kind: 'pods' }>;

/** Whether a selection depends on more of a namespace than its name, which alone is always known. */
export function hangsOnLabels(selection: Selection): boolean {
  return selection.kind === 'pods' && selection.namespaces.kind === 'selector' && selection.namespaces.selector.requirements.some(({ key }) => key !== NAME_LABEL);
}

/**
 * Finds everything that selects a given pod without asking everything there is.
 *
 *   namespace ─► scopes ("=shop", each selector that reaches shop) ─► label of the pod ─► candidates
 *
 * A namespace whose labels are not known is reached only by its name.
 */
export class SelectionIndex<T extends { readonly selection: Selection }> {
  readonly #buckets = new Map<string, Bucket<T>>();
  readonly #workloads = new Map<WorkloadKey, Set<T>>();
  readonly #all = new Set<T>();
  readonly #scopes = new Map<string, NamespaceScope>();
  readonly #reaching = new Map<string, readonly string[]>();
  readonly #namespaces: ReadonlyMap<string, Namespace>;

  /** Reads `namespaces` as it is at the time of each call; say {@link namespaceChanged} when one changes. */
  constructor(namespaces: ReadonlyMap<string, Namespace>) {
    this.#namespaces = namespaces;
  }

  add(item: T): void {
    const { selection } = item;
    if (selection.kind === 'all') this.#all.add(item);
    else if (selection.kind === 'workload') addTo(this.#workloads, selection.key, item);
    else this.#place(selection, item);
  }

  delete(item: T): void {
    const { selection } = item;
    if (selection.kind === 'all') {
      this.#all.delete(item);
    } else if (selection.kind === 'workload') {
      deleteFrom(this.#workloads, selection.key, item);
    } else {
      const scope = this.#scopeKey(selection, -1);
      const bucket = this.#bucket(scope);
      bucket.rest.delete(item);
      for (const key of labelKeysOf(selection)) deleteFrom(bucket.byLabel, key, item);
      if (bucket.rest.size === 0 && bucket.byLabel.size === 0) this.#buckets.delete(scope);
    }
  }

  namespaceChanged(name: string): void {
    this.#reaching.delete(name);
  }

  /** Everything that selects the pod, in no particular order. */
  selecting(pod: Pod): readonly T[] {
    const found = [...this.#all, ...(this.#workloads.get(workloadKey(pod.workload)) ?? [])];
    for (const scope of this.#scopesOf(pod.namespace)) {
      const bucket = this.#buckets.get(scope);
      if (bucket === undefined) continue;
      for (const item of bucket.rest) if (selectsPod(item.selection, pod)) found.push(item);
      if (bucket.byLabel.size === 0) continue;
      for (const key of Object.keys(pod.labels)) {
        for (const item of bucket.byLabel.get(labelKey(key, pod.labels[key] ?? '')) ?? []) {
          if (selectsPod(item.selection, pod)) found.push(item);
        }
      }
    }
    return found;
  }

  /** Whether a selection can take pods of a namespace. */
  reaches(selection: Selection, namespace: string): boolean {
    switch (selection.kind) {
      case 'all':
        return true;
      case 'workload':
        return selection.key.startsWith(`${namespace}/`);
      case 'pods':
        return selection.namespaces.kind === 'name' ? selection.namespaces.name === namespace : this.#reachesByLabels(selection.namespaces.selector, selection.certainty ?? 'sure', namespace);
      default:
        return assertNever(selection);
    }
  }

  #place(selection: PodsSelected, item: T): void {
    const bucket = this.#bucket(this.#scopeKey(selection, 1));
    const keys = labelKeysOf(selection);
    if (keys.length === 0) bucket.rest.add(item);
    for (const key of keys) addTo(bucket.byLabel, key, item);
  }

  #bucket(key: string): Bucket<T> {
    const known = this.#buckets.get(key);
    if (known !== undefined) return known;
    const bucket: Bucket<T> = { byLabel: new Map(), rest: new Set() };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #scopeKey({ namespaces, certainty = 'sure' }: PodsSelected, change: 1 | -1): string {
    if (namespaces.kind === 'name') return `=${namespaces.name}`;
    const key = `~${certainty} ${JSON.stringify(namespaces.selector.requirements)}`;
    const scope = this.#scopes.get(key) ?? { key, selector: namespaces.selector, certainty, users: 0 };
    scope.users += change;
    if (scope.users === 0) this.#scopes.delete(key);
    else this.#scopes.set(key, scope);
    if (scope.users === 0 || (scope.users === 1 && change === 1)) this.#reaching.clear();
    return key;
  }

  #scopesOf(namespace: string): readonly string[] {
    const known = this.#reaching.get(namespace);
    if (known !== undefined) return known;
    const reaching = [...this.#scopes.values()].filter(({ selector, certainty }) => this.#reachesByLabels(selector, certainty, namespace));
    const keys = [`=${namespace}`, ...reaching.map(({ key }) => key)];
    this.#reaching.set(namespace, keys);
    return keys;
  }

  #reachesByLabels(selector: LabelSelector, certainty: Certainty, name: string): boolean {
    const namespace = this.#namespaces.get(name);
    if (namespace?.isDeclared === true) return certainty !== 'unsure' && selects(selector, namespace.labels);
    // of a namespace that is not in the input only the name is known
    const known = selector.requirements.filter(({ key }) => key === NAME_LABEL);
    if (!selects({ requirements: known }, { [NAME_LABEL]: name })) return false;
    return certainty === 'possible' || (known.length === selector.requirements.length) === (certainty === 'sure');
  }
}

/** Whether a selection takes a pod of a namespace it reaches. */
export function selectsPod(selection: Selection, pod: Pod): boolean {
  switch (selection.kind) {
    case 'all':
      return true;
    case 'workload':
      return selection.key === workloadKey(pod.workload);
    case 'pods':
      return selects(selection.pods, pod.labels);
    default:
      return assertNever(selection);
  }
}

function labelKey(key: string, value: string): string {
  return `${String(key.length)}:${key}${value}`;
}

// The values of the first `In`: one look-up per label of a pod finds what asks for it, and a pod has one value per key, so never twice.
function labelKeysOf({ pods }: PodSelection): readonly string[] {
  const requirement = pods.requirements.find(({ operator, values }) => operator === 'In' && values.length > 0);
  return requirement?.values.map((value) => labelKey(requirement.key, value)) ?? [];
}

function addTo<T>(sets: Map<string, Set<T>>, key: string, item: T): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([item]));
  else set.add(item);
}

function deleteFrom<T>(sets: Map<string, Set<T>>, key: string, item: T): void {
  const set = sets.get(key);
  set?.delete(item);
  if (set?.size === 0) sets.delete(key);
}
