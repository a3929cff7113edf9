import {
  compareText,
  type Diagnostic,
  formatSelector,
  type LabelSelector,
  type NamespacedPolicy,
  type Revision,
  type Rule,
  selects,
  type Snapshot,
  type Workload,
  type WorkloadKey,
  workloadKey,
} from '#model';

import type { SelectorChoice } from './selector-choice.ts';
import { isDnsLabel } from './stable-label.ts';

/** One object to be: what it selects, and the rules of every policy it stands for. An absent direction stays open. */
export interface PolicyDraft {
  readonly namespace: string;
  readonly nameWords: readonly string[];
  readonly selector: LabelSelector;
  readonly workloads: readonly Workload[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
  /** Why each direction is closed. */
  readonly why: readonly string[];
  readonly notes: readonly string[];
}

/** Sorts a revision's policies into objects, one for all workloads that NetworkPolicy can not tell apart. */
export function draftPolicies(
  revision: Revision,
  snapshot: Snapshot,
  choices: ReadonlyMap<WorkloadKey, SelectorChoice>,
  report: (diagnostic: Diagnostic) => void,
): readonly PolicyDraft[] {
  const byWorkload = new Map<WorkloadKey, NamespacedPolicy[]>();
  const drafts: PolicyDraft[] = [];
  for (const policy of revision.policies) {
    if (policy.kind === 'admin') {
      report(cannot('admin-tier-not-sayable', policy.name, 'is of the admin tiers, which a NetworkPolicy can not say', 'keep the object itself, or use --target nftables', policy.origin));
    } else if (policy.subject.kind === 'pods') {
      drafts.push(...podsDrafts(policy, policy.subject, snapshot));
    } else {
      const key = workloadKey(policy.subject.workload);
      byWorkload.set(key, [...(byWorkload.get(key) ?? []), policy]);
    }
  }
  const groups = new Set<SelectorChoice>();
  for (const key of [...byWorkload.keys()].sort(compareText)) {
    const choice = choices.get(key);
    const problem = subjectProblem(key, snapshot, choice);
    if (problem !== undefined) report(problem);
    else if (choice !== undefined) groups.add(choice);
  }
  for (const choice of groups) {
    const draft = groupDraft(choice, byWorkload, report);
    if (draft !== undefined) drafts.push(draft);
  }
  return drafts;
}

function podsDrafts(policy: NamespacedPolicy, subject: Extract<NamespacedPolicy['subject'], { kind: 'pods' }>, snapshot: Snapshot): readonly PolicyDraft[] {
  const { namespaces } = subject;
  const names = namespaces.kind === 'name' ? [namespaces.name] : [...snapshot.namespaces.values()].filter(({ labels }) => selects(namespaces.selector, labels)).map(({ name }) => name);
  return names.filter(isDnsLabel).map((namespace) => ({
    namespace,
    nameWords: ['policy', policy.name, ...(namespaces.kind === 'name' ? [] : [namespace])],
    selector: subject.pods,
    workloads: [],
    ...(policy.ingress === undefined ? {} : { ingress: policy.ingress }),
    ...(policy.egress === undefined ? {} : { egress: policy.egress }),
    why: [],
    notes: [`stands for ${policy.name}`],
  }));
}

/** Why a workload can not be the subject of a NetworkPolicy; it is then left open and said so. */
function subjectProblem(key: WorkloadKey, snapshot: Snapshot, choice: SelectorChoice | undefined): Diagnostic | undefined {
  const workload = snapshot.workloads.get(key);
  if (workload === undefined) return cannot('subject-unknown', key, 'has rules but is not in the input', 'add its manifest');
  const { origin, platform, hostNetwork, ref } = workload;
  if (platform !== 'kubernetes') return cannot('subject-outside-kubernetes', key, 'is no Kubernetes workload, so no NetworkPolicy can select it', 'use --target nftables', origin);
  if (hostNetwork) return cannot('subject-on-host-network', key, 'shares the network of its node, so no NetworkPolicy selects it; left open', 'use a policy for hosts, or take it off the host network', origin);
  if (!isDnsLabel(ref.namespace)) return cannot('namespace-not-usable', key, 'is in a namespace whose name the API server would refuse; left open', 'rename the namespace', origin);
  if (choice !== undefined) return undefined;
  return cannot('no-lasting-label', key, 'carries no label that survives a rollout, so nothing can select it; left open', 'give its pod template a label such as app.kubernetes.io/name', origin);
}

function groupDraft(choice: SelectorChoice, byWorkload: ReadonlyMap<WorkloadKey, readonly NamespacedPolicy[]>, report: (diagnostic: Diagnostic) => void): PolicyDraft | undefined {
  const [first] = choice.workloads;
  if (first === undefined) return undefined;
  const keys = choice.workloads.map((workload) => workloadKey(workload.ref));
  const notes: string[] = [];
  const direction = (which: 'ingress' | 'egress'): readonly Rule[] | undefined => {
    const open = keys.filter((key) => (byWorkload.get(key) ?? []).every((policy) => policy[which] === undefined));
    if (open.length === 0) return keys.flatMap((key) => (byWorkload.get(key) ?? []).flatMap((policy) => policy[which] ?? []));
    if (open.length < keys.length) {
      notes.push(`${which} is left open: ${open.join(', ')} ${open.length === 1 ? 'is' : 'are'} not to be closed and ${open.length === 1 ? 'carries' : 'carry'} the same labels`);
      report(
        cannot(
          'left-open-for-another',
          keys.filter((key) => !open.includes(key)).join(', '),
          `${which} is left open: a policy would also close ${open.join(', ')}, which carries the same labels`,
          `give their pod templates a label that tells them apart; both are ${formatSelector(choice.selector)}`,
          first.origin,
        ),
      );
    }
    return undefined;
  };
  const ingress = direction('ingress');
  const egress = direction('egress');
  if (ingress === undefined && egress === undefined) return undefined;
  if (keys.length > 1) {
    notes.push(`selects ${keys.join(', ')}, which carry the same labels, so each may do what any of them may`);
    report(
      cannot(
        'selects-several-workloads',
        keys.join(', '),
        'carry the same lasting labels, so one policy with the rules of all of them selects them all',
        `give their pod templates a label that tells them apart; all are ${formatSelector(choice.selector)}`,
        first.origin,
      ),
    );
  }
  return {
    namespace: choice.namespace,
    nameWords: [first.ref.kind, first.ref.name],
    selector: choice.selector,
    workloads: choice.workloads,
    ...(ingress === undefined ? {} : { ingress }),
    ...(egress === undefined ? {} : { egress }),
    why: keys.flatMap((key) => (byWorkload.get(key) ?? []).flatMap((policy) => closedBecause(policy, key, keys.length, { ingress, egress }))),
    notes,
  };
}

function closedBecause({ why }: NamespacedPolicy, key: WorkloadKey, count: number, closed: { readonly ingress: unknown; readonly egress: unknown }): readonly string[] {
  const whose = count === 1 ? '' : ` for ${key}`;
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const sentence = closed[direction] === undefined ? undefined : why?.[direction];
    return sentence === undefined ? [] : [`${direction} is closed${whose}: ${sentence}`];
  });
}

function cannot(code: string, subject: string, message: string, hint: string, origin?: Diagnostic['origin']): Diagnostic {
  return { code, severity: 'warning', subject, message, hint, ...(origin === undefined ? {} : { origin }) };
}
