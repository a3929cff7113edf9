import type { AdminPolicy, NamespacedPolicy, Policy } from '#model';

import type { Certainty } from './membership.ts';

/** A policy that applies to a pod, or may. */
export interface Applied<P extends Policy> {
  readonly policy: P;
  readonly certainty: Exclude<Certainty, 'no'>;
}

/** The policies that apply to one pod, in the order they are asked. */
export interface Coverage {
  readonly admin: readonly Applied<AdminPolicy>[];
  readonly namespaced: readonly Applied<NamespacedPolicy>[];
  readonly baseline: readonly Applied<AdminPolicy>[];
}
