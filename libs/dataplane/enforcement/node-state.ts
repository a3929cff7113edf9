import type { RulesetOptions } from '#compilers/nftables';
import type { ConnectionFate } from '#model';

import type { DriverChoice } from '../choose-driver.ts';
import type { ConnectionSweep } from '../generations.ts';
import type { BundleOrigin, NodeReport } from './node-report.ts';

/** What of a ruleset is decided on the node: which bits of connection marks are ours, and whether first payloads are shown. */
export type NodeLayout = Pick<RulesetOptions, 'ownedMark' | 'isIdentifying'>;

export interface NodeKeeperOptions extends DriverChoice {
  readonly sweep?: ConnectionSweep;
  /** Where the last confirmed bundle and what is meant to happen are kept. */
  readonly folder: string;
  readonly onReport: (report: NodeReport) => void;
  /** How bundles are laid out; what the last enforcer of this folder did unless said. */
  readonly layout?: NodeLayout;
  /** How long a bundle that may lock its operator out stays without being confirmed. */
  readonly confirmWithinMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface OfferOptions {
  readonly origin: Extract<BundleOrigin, 'file' | 'command' | 'channel'>;
  /** What becomes of established connections the bundle forbids, where the bundle itself says nothing; without it they are cut. */
  readonly fate?: ConnectionFate;
  /** Somebody wants it although nobody confirmed it when it was tried: it is tried once more. */
  readonly isAgain?: boolean;
  /** Goes away again unless confirmed in so many milliseconds; without it only host mode does. */
  readonly confirmWithinMs?: number;
}

/** What became of an order: done, or why not. */
export type Outcome = { readonly kind: 'done'; readonly text: string } | { readonly kind: 'refused'; readonly why: string };

/** What a node does at present. */
export type NodeState =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'enforcing'; readonly since: number }
  /** What an earlier process left in the kernel goes on; its bundle is not known here. */
  | { readonly kind: 'adopted'; readonly since: number }
  | { readonly kind: 'trial'; readonly since: number; readonly until: number }
  | { readonly kind: 'panic'; readonly since: number; readonly by: string };
