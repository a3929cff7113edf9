import { type Address, makePrefix, type Node, parsePrefix, type Prefix, prefixContains } from '#model';

/**
 * The parts of address space a cluster gives its own addresses from: what its nodes say, and the
 * surroundings of every address a pod or Service holds or held.
 *
 * An address in there that nobody holds is somebody of the cluster who is not known, and no host
 * outside: a rule for it would open to whoever gets the address next.
 */
export class ClusterRanges {
  readonly #surroundings = new Map<string, number>();
  #blocks: readonly Prefix[] = [];
  #version = 0;

  /** Another number whenever an answer may be another. */
  get version(): number {
    return this.#version;
  }

  replaceNodes(nodes: Iterable<Node>): void {
    const blocks = new Map<string, Prefix>();
    for (const { podCidrs, bridges = [] } of nodes) {
      for (const text of [...podCidrs, ...bridges.flatMap((bridge) => bridge.blocks)]) {
        const block = parsePrefix(text);
        if (block !== undefined) blocks.set(block.text, block);
      }
    }
    this.#blocks = [...blocks.values()];
    this.#version += 1;
  }

  add(address: Address, kind: 'pod' | 'service'): void {
    const key = surroundings(address, kind);
    const count = this.#surroundings.get(key) ?? 0;
    if (count === 0) this.#version += 1;
    this.#surroundings.set(key, count + 1);
  }

  remove(address: Address, kind: 'pod' | 'service'): void {
    const key = surroundings(address, kind);
    const count = this.#surroundings.get(key) ?? 0;
    if (count > 1) this.#surroundings.set(key, count - 1);
    else if (this.#surroundings.delete(key)) this.#version += 1;
  }

  contains(address: Address): boolean {
    return this.#surroundings.has(surroundings(address, 'pod')) || this.#surroundings.has(surroundings(address, 'service')) || this.#blocks.some((block) => prefixContains(block, address));
  }
}

// No plugin gives a node a smaller block of pod addresses; Service ranges are a /20 at the least where clouds choose them.
const LENGTHS = { pod: { 4: 24, 6: 64 }, service: { 4: 20, 6: 112 } } as const;

function surroundings(address: Address, kind: 'pod' | 'service'): string {
  return `${kind} ${makePrefix(address.family, address.bits, LENGTHS[kind][address.family]).text}`;
}
