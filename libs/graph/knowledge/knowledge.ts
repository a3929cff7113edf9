import type { WorkloadKey, WorkloadKnowledge } from '#model';

import { egressKnowledge } from './egress-knowledge.ts';
import { ingressKnowledge } from './ingress-knowledge.ts';
import { scopesOf } from './scope.ts';
import { type FactsInput, graphFacts } from './workload-facts.ts';

/**
 * Says for every workload and direction whether it is known well enough to be closed, and why (not).
 *
 * A direction that is closed wrongly is an outage, one left open costs nothing that was not open
 * before; so every doubt leaves it open. The rule is written down in the README of this library.
 */
export function knowledgeOf(input: FactsInput): ReadonlyMap<WorkloadKey, WorkloadKnowledge> {
  const facts = graphFacts(input);
  const scopes = scopesOf(facts);
  const knowledge = new Map<WorkloadKey, WorkloadKnowledge>();
  for (const [key, each] of facts.byWorkload) {
    knowledge.set(key, { ingress: ingressKnowledge(each, facts, scopes), egress: egressKnowledge(each, facts.snapshot, scopes) });
  }
  return knowledge;
}
