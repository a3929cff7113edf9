/** What became of one NetworkPolicy. `ready` says what would be done where nothing may be written. */
export type PolicyOutcome =
  | { readonly kind: 'applied' | 'unchanged' | 'pruned'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'would-apply' | 'would-prune'; readonly namespace: string; readonly name: string }
  /** Somebody else has a say in it, so it was left as it is. */
  | { readonly kind: 'conflict'; readonly namespace: string; readonly name: string; readonly managers: readonly string[]; readonly why: string }
  | { readonly kind: 'failed'; readonly namespace: string; readonly name: string; readonly why: string };

/** What a round of reconciling did, sorted by namespace and name. */
export interface PolicyReport {
  readonly outcomes: readonly PolicyOutcome[];
  /** Everything desired is on the server, and nothing else of ours. */
  readonly isRealised: boolean;
  /** Why the round could not even begin. */
  readonly why?: string;
}
