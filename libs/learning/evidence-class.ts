import type { Rule } from '#model';

/** What speaks for a rule: metadata, flows, or both; `built-in` are rules of the catalogue, which come with a closed direction. */
export type EvidenceClass = 'both' | 'declared' | 'observed' | 'built-in';

/** Flows that are doubted are no evidence of a rule metadata speaks for, so such a rule is declared and no more. */
export function evidenceClass({ evidence }: Pick<Rule, 'evidence'>): EvidenceClass {
  const isDeclared = evidence.some(({ kind }) => kind === 'declared');
  const isObserved = evidence.some(({ kind }) => kind === 'observed');
  if (isDeclared && isObserved) return 'both';
  return isDeclared ? 'declared' : isObserved ? 'observed' : 'built-in';
}
