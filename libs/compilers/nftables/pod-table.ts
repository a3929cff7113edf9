import { type Pod, type PodKey } from '#model';
import { isSelectable } from '#policy';

import type { AddressBook } from './address-book.ts';
import type { GroupTable } from './group-table.ts';
import type { Element, PeerGroup } from './peer-group.ts';
import type { PodState } from './pod-state.ts';
import type { PolicyTable } from './policy-table.ts';
import { type Selection, selectsPod } from './selection-index.ts';

/** What looking at pods again has touched. */
export interface PodStep {
  readonly groups: ReadonlySet<PeerGroup>;
  /** Each pod that is different now. */
  readonly moved: readonly { readonly before: PodState | undefined; readonly after: PodState | undefined }[];
}

/** All pods that policies can be about. Changes are noted, and worked off when `settle` is called. */
export class PodTable {
  readonly #pods = new Map<PodKey, Pod>();
  readonly #states = new Map<PodKey, PodState>();
  readonly #byNamespace = new Map<string, Set<PodKey>>();
  readonly #pending = new Set<PodKey>();
  readonly #policies: PolicyTable;
  readonly #groups: GroupTable;
  readonly #book: AddressBook;

  constructor(policies: PolicyTable, groups: GroupTable, book: AddressBook) {
    this.#policies = policies;
    this.#groups = groups;
    this.#book = book;
  }

  /** Notes that a pod is now this, or gone; says which nodes lose or regain an address by it. */
  set(key: PodKey, pod: Pod | undefined): readonly string[] {
    const nodes: string[] = [];
    const before = this.#pods.get(key);
    const after = pod !== undefined && isSelectable(pod) ? pod : undefined;
    if (before !== undefined) {
      const step = this.#book.remove(before);
      nodes.push(...step.nodes);
      this.#lookAgainAt(step.pods);
      this.#leaveNamespace(before.namespace, key);
      this.#pods.delete(key);
    }
    if (after !== undefined) {
      const step = this.#book.place(after);
      nodes.push(...step.nodes);
      this.#lookAgainAt(step.pods);
      this.#byNamespace.set(after.namespace, (this.#byNamespace.get(after.namespace) ?? new Set()).add(key));
      this.#pods.set(key, after);
    }
    if (before !== undefined || after !== undefined) this.#pending.add(key);
    return nodes;
  }

  /** Runs a change of what addresses mean with no pod in the book. */
  placeAgain(change: () => void): void {
    for (const pod of this.#pods.values()) this.#book.remove(pod);
    change();
    for (const pod of this.#pods.values()) this.#book.place(pod);
  }

  pods(): ReadonlyMap<PodKey, Pod> {
    return this.#pods;
  }

  states(): ReadonlyMap<PodKey, PodState> {
    return this.#states;
  }

  lookAgainInNamespace(name: string): void {
    this.#lookAgainAt(this.#byNamespace.get(name) ?? []);
  }

  /** Notes that the pods of this selection may follow other policies, or be members of other groups. */
  lookAgainAt(selection: Selection): void {
    for (const [namespace, keys] of this.#byNamespace) {
      if (!this.#groups.reaches(selection, namespace)) continue;
      for (const key of keys) {
        const pod = this.#pods.get(key);
        if (pod !== undefined && selectsPod(selection, pod)) this.#pending.add(key);
      }
    }
  }

  settle(): PodStep {
    const groups = new Set<PeerGroup>();
    const moved: { before: PodState | undefined; after: PodState | undefined }[] = [];
    for (const key of this.#pending) {
      const pod = this.#pods.get(key);
      const before = this.#states.get(key);
      const after = pod === undefined ? undefined : this.#look(key, pod, before);
      this.#changeMemberships(before, after, groups);
      this.#policies.follow(after?.ingress);
      this.#policies.follow(after?.egress);
      this.#policies.unfollow(before?.ingress);
      this.#policies.unfollow(before?.egress);
      if (after === undefined) this.#states.delete(key);
      else this.#states.set(key, after);
      moved.push({ before, after });
    }
    this.#pending.clear();
    return { groups, moved };
  }

  #leaveNamespace(name: string, key: PodKey): void {
    const keys = this.#byNamespace.get(name);
    keys?.delete(key);
    if (keys?.size === 0) this.#byNamespace.delete(name);
  }

  #look(key: PodKey, pod: Pod, before: PodState | undefined): PodState {
    const unique = [...new Map(pod.addresses.map((address) => [address.text, address])).values()];
    const contested = unique.filter((address) => this.#book.isContested(address));
    const own = contested.length === 0 ? unique : unique.filter((address) => !this.#book.isContested(address));
    const addresses = before !== undefined && areEqual(before.addresses, own) ? before.addresses : own;
    const memberships = new Map<PeerGroup, readonly Element[]>();
    for (const group of this.#groups.selecting(pod)) {
      const elements = this.#groups.elementsOf(group, pod, addresses);
      const known = before?.memberships.get(group);
      if (elements.length > 0) memberships.set(group, known !== undefined && areEqual(known, elements) ? known : elements);
    }
    return { key, pod, addresses, contested, memberships, ...this.#policies.profilesOf(pod), described: undefined };
  }

  #changeMemberships(before: PodState | undefined, after: PodState | undefined, changed: Set<PeerGroup>): void {
    for (const [group, elements] of before?.memberships ?? []) {
      if (after?.memberships.get(group) === elements) continue;
      group.remove(elements);
      changed.add(group);
    }
    for (const [group, elements] of after?.memberships ?? []) {
      if (before?.memberships.get(group) === elements) continue;
      group.add(elements);
      changed.add(group);
    }
  }

  #lookAgainAt(keys: Iterable<PodKey>): void {
    for (const key of keys) this.#pending.add(key);
  }
}

function areEqual(a: readonly Element[], b: readonly Element[]): boolean {
  return a.length === b.length && a.every((element, at) => element.text === b[at]?.text);
}
