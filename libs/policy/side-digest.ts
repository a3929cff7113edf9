import { type Direction, type Pod, type Policy, type Snapshot, type WorkloadKey } from '#model';

import type { Coverage } from './applied-policies.ts';
import type { PodEnd } from './ends.ts';
import { LayeredCoverage } from './layered-coverage.ts';
import { layersOf, type PoliciesInForce } from './layers.ts';

interface Given {
  readonly revision: PoliciesInForce;
  readonly snapshot: Snapshot;
}

/**
 * Tells, cheaply, that one direction of a workload cannot have changed: the pods and namespaces of
 * both worlds are the same, and so are the rules that apply to it. The rest has to be compared.
 */
export class SideDigest {
  readonly #before: LayeredCoverage;
  readonly #after: LayeredCoverage;
  readonly #isSameCluster: boolean;
  readonly #texts = new WeakMap<Policy, { ingress?: string; egress?: string }>();
  readonly #known = { ingress: new Map<WorkloadKey, boolean>(), egress: new Map<WorkloadKey, boolean>() };

  constructor(before: Given, after: Given) {
    this.#before = new LayeredCoverage(layersOf(before.revision), before.snapshot);
    this.#after = new LayeredCoverage(layersOf(after.revision), after.snapshot);
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

  #textOf(index: LayeredCoverage, direction: Direction, ends: readonly PodEnd[]): string {
    return ends
      .map(({ party }) => {
        const pod = index.subjectAt(direction, party);
        return pod === undefined ? '' : this.#layersText(index, pod, direction);
      })
      .join('\n');
  }

  // who enforces it makes no difference to what gets through, and neither does who says nothing
  #layersText(index: LayeredCoverage, pod: Pod, direction: Direction): string {
    const texts = index.covering(pod).map(({ coverage }) => this.#coverageText(coverage, direction));
    return texts.filter((text) => text !== NOTHING_APPLIES).sort().join(' and ');
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

const NOTHING_APPLIES = '||';

function clusterText({ namespaces, nodes, pods, hostWays }: Snapshot): string {
  const podFacts = [...pods.values()].map(({ namespace, name, labels, hostNetwork, addresses, ports, workload, phase }) => [namespace, name, labels, hostNetwork, addresses, ports, workload, phase]);
  return JSON.stringify([[...namespaces.values()], [...nodes.values()], podFacts, hostWays], withoutBigInt);
}

function withoutBigInt(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
