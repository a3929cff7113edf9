import { type Direction, type DirectionProposal, type Proposal, workloadKey } from '#model';

import { evidenceClass } from './evidence-class.ts';
import { meaningOf } from './rule-draft.ts';

/** A proposal as two texts, to be hashed. */
export interface ReviewTexts {
  /** What it would allow: equal for proposals that allow the same, whatever speaks for them. */
  readonly allowed: string;
  /** What speaks for it: kinds of evidence, and no counts or times. */
  readonly evidence: string;
}

const DIRECTIONS = ['ingress', 'egress'] as const satisfies readonly Direction[];

export function reviewTexts(proposal: Proposal): ReviewTexts {
  const key = workloadKey(proposal.workload);
  const directions = DIRECTIONS.map((direction) => directionTexts(proposal[direction]));
  return { allowed: JSON.stringify([key, ...directions.map(({ allowed }) => allowed)]), evidence: JSON.stringify([key, ...directions.map(({ evidence }) => evidence)]) };
}

function directionTexts(direction: DirectionProposal): { readonly allowed: unknown; readonly evidence: unknown } {
  if (direction.kind === 'open') return { allowed: 'open', evidence: 'open' };
  const rules = direction.rules.map((rule) => ({ rule, meaning: meaningOf(rule) }));
  return {
    allowed: rules.map(({ rule, meaning }) => [rule.id, meaning]),
    evidence: rules.map(({ rule, meaning }) => [meaning, evidenceClass(rule), rule.tier, rule.evidence.some(({ kind }) => kind === 'permitted')]),
  };
}
