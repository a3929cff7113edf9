import type { Policy } from './policy.ts';

declare const approved: unique symbol;

/**
 * An approved, immutable set of policies: the only thing compilers take.
 *
 * The brand has no value at run time; only `#policy` produces the type, so a proposal can not be
 * compiled by accident.
 */
export interface Revision {
  readonly [approved]: true;
  /** Counts from 1; 0 is the set of policies found in the input. */
  readonly number: number;
  readonly approvedBy: string;
  readonly reason: string;
  /** Sorted by tier, priority and name. */
  readonly policies: readonly Policy[];
}
