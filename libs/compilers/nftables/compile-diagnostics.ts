import { compareDiagnostics, type Diagnostic, type PodKey, type Revision } from '#model';

import type { PodState } from './pod-state.ts';

/** What a ruleset cannot say of a revision, and what about the pods kept it from being said. */
export function diagnose({ policies }: Revision, states: ReadonlyMap<PodKey, PodState>): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const policy of policies) {
    const rules = [...(policy.ingress ?? []), ...(policy.egress ?? [])].filter(({ application }) => application !== undefined);
    if (rules.length === 0) continue;
    found.push({
      code: 'application-not-enforced',
      severity: 'info',
      subject: policy.name,
      message: `${String(rules.length)} rules name an application protocol, and a ruleset looks at addresses and ports only`,
      hint: 'the rules carry the protocol as a comment; nothing needs to be done',
      origin: policy.origin,
    });
  }
  for (const { key, pod, contested } of states.values()) {
    if (contested.length > 0) {
      found.push({
        code: 'address-contested',
        severity: 'error',
        subject: `Pod ${key}`,
        message: `${contested.map(({ text }) => text).join(', ')} is claimed by another pod too`,
        hint: 'traffic of that address is closed on its node until only one pod has it',
        origin: pod.origin,
      });
    }
    if (pod.node === undefined) {
      found.push({
        code: 'pod-not-placed',
        severity: 'warning',
        subject: `Pod ${key}`,
        message: 'is on no node, so no ruleset protects it',
        hint: 'its rules are loaded once it names its node',
        origin: pod.origin,
      });
    }
  }
  return found.sort(compareDiagnostics);
}
