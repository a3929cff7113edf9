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

  place(pod: Pod): BookStep {
    const key = podKey(pod);
    const nodes: string[] = [];
    for (const address of pod.addresses) {
      const owners = this.#nodesAt(address);
      nodes.push(...this.#changeStrays(pod, address, owners, 1));
      if (owners.length === 0 && canBePublic(address)) this.#outstanding.set(key, pod);
    }
    return { nodes, pods: this.#changeClaims(pod, (claimants) => claimants.add(key)) };
  }

  remove(pod: Pod): BookStep {
    const key = podKey(pod);
    const nodes = pod.addresses.flatMap((address) => this.#changeStrays(pod, address, this.#nodesAt(address), -1));
    this.#outstanding.delete(key);
    return { nodes, pods: this.#changeClaims(pod, (claimants) => claimants.delete(key)) };
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

  // Where the pod is not placed nobody can say that it is elsewhere.
  #changeStrays({ node }: Pod, address: Address, owners: readonly string[], change: 1 | -1): readonly string[] {
    const losing = node === undefined ? [] : owners.filter((owner) => owner !== node);
    for (const owner of losing) this.#countStray(owner, address, change);
    return losing;
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

  #ownersOf(block: Prefix): Set<string> | undefined {
    return this.#owners.get(lengthKey(block))?.get(block.first);
  }
}

/** What else has to be looked at again: nodes that lose or regain an address, and pods whose claim is contested from now on, or no longer. */
export interface BookStep {
  readonly nodes: readonly string[];
  readonly pods: ReadonlySet<PodKey>;
}

interface Stray {
  readonly address: Address;
  pods: number;
}

const IPV6_LENGTHS = 1000;

function lengthKey({ family, length }: Prefix): number {
  return (family === 6 ? IPV6_LENGTHS : 0) + length;
}

// Everything else is no part of the public internet whether a pod has it or not.
function canBePublic(address: Address): boolean {
  if (address.family === 6) return address.bits >> 125n === 1n;
  return !NOT_INTERNET_4.some((block) => prefixContains(block, address));
}
