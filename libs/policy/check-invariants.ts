import type { Snapshot } from '#model';

import type { Invariant } from './invariant.ts';
import { type InvariantResult, InvariantTester } from './invariant-tester.ts';
import { everyPolicyOf, type PoliciesInForce } from './layers.ts';

/**
 * Tests invariants against a revision by sets of connections, so every pod, family and port counts
 * and not a sample of them.
 *
 * A pod's connections to itself are no concern of an invariant. One that matches nothing does not
 * hold: it is unknown, and says so.
 */
export function checkInvariants(inForce: PoliciesInForce, snapshot: Snapshot, invariants: readonly Invariant[]): readonly InvariantResult[] {
  if (invariants.length === 0) return [];
  const tester = new InvariantTester(snapshot, invariants);
  tester.know(everyPolicyOf(inForce));
  return invariants.map((invariant) => tester.check(inForce, invariant));
}
