import { compareText, type Direction, type Evidence, type ObservedRelationship, type Relationship } from '#model';

import { rulesFor } from './learned-rules.ts';
import type { Doubted } from './observed-index.ts';
import type { LiveDraft } from './observed-rules.ts';
import { observedEvidence, seenText } from './observed-text.ts';
import type { PeerGrounding } from './peer-grounding.ts';

/** A relationship metadata speaks of, with what was observed of it. */
export interface Declared {
  readonly relationship: Relationship;
  readonly seen: readonly Doubted[];
}

// two that agree are surer than either, and nothing is certain
const CERTAIN = 0.99;

/**
 * The rules for what metadata speaks of.
 *
 * A strong declaration stands by itself, and is exercised by any traffic that is some; a hint needs
 * traffic nobody doubts, or stays one and is in quarantine. `hours` is how long the workload was watched, 0 where nobody did: then nothing
 * is said of exercise.
 */
export function declaredRules({ relationship, seen }: Declared, direction: Direction, grounding: PeerGrounding, hours: number): readonly LiveDraft[] {
  const believed = seen.filter(({ doubts, isWorthless }) => (relationship.tier === 'strong' ? !isWorthless : doubts.length === 0)).map(({ observed }) => observed);
  if (believed.length > 0) return rulesFor(agreed(relationship, believed, hours), direction, grounding).map((draft) => ({ draft: { ...draft, why: `${draft.why}; ${seenText(believed, hours)}` }, doubts: [] }));
  const doubts = relationship.tier === 'strong' ? [] : [...new Set(seen.flatMap((each) => each.doubts))].sort(compareText);
  return rulesFor(relationship, direction, grounding).map((draft) => ({ draft: { ...draft, why: `${draft.why}${exercise(seen, hours)}` }, doubts }));
}

function exercise(seen: readonly Doubted[], hours: number): string {
  if (hours === 0) return '';
  return seen.length === 0 ? '; not exercised yet' : `; not exercised yet but for what is doubted: ${seenText(seen.map(({ observed }) => observed), hours)}`;
}

function agreed(relationship: Relationship, believed: readonly ObservedRelationship[], hours: number): Relationship {
  const evidence: readonly Evidence[] = [...relationship.evidence, ...believed.slice(0, MOST_EVIDENCE).map((each) => observedEvidence(each, hours))];
  const confidence = Math.max(relationship.confidence, Math.min(CERTAIN, 1 - (1 - relationship.confidence) / 2));
  return { ...relationship, tier: 'strong', confidence: Math.round(confidence * 100) / 100, evidence };
}

// what one reads before deciding
const MOST_EVIDENCE = 4;
