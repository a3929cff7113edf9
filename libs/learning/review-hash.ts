import type { Direction, DirectionProposal, Proposal } from '#model';
import { workloadKey } from '#model';

import { evidenceClass } from './evidence-class.ts';
import { meaningOf } from './rule-draft.ts';

/** What a proposal would allow, as a text: equal for proposals that allow the same, whatever speaks for them. */
export function allowedText(proposal: Proposal): string {
  return JSON.stringify([workloadKey(proposal.workload), ...textsOf(proposal, ({ id, ...rule }) => [id, meaningOf(rule)])]);
}

/** What speaks for a proposal, as a text: kinds of evidence, and no counts or times. */
export function evidenceText(proposal: Proposal): string {
  return JSON.stringify([workloadKey(proposal.workload), ...textsOf(proposal, (rule) => [meaningOf(rule), evidenceClass(rule), rule.tier, rule.evidence.some(({ kind }) => kind === 'permitted')])]);
}

type ClosedRule = Extract<DirectionProposal, { kind: 'closed' }>['rules'][number];

function textsOf(proposal: Proposal, textOf: (rule: ClosedRule) => unknown): readonly unknown[] {
  return (['ingress', 'egress'] as const satisfies readonly Direction[]).map((direction) => {
    const each = proposal[direction];
    return each.kind === 'open' ? 'open' : each.rules.map(textOf);
  });
}
