import { type AdminPolicy, type NamespacedPolicy, type Pod, type PodKey, podKey, type Policy, type Revision, type Snapshot, workloadKey, type WorkloadKey, type WorkloadRef } from '#model';

import type { Applied, Coverage } from './applied-policies.ts';
import { isSubject } from './membership.ts';
import type { Party } from './party.ts';
import { PlainHosts } from './plain-hosts.ts';

export interface CoverageOptions {
  /** Whether programs of plain hosts can be closed: a cluster's network has no rules for them. Absent: yes. */
  readonly closesHosts?: boolean;
}

/** What applies to pods and plain hosts, however it was found. */
export type PodCoverage = Pick<CoverageIndex, 'hostAt' | 'isWithinHost' | 'covering'>;

/** Finds the policies that apply to a pod without asking every policy: most name a namespace or a workload. */
export class CoverageIndex {
  readonly #snapshot: Snapshot;
  readonly #policies: readonly Policy[];
  /** Ranks in `#policies`, by the one place a policy names. */
  readonly #byPlace = new Map<string, number[]>();
  readonly #known = new Map<PodKey, Coverage>();
  readonly #hosts: PlainHosts;

  constructor(revision: Revision, snapshot: Snapshot, { closesHosts = true }: CoverageOptions = {}) {
    this.#snapshot = snapshot;
    this.#hosts = new PlainHosts(closesHosts ? revision.policies : [], snapshot);
    this.#policies = revision.policies;
    this.#policies.forEach((policy, rank) => {
      const place = placeOf(policy);
      const ranks = this.#byPlace.get(place);
      if (ranks === undefined) this.#byPlace.set(place, [rank]);
      else ranks.push(rank);
    });
  }

  /** The closed plain host that receives where this party does. */
  hostAt(party: Party): Pod | undefined {
    return this.#hosts.at(party);
  }

  /** Whether a plain host that is closed speaks to itself. */
  isWithinHost(from: Party, to: Party): boolean {
    return this.#hosts.isWithinOne(from, to);
  }

  covering(pod: Pod): Coverage {
    const ofHost = this.#hosts.coverageOf(pod);
    if (ofHost !== undefined) return ofHost;
    const key = podKey(pod);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const coverage = this.#look(pod);
    this.#known.set(key, coverage);
    return coverage;
  }

  #look(pod: Pod): Coverage {
    const coverage: { admin: Applied<AdminPolicy>[]; namespaced: Applied<NamespacedPolicy>[]; baseline: Applied<AdminPolicy>[] } = { admin: [], namespaced: [], baseline: [] };
    const places = [`n ${pod.namespace}`, `w ${workloadKey(pod.workload)}`, ANYWHERE];
    const ranks = places.flatMap((place) => this.#byPlace.get(place) ?? []).sort((a, b) => a - b);
    for (const rank of ranks) {
      const policy = this.#policies[rank];
      const certainty = policy === undefined ? 'no' : isSubject(policy.subject, pod, this.#snapshot);
      if (policy === undefined || certainty === 'no') continue;
      if (policy.kind === 'namespaced') coverage.namespaced.push({ policy, certainty });
      else coverage[policy.tier].push({ policy, certainty });
    }
    return coverage;
  }
}

/** What another index finds, but for one workload: there these policies stand in place of those that name it. It is no program of a plain host. */
export class ReplacedCoverage implements PodCoverage {
  readonly #base: PodCoverage;
  readonly #key: WorkloadKey;
  readonly #policies: readonly NamespacedPolicy[];
  readonly #snapshot: Snapshot;
  readonly #known = new Map<Pod, Coverage>();

  constructor(base: PodCoverage, workload: WorkloadRef, policies: readonly NamespacedPolicy[], snapshot: Snapshot) {
    this.#base = base;
    this.#key = workloadKey(workload);
    this.#policies = policies;
    this.#snapshot = snapshot;
  }

  hostAt(party: Party): Pod | undefined {
    return this.#base.hostAt(party);
  }

  isWithinHost(from: Party, to: Party): boolean {
    return this.#base.isWithinHost(from, to);
  }

  covering(pod: Pod): Coverage {
    const known = this.#known.get(pod);
    if (known !== undefined) return known;
    const coverage = this.#base.covering(pod);
    if (workloadKey(pod.workload) !== this.#key) return coverage;
    const replaced = this.#replaced(coverage, pod);
    this.#known.set(pod, replaced);
    return replaced;
  }

  #replaced(coverage: Coverage, pod: Pod): Coverage {
    const others = coverage.namespaced.filter(({ policy: { subject } }) => subject.kind !== 'workload' || workloadKey(subject.workload) !== this.#key);
    const own = this.#policies.flatMap((policy) => {
      const certainty = isSubject(policy.subject, pod, this.#snapshot);
      return certainty === 'no' ? [] : [{ policy, certainty }];
    });
    return { ...coverage, namespaced: [...others, ...own] };
  }
}

const ANYWHERE = '*';

function placeOf({ subject }: Policy): string {
  if (subject.kind === 'workload') return `w ${workloadKey(subject.workload)}`;
  return subject.namespaces.kind === 'name' ? `n ${subject.namespaces.name}` : ANYWHERE;
}
