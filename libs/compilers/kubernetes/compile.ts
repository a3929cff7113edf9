import { compareDiagnostics, compareText, type Diagnostic, type Direction, type Revision, type Rule, type Snapshot, type WorkloadKey, workloadKey } from '#model';
import { createGrounder } from '#policy';

import { explain } from './annotations.ts';
import { groupBy } from './group-by.ts';
import { lowerRule, type LoweringContext, wireSelector } from './lowering.ts';
import type { NetworkPolicyObject, NetworkPolicySpec } from './network-policy.ts';
import { objectName } from './object-name.ts';
import { draftPolicies, type PolicyDraft } from './policy-draft.ts';
import { portNamer } from './port-name.ts';
import { type MergedRule, mergeRules } from './rule-merging.ts';
import { chooseSelectors } from './selector-choice.ts';

/** NetworkPolicies, sorted by namespace and name, and everything the revision says that they can not. */
export interface NetworkPolicyCompilation {
  readonly objects: readonly NetworkPolicyObject[];
  /** Which object holds the rules of which workload, for objects that are about named workloads. */
  readonly covers: readonly { readonly workload: WorkloadKey; readonly namespace: string; readonly name: string }[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles a revision to networking.k8s.io/v1 NetworkPolicies, only for the workloads it covers.
 *
 * Selectors rest on labels that survive a rollout and find exactly the workload's pods. Where two
 * workloads can not be told apart they share one object with the rules of both, and a direction
 * that either leaves open stays open. Ports are the pods' own, by name on the ingress side where
 * every pod gives it the same name. What can not be said (ICMP, hosts, Compose services, the admin
 * tiers) is a diagnostic, and nothing is opened for it.
 *
 * Same inputs, same objects, in the same order.
 */
export function compileNetworkPolicies(revision: Revision, snapshot: Snapshot): NetworkPolicyCompilation {
  const diagnostics = new Map<string, Diagnostic>();
  const report = (diagnostic: Diagnostic): void => {
    diagnostics.set(JSON.stringify([diagnostic.code, diagnostic.subject, diagnostic.message]), diagnostic);
  };
  const choices = chooseSelectors(snapshot);
  const grounder = createGrounder(snapshot);
  const podsOf = groupBy([...snapshot.pods.values()], (pod) => workloadKey(pod.workload));
  const covers: NetworkPolicyCompilation['covers'][number][] = [];
  const objects = draftPolicies(revision, snapshot, choices, report).map((draft) => {
    const nameOfPort = portNamer(draft.workloads, podsOf);
    const context = (direction: Direction): LoweringContext => ({
      snapshot,
      choices,
      grounder,
      namespace: draft.namespace,
      nameOfPort: direction === 'ingress' && draft.workloads.length > 0 ? nameOfPort : () => undefined,
      report: (code, rule, message, hint) => {
        report(ruleDiagnostic(draft, direction, rule, code, message, hint));
      },
    });
    const object = objectOf(draft, revision, context);
    const { namespace, name } = object.metadata;
    for (const { ref } of draft.workloads) covers.push({ workload: workloadKey(ref), namespace, name });
    return object;
  });
  return {
    objects: objects.sort((a, b) => compareText(a.metadata.namespace, b.metadata.namespace) || compareText(a.metadata.name, b.metadata.name)),
    covers: covers.sort((a, b) => compareText(a.workload, b.workload) || compareText(a.name, b.name)),
    diagnostics: [...diagnostics.values()].sort(compareDiagnostics),
  };
}

function objectOf(draft: PolicyDraft, revision: Revision, context: (direction: Direction) => LoweringContext): NetworkPolicyObject {
  const ingress = draft.ingress && lowerAll(draft.ingress, context('ingress'));
  const egress = draft.egress && lowerAll(draft.egress, context('egress'));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: {
      name: objectName(draft.nameWords),
      namespace: draft.namespace,
      labels: { 'app.kubernetes.io/managed-by': 'ringfence' },
      annotations: explain({
        revision,
        workloads: draft.workloads.map((workload) => workloadKey(workload.ref)),
        rules: [...(ingress === undefined ? [] : [{ direction: 'ingress' as const, merged: ingress }]), ...(egress === undefined ? [] : [{ direction: 'egress' as const, merged: egress }])],
        why: draft.why,
        notes: draft.notes,
      }),
    },
    spec: specOf(draft, ingress, egress),
  };
}

function lowerAll(rules: readonly Rule[], context: LoweringContext): readonly MergedRule[] {
  return mergeRules(rules.map((rule) => lowerRule(rule, context)).filter((rule) => rule !== undefined));
}

function specOf({ selector }: PolicyDraft, ingress: readonly MergedRule[] | undefined, egress: readonly MergedRule[] | undefined): NetworkPolicySpec {
  return {
    podSelector: wireSelector(selector),
    policyTypes: [...(ingress === undefined ? [] : ['Ingress' as const]), ...(egress === undefined ? [] : ['Egress' as const])],
    ...(ingress === undefined ? {} : { ingress: ingress.map(({ peers, ports }) => ({ ...(peers === 'any' ? {} : { from: peers }), ...(ports === 'any' ? {} : { ports }) })) }),
    ...(egress === undefined ? {} : { egress: egress.map(({ peers, ports }) => ({ ...(peers === 'any' ? {} : { to: peers }), ...(ports === 'any' ? {} : { ports }) })) }),
  };
}

function ruleDiagnostic({ namespace, nameWords, workloads }: PolicyDraft, direction: Direction, rule: Rule, code: string, message: string, hint: string): Diagnostic {
  const [first] = workloads;
  const subject = first === undefined ? `${namespace}: ${nameWords.join(' ')}` : workloadKey(first.ref);
  return { code, severity: 'warning', subject, message: `${direction} rule ${rule.id} ${message}`, hint, ...(first === undefined ? {} : { origin: first.origin }) };
}
