import type { WorkloadRef } from './workload-ref.ts';

/** `observe`: open; `audit`: what would be denied is counted and let through; `enforce`: it is dropped. */
export type Mode = 'observe' | 'audit' | 'enforce';

/** What a mode is set for. The narrower scope wins: workload, then namespace, then cluster. */
export type ModeScope =
  | { readonly kind: 'cluster' }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'workload'; readonly workload: WorkloadRef };

/** How an established connection that a new revision forbids is treated. `drain` ends after so many seconds. */
export type ConnectionFate = { readonly kind: 'cut' } | { readonly kind: 'drain'; readonly seconds: number } | { readonly kind: 'keep' };

/** Where the policies of a namespace go. */
export type OutputTarget = 'nftables' | 'networkpolicy' | 'folder' | 'none';
