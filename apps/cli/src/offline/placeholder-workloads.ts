import { compareText, type Labels, type LabelSelector, type NamespacedPolicy, type Namespace, type Policy, type PodSelection, type Snapshot, type Workload, workloadKey } from '#model';

/**
 * Stands in for workloads where two policy sets are compared without any: one for every set of pods
 * some policy tells apart, named by its labels, and one without labels in every namespace.
 */
export function withPlaceholders(snapshot: Snapshot, policies: readonly Policy[]): Snapshot {
  const workloads = new Map<string, Workload>();
  const namespaces = new Map(snapshot.namespaces);
  for (const { namespace, labels } of selectionsOf(policies)) {
    const workload = placeholder(namespace.name, labels);
    workloads.set(workloadKey(workload.ref), workload);
    if (!namespaces.has(namespace.name)) namespaces.set(namespace.name, namespace);
  }
  for (const name of namespaces.keys()) {
    const workload = placeholder(name, {});
    workloads.set(workloadKey(workload.ref), workload);
  }
  const sorted = <T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> => new Map([...map].sort(([a], [b]) => compareText(a, b)));
  return { ...snapshot, namespaces: sorted(namespaces), workloads: sorted(workloads) };
}

interface Selected {
  readonly namespace: Namespace;
  readonly labels: Labels;
}

function selectionsOf(policies: readonly Policy[]): readonly Selected[] {
  const own = [...new Set(policies.flatMap((policy) => (policy.kind === 'namespaced' ? homeOf(policy) : [])))];
  return policies.flatMap((policy) => podSelections(policy).flatMap((selection) => selectedBy(selection, own)));
}

function podSelections({ subject, ingress = [], egress = [] }: Policy): readonly PodSelection[] {
  const peers = [...ingress, ...egress].flatMap((rule) => (rule.peers === 'any' ? [] : rule.peers));
  return [subject, ...peers].flatMap((one) => (one.kind === 'pods' ? [one] : []));
}

function homeOf({ subject }: NamespacedPolicy): readonly string[] {
  return subject.kind === 'pods' && subject.namespaces.kind === 'name' ? [subject.namespaces.name] : [];
}

const NAME_LABEL = 'kubernetes.io/metadata.name';

function selectedBy({ namespaces, pods }: PodSelection, own: readonly string[]): readonly Selected[] {
  const labels = exampleLabels(pods);
  if (namespaces.kind === 'name') return [{ namespace: namespaceCalled(namespaces.name, {}), labels }];
  if (namespaces.selector.requirements.length === 0) return own.map((name) => ({ namespace: namespaceCalled(name, {}), labels }));
  const wanted = exampleLabels(namespaces.selector);
  const name = wanted[NAME_LABEL] ?? `namespace-with-${labelText(wanted)}`;
  return [{ namespace: namespaceCalled(name, wanted), labels }];
}

function namespaceCalled(name: string, labels: Labels): Namespace {
  return { name, labels: { ...labels, [NAME_LABEL]: name }, annotations: {}, isDeclared: true };
}

/** Labels that meet a selector as far as labels can: `Exists` takes any value, absent keys stay absent. */
function exampleLabels(selector: LabelSelector): Labels {
  const pairs = selector.requirements.flatMap(({ key, operator, values }): readonly (readonly [string, string])[] => {
    if (operator === 'In') return [[key, values[0] ?? '']];
    return operator === 'Exists' ? [[key, 'any']] : [];
  });
  return Object.fromEntries(pairs);
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => compareText(a, b));
  return pairs.length === 0 ? 'no-labels' : pairs.map(([key, value]) => `${key}=${value}`.replaceAll('/', ':')).join(',');
}

function placeholder(namespace: string, labels: Labels): Workload {
  return {
    ref: { namespace, kind: 'Pods', name: labelText(labels) },
    platform: 'kubernetes',
    replicas: 1,
    podLabels: labels,
    podAnnotations: {},
    labels: {},
    annotations: {},
    serviceAccount: 'default',
    tokenMounted: false,
    hostNetwork: false,
    containers: [],
    origin: { file: 'placeholder', line: 1 },
  };
}
