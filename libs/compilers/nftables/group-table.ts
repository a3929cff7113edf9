import { assertNever, type LabelSelector, type Namespace, type Peer, type Pod } from '#model';
import type { AddressBlock } from '#policy';

import { type AddressRange, formatRange, rangesContain, rangesOfBlocks } from './address-ranges.ts';
import { type Digest, digestOf } from './digest.ts';
import { type Element, PeerGroup, type PeerGroupDefinition } from './peer-group.ts';
import { describeOutside, describeSelection, lowerPeer, type Outside, selectionKey } from './peer-lowering.ts';
import { lookUp, type NamedPort } from './port-set.ts';
import { slug } from './printable-text.ts';
import { type Selection, SelectionIndex } from './selection-index.ts';

/** Lowers what depends on the cluster and not on pods; asked again when that changes. */
export interface Surroundings {
  nodeBlocks(nodes: LabelSelector): readonly AddressBlock[];
  hostBlocks(node: string): readonly AddressBlock[];
  internetBlocks(): readonly AddressBlock[];
}

/**
 * The peers of all rules, each once, however many rules name it.
 *
 *   rule ─► peers ─┬─ pods, workload ─────────────► a group each
 *                  ├─ nodes, public internet ─────► a group each, lowered again when the cluster changes
 *                  └─ all fixed blocks of the rule ► one group: overlaps joined, exceptions cut out
 */
export class GroupTable {
  readonly #groups = new Map<string, PeerGroup>();
  readonly #outside = new Map<PeerGroup, { readonly outside: Outside; ranges: readonly AddressRange[] }>();
  readonly #surroundings: Surroundings;
  readonly #digest: Digest;
  readonly #index: SelectionIndex<PodGroup>;
  readonly #indexed = new Map<PeerGroup, PodGroup>();
  #fresh: PeerGroup[] = [];

  constructor(namespaces: ReadonlyMap<string, Namespace>, surroundings: Surroundings, digest: Digest) {
    this.#index = new SelectionIndex(namespaces);
    this.#surroundings = surroundings;
    this.#digest = digest;
  }

  /** The groups that select a pod. */
  selecting(pod: Pod): readonly PeerGroup[] {
    return this.#index.selecting(pod).map(({ group }) => group);
  }

  reaches(selection: Selection, namespace: string): boolean {
    return this.#index.reaches(selection, namespace);
  }

  namespaceChanged(name: string): void {
    this.#index.namespaceChanged(name);
  }

