import { assertNever, type Diagnostic, type Direction, formatSelector, type Peer, type Pod, type Policy, type PortMatch, type Rule, type Snapshot, workloadKey } from '#model';

import { createGrounder, type Grounder } from './grounding.ts';
import { isSelected, isSelectable } from './membership.ts';
import { coversRule } from './rule-cover.ts';

/**
 * Warns of policies that do not do what they look like: selectors that match nothing, port names
 * nobody declares, rules another one makes idle, labels and names this input cannot tell.
 *
 * Without pods in the snapshot nothing can match, and only what can be told from the policies
 * themselves is said.
 */
export function lintPolicies(policies: readonly Policy[], snapshot: Snapshot): readonly Diagnostic[] {
  const linter = new Linter(snapshot);
  for (const policy of policies) linter.lint(policy);
  return linter.diagnostics;
}

class Linter {
  readonly diagnostics: Diagnostic[] = [];
  readonly #snapshot: Snapshot;
  readonly #grounder: Grounder;
  readonly #hasPods: boolean;
  /** Pods of namespaces whose labels the input does not have. */
  readonly #unlabelled: readonly Pod[];

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#grounder = createGrounder(snapshot);
    const pods = [...snapshot.pods.values()].filter(isSelectable);
    this.#hasPods = pods.length > 0;
    this.#unlabelled = pods.filter(({ namespace }) => snapshot.namespaces.get(namespace)?.isDeclared !== true);
  }

  lint(policy: Policy): void {
    const subjects = this.#grounder.podsOf(policy.subject);
    if (this.#hasPods && subjects.length === 0) {
      this.#warn(policy, 'policy-selects-nothing', `selects no pod (${formatSubject(policy)}), so it does nothing`, 'compare its selector with the labels of the pods and namespaces it is for');
    }
    for (const direction of ['ingress', 'egress'] as const) {
      const rules = policy[direction] ?? [];
      rules.forEach((rule, index) => {
        this.#lintRule(policy, direction, rule, subjects);
        const others = policy.kind === 'admin' ? rules.slice(0, index) : rules.filter((other, at) => at < index || (at > index && !coversRule(rule, other)));
        const cover = others.find((other) => coversRule(other, rule));
        if (cover !== undefined) this.#warn(policy, 'rule-shadowed', `${rule.id} matches nothing that ${cover.id} has not matched already`, policy.kind === 'admin' ? 'put it before the other rule, or remove it' : 'remove it: the other rule allows as much');
      });
    }
  }

  #lintRule(policy: Policy, direction: Direction, rule: Rule, subjects: readonly Pod[]): void {
    const peers = rule.peers === 'any' ? [] : rule.peers;
    for (const peer of peers) this.#lintPeer(policy, rule, peer);
    if (rule.ports === 'any' || !this.#hasPods) return;
    const destinations = direction === 'ingress' ? subjects : rule.peers === 'any' ? [...this.#snapshot.pods.values()] : peers.flatMap((peer) => this.#grounder.groundPeer(peer).pods);
    const onlyPods = direction === 'ingress' || peers.every((peer) => peer.kind === 'pods' || peer.kind === 'workload');
    if (!onlyPods || destinations.length === 0) return;
    for (const port of rule.ports) {
      if (port.kind !== 'named' || destinations.some((pod) => declares(pod, port))) continue;
      this.#warn(policy, 'port-name-unknown', `${rule.id} names the port ${JSON.stringify(port.name)} (${port.protocol}), which none of its ${String(destinations.length)} destination pods declares, so it matches nothing`, 'name the port in the pods, under this protocol, or write its number');
    }
  }

  #lintPeer(policy: Policy, rule: Rule, peer: Peer): void {
    if (peer.kind === 'host' && peer.isExact === true) {
      this.#warn(policy, 'host-unresolved', `${rule.id} names ${peer.host}, whose addresses are not in the input, so it matches nothing here`, 'allow its addresses as networks where names are not enforced');
    }
    if (peer.kind === 'pods' && this.#hangsOnUnknownLabels(peer)) {
      this.#warn(policy, 'namespace-labels-unknown', `${rule.id} asks for labels of namespaces that are not in the input (${formatPeer(peer)}), so what it matches is not known`, 'add the Namespace objects to the input');
      return;
    }
    if (!this.#hasPods && peer.kind !== 'nodes') return;
    if (peer.kind !== 'pods' && peer.kind !== 'workload' && peer.kind !== 'nodes') return;
    const { pods, blocks } = this.#grounder.groundPeer(peer);
    if (pods.length + blocks.length > 0) return;
    this.#warn(policy, 'peer-selects-nothing', `${rule.id} has a peer that matches nothing (${formatPeer(peer)})`, 'compare it with the labels of the pods, namespaces and nodes it is for');
  }

  #hangsOnUnknownLabels(peer: Peer & { readonly kind: 'pods' }): boolean {
    if (peer.namespaces.kind === 'name') return false;
    return this.#unlabelled.some((pod) => isSelected(peer, pod, this.#snapshot) === 'maybe');
  }

  #warn({ name, origin }: Policy, code: string, message: string, hint: string): void {
    this.diagnostics.push({ code, severity: 'warning', subject: name, message, hint, origin });
  }
}

function declares(pod: Pod, port: PortMatch & { readonly kind: 'named' }): boolean {
  return pod.ports.some(({ name, protocol }) => name === port.name && (port.protocol === 'any' || port.protocol === protocol));
}

function formatSubject({ subject }: Policy): string {
  return subject.kind === 'workload' ? workloadKey(subject.workload) : formatPeer(subject);
}

function formatPeer(peer: Peer): string {
  switch (peer.kind) {
    case 'pods':
      return `${peer.namespaces.kind === 'name' ? `namespace ${peer.namespaces.name}` : `namespaces ${formatSelector(peer.namespaces.selector)}`}, pods ${formatSelector(peer.pods)}`;
    case 'workload':
      return workloadKey(peer.workload);
    case 'nodes':
      return `nodes ${formatSelector(peer.nodes)}`;
    case 'cidr':
      return peer.cidr.text;
    case 'host':
      return peer.host;
    case 'entity':
      return peer.entity;
    default:
      return assertNever(peer);
  }
}
