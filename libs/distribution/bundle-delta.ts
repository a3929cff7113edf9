import type { Profile } from '#compilers/nftables';

import type { ElementEdit } from './element-edits.ts';

/** Which bundle is meant. Two bundles of one node with the same of both are the same. */
export type BundleName = readonly [revision: number, hash: string];

/** A set that is there now and was not, or was another in more than its members. */
export interface WholeSet {
  readonly whole: unknown;
}

/** A set with other members than before. The digests say which set is meant and what it has to become. */
export interface EditedSet {
  readonly name: string;
  readonly from: string;
  readonly digest: string;
  readonly edits4?: readonly ElementEdit[];
  readonly edits6?: readonly ElementEdit[];
}

/**
 * The way from one bundle of a node to another, as JSON says it. What is absent stays.
 *
 * `sum` is over the pods and the names and digests of the profiles where these changed, so that a
 * delta that was put on something else is noticed.
 */
export interface BundleDelta {
  readonly from: BundleName;
  readonly to: BundleName;
  /** Fields of the bundle itself, packed, and those it no longer has. */
  readonly head?: Readonly<Record<string, unknown>>;
  readonly without?: readonly string[];
  readonly sets?: readonly (WholeSet | EditedSet)[];
  readonly profiles?: {
    readonly gone?: readonly string[];
    /** New, or with other rules: in full, sets by name. */
    readonly fresh?: readonly unknown[];
    /** The same rules about sets with other members: name and digest. */
    readonly touched?: readonly (readonly [name: string, digest: string])[];
  };
  readonly pods?: { readonly gone?: readonly string[]; readonly fresh?: readonly unknown[] };
  readonly sum?: string;
}

/** What parts of a bundle have to say for themselves apart from the lists it is made of. */
export const LISTS: ReadonlySet<string> = new Set(['revision', 'hash', 'pods', 'profiles']);

const KEPT = 32;

/** What {@link BundleDelta.sum} is over. */
export function sumOf(digest: (text: string) => string, pods: readonly string[] | undefined, profiles: readonly Profile[] | undefined): string {
  const told = [...(pods ?? []), '', ...(profiles ?? []).map(({ name, digest: own }) => `${name} ${own}`)];
  return digest(told.join('\n')).slice(0, KEPT);
}

