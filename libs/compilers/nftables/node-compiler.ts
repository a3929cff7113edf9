import { assertNever, compareText, type Diagnostic, hostPrefix, type Namespace, type Node, type Pod, type PodKey, podKey, type Revision, type Snapshot } from '#model';
import { createGrounder, type Grounder } from '#policy';

import { AddressBook } from './address-book.ts';
import type { CompileChange } from './compile-change.ts';
import { diagnose } from './compile-diagnostics.ts';
import type { Digest } from './digest.ts';
import { GroupTable, type Surroundings } from './group-table.ts';
import type { NodeBundle } from './node-bundle.ts';
import { NodeState } from './node-state.ts';
import type { PodState } from './pod-state.ts';
import { PodTable } from './pod-table.ts';
import { PolicyTable } from './policy-table.ts';

/** The nodes whose rules are different after a change, and the nodes that are no more; both sorted. */
export interface CompileStep {
  readonly changed: readonly NodeBundle[];
  readonly removed: readonly string[];
}

/**
 * Compiles a revision against a snapshot into one bundle per node, and keeps them up to date.
 *
 *   change ─► pods to look at again ─► members of groups ─► profiles ─► nodes to build again
 *
 * After any sequence of changes the bundles are those of a compile from scratch, hash for hash.
 */
export class NodeCompiler {
  readonly #digest: Digest;
  readonly #base: Snapshot;
  readonly #namespaces: Map<string, Namespace>;
  readonly #nodeObjects = new Map<string, Node>();
  readonly #nodes = new Map<string, NodeState>();
  readonly #placement = new Map<PodKey, string>();
  readonly #book = new AddressBook();
  readonly #groups: GroupTable;
  readonly #policies: PolicyTable;
  readonly #pods: PodTable;
  readonly #dirty = new Set<string>();
  #revision: Revision;
  #services: Snapshot['services'];
  #grounder: Grounder | undefined;
  /** Whether what groups outside of pods depend on is different now. */
  #areSurroundingsDirty = false;

