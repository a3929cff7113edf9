import { type Address, type Node, parsePrefix, type Pod, type PodKey, podKey, prefixContains, type Prefix, widthOf } from '#model';
import { NOT_INTERNET_4 } from '#policy';

/**
 * Who is where: which pods claim an address, which blocks belong to a node, and which pods live
 * inside another node's block.
 */
export class AddressBook {
  readonly #claims = new Map<string, Set<PodKey>>();
  readonly #blocks = new Map<string, readonly Prefix[]>();
  /** family and length ─► first address ─► nodes. */
  readonly #owners = new Map<number, Map<bigint, Set<string>>>();
  /** node ─► address ─► how many pods elsewhere have it. */
  readonly #strays = new Map<string, Map<string, Stray>>();
  /** Pods with an address that might be part of the public internet were it not theirs. */
  readonly #outstanding = new Map<PodKey, Pod>();

  /** Notes a pod; says which other pods' claims are contested from now on, or no longer. */
  place(pod: Pod): ReadonlySet<PodKey> {
    const key = podKey(pod);
    for (const address of pod.addresses) {
      for (const node of this.#foreignOwners(pod, address)) this.#countStray(node, address, 1);
    }
    if (pod.addresses.some((address) => this.#isOutstanding(address))) this.#outstanding.set(key, pod);
    return this.#changeClaims(pod, (claimants) => claimants.add(key));
  }

  remove(pod: Pod): ReadonlySet<PodKey> {
    const key = podKey(pod);
    for (const address of pod.addresses) {
      for (const node of this.#foreignOwners(pod, address)) this.#countStray(node, address, -1);
    }
    this.#outstanding.delete(key);
    return this.#changeClaims(pod, (claimants) => claimants.delete(key));
  }

  /** Sets the blocks a node's pods get addresses from. Pods have to be placed again afterwards. */
  setBlocks(name: string, node: Node | undefined): void {
    for (const block of this.#blocks.get(name) ?? []) this.#ownersOf(block)?.delete(name);
    const blocks = (node?.podCidrs ?? []).map(parsePrefix).filter((block) => block !== undefined);
    if (blocks.length === 0) this.#blocks.delete(name);
    else this.#blocks.set(name, blocks);
    for (const block of blocks) {
      const byFirst = this.#owners.get(lengthKey(block)) ?? new Map<bigint, Set<string>>();
      this.#owners.set(lengthKey(block), byFirst.set(block.first, (byFirst.get(block.first) ?? new Set()).add(name)));
    }
  }

  blocksOf(node: string): readonly Prefix[] {
    return this.#blocks.get(node) ?? [];
  }

  /** Addresses inside the node's blocks that pods of other nodes have. */
  straysOf(node: string): readonly Address[] {
    return [...(this.#strays.get(node)?.values() ?? [])].map(({ address }) => address);
  }

  /** Nodes other than the pod's own that lose one of their addresses to it. */
  foreignOwners(pod: Pod): readonly string[] {
    return pod.addresses.flatMap((address) => this.#foreignOwners(pod, address));
  }

  isContested(address: Address): boolean {
    return (this.#claims.get(address.text)?.size ?? 0) > 1;
  }

  outstanding(): ReadonlyMap<PodKey, Pod> {
    return this.#outstanding;
  }

  isOutstanding(pod: Pod): boolean {
    return this.#outstanding.has(podKey(pod));
  }

  #changeClaims(pod: Pod, change: (claimants: Set<PodKey>) => void): ReadonlySet<PodKey> {
    const affected = new Set<PodKey>();
    for (const { text } of pod.addresses) {
      const claimants = this.#claims.get(text) ?? new Set<PodKey>();
      const before = claimants.size;
      change(claimants);
      if (claimants.size === 0) this.#claims.delete(text);
      else this.#claims.set(text, claimants);
      if (before > 1 !== claimants.size > 1) for (const other of claimants) affected.add(other);
    }
    affected.delete(podKey(pod));
    return affected;
  }

  #countStray(node: string, address: Address, change: 1 | -1): void {
    const strays = this.#strays.get(node) ?? new Map<string, Stray>();
    this.#strays.set(node, strays);
    const stray = strays.get(address.text) ?? { address, pods: 0 };
    stray.pods += change;
    if (stray.pods === 0) strays.delete(address.text);
    else strays.set(address.text, stray);
  }

  #foreignOwners({ node }: Pod, address: Address): readonly string[] {
    // where the pod is not placed nobody can say that it is elsewhere
    if (node === undefined) return [];
    return this.#nodesAt(address).filter((owner) => owner !== node);
  }

  #nodesAt(address: Address): readonly string[] {
    const found: string[] = [];
    for (const [key, byFirst] of this.#owners) {
      if ((key >= IPV6_LENGTHS ? 6 : 4) !== address.family) continue;
      const host = BigInt(widthOf(address.family) - (key % IPV6_LENGTHS));
      const nodes = byFirst.get((address.bits >> host) << host);
      if (nodes !== undefined) found.push(...nodes);
    }
    return found;
  }

  // Everything else is no part of the public internet whether a pod has it or not.
  #isOutstanding(address: Address): boolean {
    if (address.family === 4 && NOT_INTERNET_4.some((block) => prefixContains(block, address))) return false;
    if (address.family === 6 && address.bits >> 125n !== 1n) return false;
    return this.#nodesAt(address).length === 0;
  }

  #ownersOf(block: Prefix): Set<string> | undefined {
    return this.#owners.get(lengthKey(block))?.get(block.first);
  }
}

interface Stray {
  readonly address: Address;
  pods: number;
}

const IPV6_LENGTHS = 1000;

function lengthKey({ family, length }: Prefix): number {
  return (family === 6 ? IPV6_LENGTHS : 0) + length;
}
