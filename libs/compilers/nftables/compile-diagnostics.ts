import { compareDiagnostics, compareText, type Diagnostic, type Namespace, parseAddress, type Peer, type PodKey, type Policy, type Revision, type Rule, type Subject } from '#model';

import { patternOf } from './application-pattern.ts';
import type { PodState } from './pod-state.ts';

/** What a ruleset cannot say of a revision, and what about the cluster kept it from being said. */
export function diagnose({ policies }: Revision, states: ReadonlyMap<PodKey, PodState>, namespaces: ReadonlyMap<string, Namespace>): readonly Diagnostic[] {
  const undeclared = new Set<string>();
  for (const { pod } of states.values()) if (namespaces.get(pod.namespace)?.isDeclared !== true) undeclared.add(pod.namespace);
  const ofPolicies = policies.flatMap((policy) => [...applicationFinding(policy), ...hostFinding(policy), ...namespaceFinding(policy, undeclared)]);
  return [...ofPolicies, ...[...states.values()].flatMap(podFindings)].sort(compareDiagnostics);
}

function applicationFinding(policy: Policy): readonly Diagnostic[] {
  const wanted = rulesOf(policy).filter(({ enforceApplication }) => enforceApplication === true);
  const untold = wanted.filter(({ application }) => application === undefined || patternOf(application) === undefined);
  const named = rulesOf(policy).filter(({ application, enforceApplication }) => application !== undefined && enforceApplication !== true).length;
  return [...(untold.length === 0 ? [] : [untoldFinding(policy, untold)]), ...(named === 0 ? [] : [commentFinding(policy, named)])];
}

function untoldFinding(policy: Policy, untold: readonly Rule[]): Diagnostic {
  const names = [...new Set(untold.map(({ application }) => application ?? 'no application'))].sort(compareText);
  return {
    code: 'application-not-told',
    severity: 'warning',
    subject: policy.name,
    message: `asks to enforce ${names.join(', ')}, which the first payload does not tell, so addresses and ports alone decide`,
    hint: 'leave enforceApplication out, or name the protocol on the wire',
    origin: policy.origin,
  };
}

function commentFinding(policy: Policy, named: number): Diagnostic {
  return {
    code: 'application-not-enforced',
    severity: 'info',
    subject: policy.name,
    message: `${String(named)} rules name an application protocol, and a ruleset looks at addresses and ports only`,
    hint: 'the rules carry the protocol as a comment; nothing needs to be done',
    origin: policy.origin,
  };
}

function hostFinding(policy: Policy): readonly Diagnostic[] {
  const names = peersOf(policy).flatMap((peer) => (peer.kind === 'host' && peer.isExact === true && parseAddress(peer.host) === undefined ? [peer.host] : []));
  if (names.length === 0) return [];
  return [
    {
      code: 'host-not-resolved',
      severity: 'warning',
      subject: policy.name,
      message: `means the addresses of ${[...new Set(names)].sort().join(', ')}, which only a resolver knows, so these peers match nothing`,
      hint: 'name the addresses as blocks',
      origin: policy.origin,
    },
  ];
}

function namespaceFinding(policy: Policy, undeclared: ReadonlySet<string>): readonly Diagnostic[] {
  if (undeclared.size === 0 || ![policy.subject, ...peersOf(policy)].some(asksForLabels)) return [];
  return [
    ...passFinding(policy, undeclared),
    {
      code: 'namespace-labels-unknown',
      severity: 'warning',
      subject: policy.name,
      message: `selects namespaces by labels, and those of ${[...undeclared].sort().join(', ')} are not in the input: it denies what it may deny there, and allows nothing`,
      hint: 'add the Namespace objects to the input',
      origin: policy.origin,
    },
  ];
}

/** A packet is judged one way: it is either handed on or not, and a ruleset cannot do both and take the stricter. */
function passFinding(policy: Policy, undeclared: ReadonlySet<string>): readonly Diagnostic[] {
  if (policy.kind !== 'admin') return [];
  const handsOn = [...policy.ingress, ...policy.egress].some(({ action, peers }) => action === 'pass' && (asksForLabels(policy.subject) || (peers !== 'any' && peers.some(asksForLabels))));
  if (!handsOn) return [];
  return [
    {
      code: 'pass-undecided',
      severity: 'warning',
      subject: policy.name,
      message: `hands over to the next tier by labels of namespaces, and those of ${[...undeclared].sort().join(', ')} are not in the input: there nothing is handed over, and the admin rules behind it decide`,
      hint: 'add the Namespace objects to the input; until then what is previewed as unknown may be let through',
      origin: policy.origin,
    },
  ];
}

function asksForLabels(selection: Subject | Peer): boolean {
  if (selection.kind !== 'pods' || selection.namespaces.kind === 'name') return false;
  return selection.namespaces.selector.requirements.some(({ key }) => key !== 'kubernetes.io/metadata.name');
}

function podFindings({ key, pod, contested }: PodState): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
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
  return found;
}

function rulesOf(policy: Policy): readonly Rule[] {
  return [...(policy.ingress ?? []), ...(policy.egress ?? [])];
}

function peersOf(policy: Policy): readonly Peer[] {
  return rulesOf(policy).flatMap(({ peers }) => (peers === 'any' ? [] : peers));
}
