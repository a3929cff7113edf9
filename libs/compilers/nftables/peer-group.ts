import { compareText, type IpFamily } from '#model';

import { type Digest, digestOf } from './digest.ts';
import type { PeerSet } from './node-bundle.ts';
import type { NamedPort } from './port-set.ts';
import type { Selection } from './selection-index.ts';

/** One element of a set: where it sorts, and how it is written. An address is one. */
export interface Element {
  readonly family: IpFamily;
  readonly bits: bigint;
  readonly text: string;
}

/** What a group is, apart from who is in it. */
export interface PeerGroupDefinition {
  readonly key: string;
  readonly kind: PeerSet['kind'];
  readonly name: string;
  readonly why: string;
  /** Absent: the set exists in both families, whether it has elements in both or not. */
  readonly families?: readonly IpFamily[];
  /** The pods among its members; absent where no pod is. */
  readonly selection?: Selection;
  /** Sockets only: the port that makes a pod a member. */
  readonly port?: NamedPort;
  /** Sockets only: keeps members to the addresses of another group. */
  readonly within?: PeerGroup;
}

const BOTH: readonly IpFamily[] = [4, 6];

/**
 * A peer of rules with its present members. Changes are gathered and applied when the value is
 * asked for; values are immutable and shared.
 */
export class PeerGroup {
  readonly definition: PeerGroupDefinition;
  /** Rules that name it; at none it is forgotten. */
  users = 0;
  #elements: readonly Element[] = [];
  #added: Element[] = [];
  #removed = new Set<Element>();
  #value: PeerSet | undefined;

  constructor(definition: PeerGroupDefinition) {
    this.definition = definition;
  }

  /** Adds elements that are not in it. */
  add(elements: readonly Element[]): void {
    this.#value = undefined;
    for (const element of elements) if (!this.#removed.delete(element)) this.#added.push(element);
  }

  /** Removes the same objects that were added. */
  remove(elements: readonly Element[]): void {
    this.#value = undefined;
    for (const element of elements) {
      const at = this.#added.indexOf(element);
      if (at < 0) this.#removed.add(element);
      else this.#added.splice(at, 1);
    }
  }

  replace(elements: readonly Element[]): void {
    this.#value = undefined;
    this.#removed.clear();
    this.#added = [];
    this.#elements = [...elements].sort(compareElements);
  }

  valueOf(digest: Digest): PeerSet {
    this.#value ??= this.#describe(digest);
    return this.#value;
  }

  #describe(digest: Digest): PeerSet {
    this.#settle();
    const { key, kind, name, why, families = BOTH } = this.definition;
    const elements4 = textsOf(this.#elements, 4);
    const elements6 = textsOf(this.#elements, 6);
    const set = { key, kind, name, why, families, elements4, elements6 };
    return { ...set, digest: digestOfPeerSet(set, digest) };
  }

  #settle(): void {
    if (this.#added.length === 0 && this.#removed.size === 0) return;
    const kept = this.#removed.size === 0 ? this.#elements : this.#elements.filter((element) => !this.#removed.has(element));
    this.#elements = this.#added.length === 0 ? kept : merge(kept, this.#added.sort(compareElements));
    this.#added = [];
    this.#removed = new Set();
  }
}

/** The digest a peer set carries: over all that it is and everything in it. */
export function digestOfPeerSet({ key, kind, name, why, families, elements4, elements6 }: Omit<PeerSet, 'digest'>, digest: Digest): string {
  return digestOf(digest, [key, kind, name, why, families.join(','), elements4.join(','), elements6.join(',')]);
}

/** IPv4 first, then by number; sockets of one address by protocol and port as written. */
export function compareElements(a: Element, b: Element): number {
  return a.family - b.family || (a.bits < b.bits ? -1 : a.bits > b.bits ? 1 : compareText(a.text, b.text));
}

function textsOf(elements: readonly Element[], family: IpFamily): readonly string[] {
  const texts: string[] = [];
  for (const element of elements) if (element.family === family) texts.push(element.text);
  return texts;
}

// Both sorted: one pass, where sorting fifty thousand again for one more would be felt.
function merge(left: readonly Element[], right: readonly Element[]): readonly Element[] {
  const merged: Element[] = [];
  let next = 0;
  for (const element of right) {
    for (; next < left.length; next += 1) {
      const other = left[next];
      if (other === undefined || compareElements(other, element) > 0) break;
      merged.push(other);
    }
    merged.push(element);
  }
  for (; next < left.length; next += 1) {
    const other = left[next];
    if (other !== undefined) merged.push(other);
  }
  return merged;
}
