import { type Labels, type Service, type Snapshot, type Workload, type WorkloadRef, compareText, labelOf, workloadKey } from '#model';

/** Finds workloads by what selects them, without looking at each for every Service. */
export class WorkloadIndex {
  readonly #snapshot: Snapshot;
  readonly #byLabel = new Map<string, Workload[]>();
  readonly #bySlice = new Map<string, Snapshot['endpointSlices'][number][]>();
  readonly #byPod = new Map<string, Workload>();
  readonly #behind = new Map<Service, readonly Workload[]>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    for (const workload of snapshot.workloads.values()) {
      for (const [key, value] of Object.entries(workload.podLabels)) push(this.#byLabel, labelKey(workload.ref.namespace, key, value), workload);
    }
    for (const slice of snapshot.endpointSlices) push(this.#bySlice, `${slice.namespace}/${slice.service}`, slice);
    for (const pod of snapshot.pods.values()) {
      const workload = this.find(pod.workload);
      if (workload !== undefined) this.#byPod.set(`${pod.namespace}/${pod.name}`, workload);
    }
  }

  find(ref: WorkloadRef): Workload | undefined {
    return this.#snapshot.workloads.get(workloadKey(ref));
  }

  /** The workloads a Service leads to: by selector, as Compose says, or by its EndpointSlices. Never all for want of a selector. */
  behind(service: Service): readonly Workload[] {
    const known = this.#behind.get(service);
    if (known !== undefined) return known;
    const found = this.#find(service);
    const sorted = [...new Set(found)].sort((a, b) => compareText(workloadKey(a.ref), workloadKey(b.ref)));
    this.#behind.set(service, sorted);
    return sorted;
  }

  #find(service: Service): readonly Workload[] {
    if (service.workloads !== undefined) return service.workloads.flatMap((ref) => this.find(ref) ?? []);
    if (service.selector !== undefined) return this.#selected(service.namespace, service.selector);
    return this.slicesOf(service).flatMap(({ endpoints }) => endpoints.flatMap(({ pod }) => (pod === undefined ? [] : (this.#byPod.get(`${service.namespace}/${pod}`) ?? []))));
  }

  slicesOf(service: Service): readonly Snapshot['endpointSlices'][number][] {
    return this.#bySlice.get(`${service.namespace}/${service.name}`) ?? [];
  }

  podWorkload(namespace: string, pod: string): Workload | undefined {
    return this.#byPod.get(`${namespace}/${pod}`);
  }

  #selected(namespace: string, selector: Labels): readonly Workload[] {
    const wanted = Object.entries(selector);
    const lists = wanted.map(([key, value]) => this.#byLabel.get(labelKey(namespace, key, value)) ?? []);
    const shortest = lists.reduce<readonly Workload[] | undefined>((best, list) => (best === undefined || list.length < best.length ? list : best), undefined);
    return (shortest ?? []).filter((workload) => wanted.every(([key, value]) => labelOf(workload.podLabels, key) === value));
  }
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace}\n${key}\n${value}`;
}

function push<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
