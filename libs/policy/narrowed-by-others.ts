import { addressFromBits, type Direction, type NamespacedPolicy, type Pod, type Policy, type Rule, type Snapshot, workloadKey } from '#model';

import { AllowedPorts } from './allowed-ports.ts';
import { CoverageIndex } from './coverage.ts';
import type { Grounder } from './grounding.ts';
import { type Party, PartyFinder } from './party.ts';
import { portsOfRule, subtractPorts } from './port-set.ts';
import { adoptPolicies } from './revision.ts';

/**
 * Finds policies of others, enforced apart, that do not let through all that is approved.
 *
 * One pod stands for its workload, and one address for a block, so what is found is so, and what
 * is not found may be so for an address nobody asked about.
 */
export class NarrowingPolicies {
  readonly #grounder: Grounder;
  readonly #coverage: CoverageIndex;
  readonly #allowed: AllowedPorts;
  readonly #parties: PartyFinder;

  constructor(others: readonly Policy[], snapshot: Snapshot, grounder: Grounder) {
    const revision = adoptPolicies(others);
    this.#grounder = grounder;
    this.#coverage = new CoverageIndex(revision, snapshot);
    this.#allowed = new AllowedPorts(revision, snapshot);
    this.#parties = new PartyFinder(snapshot);
  }

  /** Those that close a direction of the policy's workload, where they drop some of what it allows; else none. */
  of(approved: NamespacedPolicy, direction: Direction): readonly Policy[] {
    const [pod] = this.#grounder.podsOf(approved.subject);
    const rules = approved[direction];
    if (pod === undefined || rules === undefined || !rules.some((rule) => this.#isDropped(rule, pod, direction))) return [];
    const { admin, namespaced, baseline } = this.#coverage.covering(pod);
    return [...admin, ...namespaced, ...baseline].map(({ policy }) => policy).filter((policy) => policy[direction] !== undefined && (policy.kind === 'namespaced' || policy[direction].length > 0));
  }

  #isDropped(rule: Rule, pod: Pod, direction: Direction): boolean {
    return this.#peersOf(rule).some((peer) => {
      const address = pod.addresses.find(({ family }) => family === peer.address.family);
      if (address === undefined) return false;
      const destination = direction === 'ingress' ? pod : peer.pod;
      const open = this.#allowed.side(direction, { address, pod }, peer, destination, rule.application === undefined ? 'any' : { application: rule.application }, 'possible');
      return subtractPorts(portsOfRule(rule.ports, destination), open).length > 0;
    });
  }

  #peersOf({ peers }: Rule): readonly Party[] {
    if (peers === 'any') return EVERYBODY;
    return peers.flatMap((peer): readonly Party[] => {
      const { pods, blocks } = this.#grounder.groundPeer(peer);
      const workloads = new Map(pods.map((pod) => [workloadKey(pod.workload), pod]));
      return [...[...workloads.values()].flatMap((pod) => pod.addresses.map((address) => ({ address, pod }))), ...blocks.slice(0, BLOCKS_ASKED).map(({ cidr }) => this.#parties.find({ kind: 'address', address: addressFromBits(cidr.family, cidr.first) }))];
    });
  }
}

/** Blocks of one peer that are asked about: the public internet alone is dozens. */
const BLOCKS_ASKED = 20;

const EVERYBODY: readonly Party[] = [{ address: addressFromBits(4, 0n) }, { address: addressFromBits(6, 0n) }];