  /** The groups a rule's peers come down to. A peer that leads nowhere is no group at all. */
  groupsOf(peers: readonly Peer[], isDeny: boolean): readonly PeerGroup[] {
    const found = new Set<PeerGroup>();
    const blocks: AddressBlock[] = [];
    for (const lowered of peers.map((peer) => lowerPeer(peer, isDeny))) {
      if ('selection' in lowered) found.add(this.#podGroup(lowered.selection));
      else if (lowered.outside.kind === 'blocks') blocks.push(...lowered.outside.blocks);
      else found.add(this.#outsideGroup(lowered.outside));
    }
    const group = blocks.length === 0 ? undefined : this.#outsideGroup({ kind: 'blocks', blocks });
    if (group !== undefined) found.add(group);
    return [...found];
  }

  /** The same peers where the port is a name: each address with the ports that name has behind it. */
  socketGroupsOf(peers: readonly Peer[] | 'any', isDeny: boolean, port: NamedPort): readonly PeerGroup[] {
    if (peers === 'any') return [this.#socketGroup({ kind: 'all' }, undefined, port)];
    return this.groupsOf(peers, isDeny).map((group) => {
      const { selection } = group.definition;
      return selection === undefined ? this.#socketGroup({ kind: 'all' }, group, port) : this.#socketGroup(selection, undefined, port);
    });
  }

  /** What a pod adds to a group that selects it. */
  elementsOf({ definition }: PeerGroup, pod: Pod, addresses: readonly Element[]): readonly Element[] {
    const { port, within } = definition;
    if (port === undefined) return addresses;
    const ranges = within === undefined ? undefined : this.#outside.get(within)?.ranges;
    const texts = new Map<string, Element>();
    for (const { family, bits, text } of addresses) {
      if (ranges !== undefined && !rangesContain(ranges, { family, bits, text })) continue;
      for (const { protocol, port: number } of lookUp(port, pod.ports)) {
        if (protocol === 'ICMP') continue;
        const socket = `${text} . ${protocol.toLowerCase()} . ${String(number)}`;
        texts.set(socket, { family, bits, text: socket });
      }
    }
    return [...texts.values()];
  }

  acquire(groups: readonly PeerGroup[]): void {
    for (const group of groups) group.users += 1;
  }

  /** Gives up uses; says which groups nobody uses any more. */
  release(groups: readonly PeerGroup[]): readonly PeerGroup[] {
    for (const group of groups) group.users -= 1;
    const unused = [...new Set(groups)].filter((group) => group.users === 0);
    for (const group of unused) {
      this.#groups.delete(group.definition.key);
      this.#outside.delete(group);
      const indexed = this.#indexed.get(group);
      if (indexed !== undefined) this.#index.delete(indexed);
      this.#indexed.delete(group);
    }
    return unused;
  }

  /** Groups made since the last call, whose pods nobody has looked for yet. */
  takeFresh(): readonly PeerGroup[] {
    const fresh = this.#fresh.filter((group) => group.users > 0);
    this.#fresh = [];
    return fresh;
  }

  /** Lowers again what depends on the cluster; says which groups have other members now. */
  surroundingsChanged(): readonly PeerGroup[] {
    const changed = new Set<PeerGroup>();
    for (const [group, entry] of this.#outside) {
      if (entry.outside.kind === 'blocks') continue;
      const ranges = this.#rangesOf(entry.outside);
      if (ranges.map(formatRange).join() === entry.ranges.map(formatRange).join()) continue;
      entry.ranges = ranges;
      group.replace(ranges.map(asElement));
      changed.add(group);
    }
    for (const group of this.#groups.values()) {
      if (group.definition.within !== undefined && changed.has(group.definition.within)) changed.add(group);
    }
    return [...changed];
  }

  #podGroup(selection: Selection): PeerGroup {
    const why = describeSelection(selection);
    const key = selectionKey(selection);
    return this.#intern(key, () => ({ kind: 'addresses', why, name: this.#name('g', why, key), selection }));
  }

  #socketGroup(selection: Selection, within: PeerGroup | undefined, port: NamedPort): PeerGroup {
    const key = `port ${JSON.stringify([port.protocol, port.name])} of ${within?.definition.key ?? selectionKey(selection)}`;
    const inside = within === undefined ? '' : ` in ${within.definition.why}`;
    const why = `port ${port.name}/${port.protocol} of ${describeSelection(selection)}${inside}`;
    return this.#intern(key, () => ({
      kind: 'sockets',
      why,
      name: this.#name('n', port.name, key),
      selection,
      port,
      ...(within === undefined ? {} : { within }),
    }));
  }

  #outsideGroup(outside: Outside): PeerGroup {
    const ranges = this.#rangesOf(outside);
    const texts = ranges.map(formatRange);
    const [key, why] = describeOutside(outside, texts);
    const isOfNodes = outside.kind === 'nodes' || outside.kind === 'host';
    const group = this.#intern(key, () => ({
      kind: isOfNodes ? 'addresses' : 'ranges',
      why,
      name: this.#name(isOfNodes ? 'g' : 'c', outside.kind === 'blocks' ? '' : why, key),
      ...(outside.kind === 'blocks' ? { families: ([4, 6] as const).filter((family) => ranges.some((range) => range.family === family)) } : {}),
    }));
    if (!this.#outside.has(group)) {
      this.#outside.set(group, { outside, ranges });
      group.replace(ranges.map(asElement));
    }
    return group;
  }

  #rangesOf(outside: Outside): readonly AddressRange[] {
    switch (outside.kind) {
      case 'blocks':
        return rangesOfBlocks(outside.blocks);
      case 'nodes':
        return singles(rangesOfBlocks(this.#surroundings.nodeBlocks(outside.nodes)));
      case 'host':
        return singles(rangesOfBlocks(this.#surroundings.hostBlocks(outside.node)));
      case 'internet':
        return rangesOfBlocks(this.#surroundings.internetBlocks());
      default:
        return assertNever(outside);
    }
  }

  #intern(key: string, define: () => Omit<PeerGroupDefinition, 'key'>): PeerGroup {
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = new PeerGroup({ key, ...define() });
    this.#groups.set(key, group);
    this.#fresh.push(group);
    if (group.definition.selection !== undefined) {
      const indexed = { selection: group.definition.selection, group };
      this.#indexed.set(group, indexed);
      this.#index.add(indexed);
    }
    return group;
  }

  #name(prefix: string, hint: string, key: string): string {
    return `${prefix}_${slug(hint)}_${digestOf(this.#digest, [key]).slice(0, 20)}`;
  }
}

interface PodGroup {
  readonly selection: Selection;
  readonly group: PeerGroup;
}

function asElement(range: AddressRange): Element {
  return { family: range.family, bits: range.first, text: formatRange(range) };
}

// Node addresses live in a plain set, which a range of neighbours does not fit into.
function singles(ranges: readonly AddressRange[]): readonly AddressRange[] {
  return ranges.flatMap(({ family, first, last }) =>
    Array.from({ length: Number(last - first) + 1 }, (_, at): AddressRange => ({ family, first: first + BigInt(at), last: first + BigInt(at) })),
  );
}