  constructor(revision: Revision, snapshot: Snapshot, digest: Digest) {
    this.#digest = digest;
    this.#base = snapshot;
    this.#revision = revision;
    this.#services = snapshot.services;
    this.#namespaces = new Map(snapshot.namespaces);
    const surroundings: Surroundings = {
      nodeBlocks: (nodes) => this.#ground().groundPeer({ kind: 'nodes', nodes }).blocks,
      hostBlocks: (name) => [...(this.#nodeObjects.get(name)?.addresses ?? [])].map((address) => ({ cidr: hostPrefix(address), except: [] })),
      internetBlocks: () => this.#ground().groundPeer({ kind: 'entity', entity: 'internet' }).blocks,
    };
    this.#groups = new GroupTable(this.#namespaces, surroundings, digest);
    this.#policies = new PolicyTable(this.#namespaces, this.#groups, digest);
    this.#pods = new PodTable(this.#policies, this.#groups, this.#book);
    this.#setRevision(revision);
    for (const node of snapshot.nodes.values()) this.#setNode(node.name, node);
    for (const pod of snapshot.pods.values()) this.#setPod(podKey(pod), pod);
    this.#settle();
  }

  /** One bundle per node, sorted by node. */
  bundles(): ReadonlyMap<string, NodeBundle> {
    const bundles = [...this.#nodes.values()].map(({ bundle }) => bundle).filter((bundle) => bundle !== undefined);
    return new Map(bundles.sort((a, b) => compareText(a.node, b.node)).map((bundle) => [bundle.node, bundle]));
  }

  diagnostics(): readonly Diagnostic[] {
    return diagnose(this.#revision, this.#pods.states(), this.#namespaces);
  }

  /** Takes changes in; what they cost depends on how much they touch, not on how much there is. */
  apply(changes: readonly CompileChange[]): CompileStep {
    for (const change of changes) this.#take(change);
    return this.#settle();
  }

  #take(change: CompileChange): void {
    switch (change.kind) {
      case 'pod':
        this.#setPod(change.key, change.pod);
        break;
      case 'namespace':
        this.#setNamespace(change.name, change.namespace);
        break;
      case 'node':
        this.#setNode(change.name, change.node);
        break;
      case 'services':
        this.#services = change.services;
        this.#areSurroundingsDirty = true;
        break;
      case 'revision':
        this.#setRevision(change.revision);
        break;
      default:
        assertNever(change);
    }
  }

  #setPod(key: PodKey, pod: Pod | undefined): void {
    const before = this.#pods.pods().get(key);
    const wasOutstanding = before !== undefined && this.#book.isOutstanding(before);
    this.#occupy(this.#placement.get(key), -1);
    this.#placement.delete(key);
    for (const node of this.#pods.set(key, pod)) this.#touch(node);
    if (pod?.node !== undefined && pod.phase !== 'finished') {
      this.#placement.set(key, pod.node);
      this.#occupy(pod.node, 1);
    }
    const after = this.#pods.pods().get(key);
    if (wasOutstanding || (after !== undefined && this.#book.isOutstanding(after))) this.#areSurroundingsDirty = true;
  }

  #setNamespace(name: string, namespace: Namespace | undefined): void {
    if (namespace === undefined) this.#namespaces.delete(name);
    else this.#namespaces.set(name, namespace);
    this.#groups.namespaceChanged(name);
    this.#policies.namespaceChanged(name);
    this.#pods.lookAgainInNamespace(name);
  }

  #setNode(name: string, node: Node | undefined): void {
    const before = this.#nodeObjects.get(name);
    this.#areSurroundingsDirty = true;
    this.#occupy(before === undefined ? undefined : name, -1);
    if (node === undefined) this.#nodeObjects.delete(name);
    else this.#nodeObjects.set(name, node);
    this.#occupy(node === undefined ? undefined : name, 1);
    if (before?.podCidrs.join() === node?.podCidrs.join()) return;
    this.#pods.placeAgain(() => {
      this.#book.setBlocks(name, node);
    });
    for (const other of this.#nodes.keys()) this.#touch(other);
  }

  #setRevision(revision: Revision): void {
    // every bundle says which revision it realises, those that stay the same too
    if (revision.number !== this.#revision.number) for (const name of this.#nodes.keys()) this.#dirty.add(name);
    this.#revision = revision;
    for (const selection of this.#policies.setRevision(revision)) this.#pods.lookAgainAt(selection);
    for (const { definition } of this.#groups.takeFresh()) if (definition.selection !== undefined) this.#pods.lookAgainAt(definition.selection);
  }

  #occupy(name: string | undefined, change: 1 | -1): void {
    if (name === undefined) return;
    const node = this.#nodes.get(name) ?? new NodeState(name);
    node.occupants += change;
    this.#nodes.set(name, node);
    this.#dirty.add(name);
  }

  /** Notes that a node's own addresses or pods are different now. */
  #touch(name: string): void {
    this.#nodes.get(name)?.dispatchChanged();
    this.#dirty.add(name);
  }

  #settle(): CompileStep {
    if (this.#areSurroundingsDirty) this.#lowerAgain();
    const { groups, moved } = this.#pods.settle();
    for (const { before, after } of moved) {
      this.#move(before, -1);
      this.#move(after, 1);
    }
    for (const group of groups) for (const node of this.#policies.nodesUsing(group)) this.#dirty.add(node);
    return this.#build();
  }

  #lowerAgain(): void {
    this.#areSurroundingsDirty = false;
    this.#grounder = undefined;
    for (const group of this.#groups.surroundingsChanged()) {
      if (group.definition.within !== undefined) this.#pods.lookAgainAt({ kind: 'all' });
      for (const node of this.#policies.nodesUsing(group)) this.#dirty.add(node);
    }
  }

  #move(state: PodState | undefined, change: 1 | -1): void {
    const name = state?.pod.node;
    if (state === undefined || name === undefined) return;
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`move pod ${state.key}: node ${name} is not there`);
    if (change === 1) node.place(state);
    else node.leave(state);
    node.follow(state.ingress, change);
    node.follow(state.egress, change);
    this.#touch(name);
  }

  #build(): CompileStep {
    const changed: NodeBundle[] = [];
    const removed: string[] = [];
    for (const name of [...this.#dirty].sort(compareText)) {
      const node = this.#nodes.get(name);
      if (node === undefined) continue;
      const before = node.bundle;
      if (node.occupants === 0) {
        this.#nodes.delete(name);
        if (before !== undefined) removed.push(name);
        continue;
      }
      node.bundle = node.build(this.#revision.number, this.#book.blocksOf(name), this.#book.straysOf(name), this.#digest);
      if (node.bundle.hash !== before?.hash) changed.push(node.bundle);
    }
    this.#dirty.clear();
    return { changed, removed };
  }

  #ground(): Grounder {
    this.#grounder ??= createGrounder({ ...this.#base, nodes: sorted(this.#nodeObjects), services: this.#services, pods: this.#book.outstanding() });
    return this.#grounder;
  }
}

function sorted<T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...map].sort(([a], [b]) => compareText(a, b)));
}
