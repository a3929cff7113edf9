import type { IpFamily } from '#model';

import type { PeerSet } from './node-bundle.ts';

export interface NftSet {
  readonly name: string;
  readonly keyType: string;
  readonly isInterval: boolean;
  /** Whether an element may end by itself: `192.0.2.1 timeout 300s`. */
  readonly hasTimeouts?: boolean;
  readonly why: string;
  readonly elements: readonly string[];
}

export interface NftMap {
  readonly name: string;
  readonly keyType: string;
  readonly why: string;
  readonly elements: readonly { readonly key: string; readonly verdict: string }[];
}

export interface NftRule {
  readonly text: string;
  readonly comment?: string;
}

export interface NftChain {
  readonly name: string;
  readonly why: string;
  /** Only chains that the kernel calls have one. */
  readonly hook?: string;
  /** Part of every ruleset, whatever the policies. */
  readonly isStatic: boolean;
  readonly rules: readonly NftRule[];
}

/** One rule of a policy as the ruleset refers to it: `r17` in comments, 17 in a connection's mark. */
export interface NumberedRule {
  readonly number: number;
  readonly policy: string;
  readonly rule: string;
  readonly application?: string;
  readonly why: readonly string[];
}

/** The objects of one node's table, each with why it exists. */
export interface Ruleset {
  /** The only table we ever touch. */
  readonly table: 'inet ringfence';
  readonly node: string;
  readonly hash: string;
  readonly rules: readonly NumberedRule[];
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
  readonly maps: readonly NftMap[];
}

/** The name of the set that holds one family of a peer. */
export function peerSetName({ name }: PeerSet, family: IpFamily): string {
  return `${name}_${String(family)}`;
}
