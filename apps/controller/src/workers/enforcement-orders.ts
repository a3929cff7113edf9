import type { BundleSnapshot, DesiredBundle } from '#distribution';
import type { Diagnostic, Revision } from '#model';
import type { ReviewState } from '#review';

import type { PolicyOutputs } from '../pipeline/policy-writer.ts';
import type { FeedItem } from './update-feed.ts';

/** What is decided beside the rules: modes, fates and targets, as they stand in the review. */
export type ReviewSettings = Pick<ReviewState, 'modes' | 'fates' | 'targets'>;

export interface EnforcementWorkerData {
  readonly required: readonly string[];
  readonly enforcesExisting: boolean;
}

/** What the controller tells its enforcement pipeline. */
export type EnforcementOrder =
  | { readonly kind: 'feed'; readonly items: readonly FeedItem[] }
  | { readonly kind: 'revision'; readonly revision: Revision }
  | { readonly kind: 'settings'; readonly settings: ReviewSettings }
  /** Asks for the whole bundle of a node: answered by a `snapshot` with this number. */
  | { readonly kind: 'ask-snapshot'; readonly id: number; readonly node: string };

/** How long a turn took, in milliseconds, and how many updates it was about. */
export interface TurnTimes {
  readonly compileMs: number;
  readonly encodeMs: number;
  readonly updates: number;
}

/** What the enforcement pipeline tells the controller. */
export type EnforcementNews =
  /** The last batch is taken in; the next may come. */
  | { readonly kind: 'taken' }
  | { readonly kind: 'nodes'; readonly nodes: readonly DesiredBundle[]; readonly removed: readonly string[]; readonly times: TurnTimes }
  | { readonly kind: 'snapshot'; readonly id: number; readonly snapshot: BundleSnapshot | undefined }
  | { readonly kind: 'waits'; readonly waitsFor: readonly string[] }
  | { readonly kind: 'outputs'; readonly outputs: PolicyOutputs }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly Diagnostic[] };
