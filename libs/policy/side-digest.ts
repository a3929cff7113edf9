import { type Direction, type Policy, type Revision, type Snapshot, type WorkloadKey } from '#model';

import { type Coverage, CoverageIndex } from './coverage.ts';
import type { PodEnd } from './ends.ts';

interface Given {
  readonly revision: Revision;
  readonly snapshot: Snapshot;
}

/**
 * Tells, cheaply, that one direction of a workload cannot have changed: the pods and namespaces of
 * both worlds are the same, and so are the rules that apply to it. The rest has to be compared.
 */
export class SideDigest {
  readonly #before: CoverageIndex;
  readonly #after: CoverageIndex;
  readonly #isSameCluster: boolean;
  readonly #texts = new WeakMap<Policy, { ingress?: string; egress?: string }>();
  readonly #known = { ingress: new Map<WorkloadKey, boolean>(), egress: new Map<WorkloadKey, boolean>() };

  constructor(before: Given, after: Given) {
    this.#before = new CoverageIndex(before.revision, before.snapshot);
    this.#after = new CoverageIndex(after.revision, after.snapshot);
    this.#isSameCluster = before.snapshot === after.snapshot || clusterText(before.snapshot) === clusterText(after.snapshot);
  }

  isSame(direction: Direction, key: WorkloadKey, ends: { readonly before: readonly PodEnd[]; readonly after: readonly PodEnd[] }): boolean {
    if (!this.#isSameCluster) return false;
    const known = this.#known[direction].get(key);
    if (known !== undefined) return known;
    const isSame = this.#textOf(this.#before, direction, ends.before) === this.#textOf(this.#after, direction, ends.after);
    this.#known[direction].set(key, isSame);
    return isSame;
  }

  #textOf(index: CoverageIndex, direction: Direction, ends: readonly PodEnd[]): string {
    return ends
      .map(({ party }) => (party.pod === undefined ? '' : this.#coverageText(index.covering(party.pod), direction)))
      .join('\n');
  }

  #coverageText({ admin, namespaced, baseline }: Coverage, direction: Direction): string {
    return [admin, namespaced, baseline].map((tier) => tier.map(({ policy, certainty }) => `${certainty} ${this.#ruleText(policy, direction)}`).join(';')).join('|');
  }

  #ruleText(policy: Policy, direction: Direction): string {
    const texts = this.#texts.get(policy) ?? {};
    this.#texts.set(policy, texts);
    const rules = policy[direction]?.map(({ peers, ports, application, ...rule }) => [peers, ports, application, 'action' in rule ? rule.action : '']);
    texts[direction] ??= rules === undefined ? 'open' : JSON.stringify(rules, withoutBigInt);
    return texts[direction];
  }
}

function clusterText({ namespaces, nodes, pods }: Snapshot): string {
  const podFacts = [...pods.values()].map(({ namespace, name, labels, hostNetwork, addresses, ports, workload, phase }) => [namespace, name, labels, hostNetwork, addresses, ports, workload, phase]);
  return JSON.stringify([[...namespaces.values()], [...nodes.values()], podFacts], withoutBigInt);
}

function withoutBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
