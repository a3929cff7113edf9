import { type Address, compareAddresses, type Direction, lastOf, type Snapshot, workloadKey, type WorkloadKey } from '#model';

import { type AddressBlock, blockContains } from './address-block.ts';
import type { Coverage } from './applied-policies.ts';
import { createGrounder, type Grounder } from './grounding.ts';
import { LayeredCoverage } from './layered-coverage.ts';
import { layersOf, type PoliciesInForce } from './layers.ts';
import type { Party } from './party.ts';

/** Finds the workloads that the rules for a pod name at all, so that the others need not be asked about. */
export class RuleReach {
  readonly #coverage: LayeredCoverage;
  readonly #grounder: Grounder;
  /** In numeric order. */
  readonly #addresses: readonly { readonly address: Address; readonly workload: WorkloadKey }[];

  constructor(inForce: PoliciesInForce, snapshot: Snapshot) {
    this.#addresses = [...snapshot.pods.values()]
      .flatMap(({ addresses, workload }) => addresses.map((address) => ({ address, workload: workloadKey(workload) })))
      .sort((a, b) => compareAddresses(a.address, b.address));
    this.#coverage = new LayeredCoverage(layersOf(inForce), snapshot);
    this.#grounder = createGrounder(snapshot);
  }

  /** Every workload some allowing rule of every layer may mean; `all` where admin tiers leave it open, or a rule means everybody. */
  of(party: Party, direction: Direction): ReadonlySet<WorkloadKey> | 'all' {
    const pod = this.#coverage.subjectAt(direction, party);
    if (pod === undefined) return 'all';
    const named = this.#coverage.covering(pod).map(({ coverage }) => this.#named(coverage, direction));
    const [first, ...rest] = named.filter((reached) => reached !== 'all');
    return first === undefined ? 'all' : new Set([...first].filter((key) => rest.every((reached) => reached.has(key))));
  }

  #named({ admin, namespaced, baseline }: Coverage, direction: Direction): ReadonlySet<WorkloadKey> | 'all' {
    const isolating = namespaced.filter(({ policy }) => policy[direction] !== undefined);
    if (isolating.length === 0) return 'all';
    const reached = new Set<WorkloadKey>();
    for (const { policy } of [...admin, ...isolating, ...baseline]) {
      for (const { peers } of policy[direction] ?? []) {
        if (peers === 'any') return 'all';
        for (const peer of peers) {
          const { pods, blocks } = this.#grounder.groundPeer(peer);
          for (const { workload } of pods) reached.add(workloadKey(workload));
          for (const block of blocks) this.#addWithin(block, reached);
        }
      }
    }
    return reached;
  }

  #addWithin(block: AddressBlock, reached: Set<WorkloadKey>): void {
    const last = lastOf(block.cidr);
    for (let at = this.#firstIn(block); at < this.#addresses.length; at += 1) {
      const held = this.#addresses[at];
      if (held === undefined || held.address.family !== block.cidr.family || held.address.bits > last) return;
      if (!reached.has(held.workload) && blockContains(block, held.address)) reached.add(held.workload);
    }
  }

  #firstIn({ cidr }: AddressBlock): number {
    let low = 0;
    let high = this.#addresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const address = this.#addresses[middle]?.address;
      if (address !== undefined && (address.family < cidr.family || (address.family === cidr.family && address.bits < cidr.first))) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
