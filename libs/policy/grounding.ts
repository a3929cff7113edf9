import {
  type Address,
  assertNever,
  compareAddresses,
  compareText,
  hostPrefix,
  isHostProgram,
  type LabelSelector,
  parseAddress,
  type Peer,
  type Pod,
  podKey,
  type PodSelection,
  selects,
  type Snapshot,
  type Subject,
  workloadKey,
} from '#model';

import type { AddressBlock } from './address-block.ts';
import { isSelectable, isSelected } from './membership.ts';
import { EVERY_ADDRESS, publicInternet } from './public-internet.ts';

/**
 * What a peer comes down to in one snapshot: these pods, on all their addresses, and these blocks
 * of addresses, which match pod addresses too. Sorted; both empty where a reference leads nowhere.
 */
export interface GroundedPeer {
  readonly pods: readonly Pod[];
  readonly blocks: readonly AddressBlock[];
}

/** Lowers peers and subjects against one snapshot, with indexes that make the fifty-thousandth cheap. */
export interface Grounder {
  groundPeer(peer: Peer): GroundedPeer;
  /** The pods a policy applies to, sorted by key. */
  podsOf(subject: Subject): readonly Pod[];
}

/**
 * Lowers one peer; use {@link createGrounder} for many.
 *
 * Pods are never host-network or finished ones. A program of a plain host is its host: all the addresses that has. A namespace whose labels are not known is not
 * selected by them. A `host` is the address it spells, else the public internet, but nothing where
 * an imported policy names it, whose addresses only a resolver knows; an entity other than `any` and `internet` has to be lowered by whoever knows the cluster, and is empty here.
 */
export function groundPeer(peer: Peer, snapshot: Snapshot): GroundedPeer {
  return createGrounder(snapshot).groundPeer(peer);
}

export function createGrounder(snapshot: Snapshot): Grounder {
  return new SnapshotGrounder(snapshot);
}

const NOTHING: GroundedPeer = { pods: [], blocks: [] };
const NO_PODS: readonly Pod[] = [];

class SnapshotGrounder implements Grounder {
  readonly #snapshot: Snapshot;
  #byNamespace: ReadonlyMap<string, readonly Pod[]> | undefined;
  #byWorkload: ReadonlyMap<string, readonly Pod[]> | undefined;
  #byLabel: ReadonlyMap<string, readonly Pod[]> | undefined;
  #internet: GroundedPeer | undefined;
  readonly #selections = new Map<string, readonly Pod[]>();

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  groundPeer(peer: Peer): GroundedPeer {
    switch (peer.kind) {
      case 'pods':
        return { pods: this.#podsSelected(peer), blocks: [] };
      case 'workload':
        if (isHostProgram(peer.workload)) return { pods: [], blocks: blocksOf(this.#snapshot.nodes.get(peer.workload.namespace)?.addresses ?? []) };
        return { pods: this.#podsOfWorkload(workloadKey(peer.workload)), blocks: [] };
      case 'cidr':
        return { pods: [], blocks: [{ cidr: peer.cidr, except: peer.except }] };
      case 'nodes':
        return { pods: [], blocks: this.#nodeBlocks(peer.nodes) };
      case 'host':
        return this.#groundHost(peer.host, peer.isExact === true);
      case 'entity':
        if (peer.entity === 'any') return { pods: [], blocks: EVERY_ADDRESS };
        return peer.entity === 'internet' ? this.#publicInternet() : NOTHING;
      default:
        return assertNever(peer);
    }
  }

  podsOf(subject: Subject): readonly Pod[] {
    return subject.kind === 'workload' ? this.#podsOfWorkload(workloadKey(subject.workload)) : this.#podsSelected(subject);
  }

  #podsOfWorkload(key: string): readonly Pod[] {
    this.#byWorkload ??= groupPods(this.#snapshot, (pod) => [workloadKey(pod.workload)]);
    return this.#byWorkload.get(key) ?? NO_PODS;
  }

  #podsSelected(selection: PodSelection): readonly Pod[] {
    const key = selectionKey(selection);
    const known = this.#selections.get(key);
    if (known !== undefined) return known;
    const pods = this.#candidates(selection).filter((pod) => isSelected(selection, pod, this.#snapshot) === 'yes');
    this.#selections.set(key, pods);
    return pods;
  }

  // The shortest list that is certain to hold every selected pod.
  #candidates({ namespaces, pods }: PodSelection): readonly Pod[] {
    this.#byNamespace ??= groupPods(this.#snapshot, (pod) => [pod.namespace]);
    if (namespaces.kind === 'name') return this.#byNamespace.get(namespaces.name) ?? NO_PODS;
    this.#byLabel ??= groupPods(this.#snapshot, (pod) => Object.entries(pod.labels).map(([key, value]) => labelKey(key, value)));
    let shortest: readonly Pod[] | undefined;
    for (const { key, operator, values } of pods.requirements) {
      if (operator !== 'In' || values.length !== 1) continue;
      const list = this.#byLabel.get(labelKey(key, values[0] ?? '')) ?? NO_PODS;
      if (shortest === undefined || list.length < shortest.length) shortest = list;
    }
    return shortest ?? [...this.#byNamespace.values()].flat().sort(comparePods);
  }

  #nodeBlocks(selector: LabelSelector): readonly AddressBlock[] {
    const nodes = [...this.#snapshot.nodes.values()].filter((node) => selects(selector, node.labels));
    return blocksOf(nodes.flatMap((node) => node.addresses));
  }

  #groundHost(host: string, isExact: boolean): GroundedPeer {
    const address = parseAddress(host);
    if (address !== undefined) return { pods: [], blocks: [{ cidr: hostPrefix(address), except: [] }] };
    return isExact ? NOTHING : this.#publicInternet();
  }

  #publicInternet(): GroundedPeer {
    this.#internet ??= { pods: [], blocks: publicInternet(this.#snapshot) };
    return this.#internet;
  }
}

function blocksOf(addresses: readonly Address[]): readonly AddressBlock[] {
  return [...addresses].sort(compareAddresses).map((address) => ({ cidr: hostPrefix(address), except: [] }));
}

function groupPods(snapshot: Snapshot, keysOf: (pod: Pod) => readonly string[]): ReadonlyMap<string, readonly Pod[]> {
  const groups = new Map<string, Pod[]>();
  for (const pod of [...snapshot.pods.values()].filter(isSelectable).sort(comparePods)) {
    for (const key of keysOf(pod)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [pod]);
      else group.push(pod);
    }
  }
  return groups;
}

function comparePods(a: Pod, b: Pod): number {
  return compareText(podKey(a), podKey(b));
}

// Hostile keys and values are kept apart by their JSON quoting.
function labelKey(key: string, value: string): string {
  return JSON.stringify([key, value]);
}

function selectionKey({ namespaces, pods }: PodSelection): string {
  const where = namespaces.kind === 'name' ? `=${namespaces.name}` : `~${JSON.stringify(namespaces.selector.requirements)}`;
  return `${where} ${JSON.stringify(pods.requirements)}`;
}
