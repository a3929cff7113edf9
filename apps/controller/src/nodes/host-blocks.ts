import { type Address, parsePrefix, type Prefix, prefixContains } from '#model';

/** The blocks of addresses each node was granted, by the saying they come from. */
export class HostBlocks {
  readonly #blocks = new Map<string, Map<string, readonly Prefix[]>>();

  /** In how many ways a node speaks of itself, this saying left out. */
  countBeside(node: string, id: string): number {
    const ofNode = this.#blocks.get(node);
    return (ofNode?.size ?? 0) - (ofNode?.has(id) === true ? 1 : 0);
  }

  /** Undefined: it is of no host any more. */
  note(id: string, node: string, blocks: Iterable<string> | undefined): void {
    const ofNode = this.#blocks.get(node) ?? new Map<string, readonly Prefix[]>();
    if (blocks === undefined) ofNode.delete(id);
    else ofNode.set(id, [...blocks].flatMap((block) => parsePrefix(block) ?? []));
    if (ofNode.size > 0) this.#blocks.set(node, ofNode);
    else this.#blocks.delete(node);
  }

  holds(node: string, address: Address): boolean {
    return [...(this.#blocks.get(node)?.values() ?? [])].some((blocks) => blocks.some((block) => prefixContains(block, address)));
  }
}
