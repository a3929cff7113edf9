import {
  assertNever,
  type LabelRequirement,
  type LabelSelector,
  type Namespace,
  type NamespaceSelection,
  type Pod,
  type PodSelection,
  selects,
  type Snapshot,
  type Subject,
  workloadKey,
} from '#model';

/**
 * Whether something is meant by a selector. `maybe` comes from one place only: the labels of a
 * namespace that is not in the input are not known, but for the one that holds its name.
 */
export type Certainty = 'yes' | 'maybe' | 'no';

export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** Whether a pod can be meant by selectors at all: a finished one has no address, a host-network one only its node's. */
export function isSelectable(pod: Pod): boolean {
  return !pod.hostNetwork && pod.phase !== 'finished';
}

/** Whether a policy applies to a pod. */
export function isSubject(subject: Subject, pod: Pod, snapshot: Snapshot): Certainty {
  if (!isSelectable(pod)) return 'no';
  switch (subject.kind) {
    case 'pods':
      return isSelected(subject, pod, snapshot);
    case 'workload':
      return workloadKey(subject.workload) === workloadKey(pod.workload) ? 'yes' : 'no';
    default:
      return assertNever(subject);
  }
}

/** Whether a pod is among those selected by the labels of its namespace and its own. */
export function isSelected(selection: PodSelection, pod: Pod, snapshot: Snapshot): Certainty {
  if (!isSelectable(pod) || !selects(selection.pods, pod.labels)) return 'no';
  return reaches(selection.namespaces, pod.namespace, snapshot);
}

/** Whether a selection reaches into the namespace of that name. */
export function reaches(selection: NamespaceSelection, name: string, snapshot: Snapshot): Certainty {
  switch (selection.kind) {
    case 'name':
      return selection.name === name ? 'yes' : 'no';
    case 'selector':
      return selectsNamespace(selection.selector, snapshot.namespaces.get(name) ?? undeclared(name));
    default:
      return assertNever(selection);
  }
}

function selectsNamespace(selector: LabelSelector, namespace: Namespace): Certainty {
  if (namespace.isDeclared) return selects(selector, namespace.labels) ? 'yes' : 'no';
  let certainty: Certainty = 'yes';
  for (const requirement of selector.requirements) {
    if (!isKnown(requirement)) certainty = 'maybe';
    else if (!selects({ requirements: [requirement] }, namespace.labels)) return 'no';
  }
  return certainty;
}

function isKnown(requirement: LabelRequirement): boolean {
  return requirement.key === NAMESPACE_NAME_LABEL;
}

function undeclared(name: string): Namespace {
  return { name, labels: { [NAMESPACE_NAME_LABEL]: name }, isDeclared: false };
}
