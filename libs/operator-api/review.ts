import { z } from 'zod';

import type { DirectionProposal, Proposal } from '#model';

import { comparisonSchema, differenceSchema, previewSchema, sinceApprovalSchema } from './comparison.ts';
import { approvalSchema, decidedSchema } from './decision.ts';
import { pageQuery, pageSchema, workloadQuery } from './page.ts';
import { countSchema, directionSchema, modeSchema, namedWorkloadSchema, nameSchema, type Shape, shareSchema, timeSchema, workloadSchema } from './parts.ts';
import { proposalEditSchema } from './proposal-edit.ts';
import { ruleSchema, ruleShape } from './rule.ts';

const coverageSchema = z
  .strictObject({
    estimate: shareSchema,
    low: shareSchema,
    high: shareSchema,
    seen: countSchema,
    seenOnce: countSchema,
    seenTwice: countSchema,
    buckets: countSchema,
    lowered: z.array(z.string()).describe('what lowered it: losses reporters admitted, ends nobody could be found for'),
  })
  .describe('share of the real traffic that has been learned, with its 90 % interval');

export const standingSchema = z
  .enum(['proposed', 'edited', 'approved', 'rejected'])
  .describe('approved: what is proposed now is in force; rejected: silent until the evidence changes');

/** One line of the list of proposals. */
export const proposalSummarySchema = z.strictObject({
  workload: workloadSchema,
  hash: z.string().describe('a decision has to name it'),
  standing: standingSchema,
  mode: modeSchema,
  isReady: z.boolean(),
  waitsFor: z.array(z.string()).describe('why it is not ready'),
  coverage: coverageSchema,
  ingress: z.enum(['closed', 'open']),
  egress: z.enum(['closed', 'open']),
  rules: countSchema,
  undeclared: countSchema.describe('rules for what was observed and nothing declares: they need eyes'),
  notExercised: countSchema.describe('rules for what is declared and was not observed yet'),
  quarantined: countSchema.describe('rules no auto-approval may take'),
  brokenInvariants: z.array(z.string()).describe('it cannot be approved while there are any'),
  inForce: approvalSchema.optional().describe('the newest approval that is in force, also where the proposal has moved on since'),
  sinceApproval: sinceApprovalSchema.optional().describe('against what is in force; absent where nothing is'),
  quarantineEnded: z.array(z.string()).describe('rules the approval in force left out for being in quarantine, which they are not any more'),
  rejectedBefore: decidedSchema.optional().describe('a rejection that stands no more, for the evidence has changed since'),
  autoApproval: z
    .union([z.strictObject({ rule: z.string() }), z.strictObject({ why: z.array(z.string()) })])
    .optional()
    .describe('the auto-approval rule that takes it, or why none does'),
});

const directionProposalSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('closed'), rules: z.array(ruleSchema), why: z.string() }),
  z.strictObject({ kind: z.literal('open'), why: z.string() }),
]);

export const proposalSchema = z.strictObject({
  ...proposalSummarySchema.shape,
  proposal: z.strictObject({ ingress: directionProposalSchema, egress: directionProposalSchema }).describe('what an approval would approve, edits included'),
  directionCoverage: z.strictObject({ ingress: coverageSchema, egress: coverageSchema }).describe('the same for each direction alone'),
  comparison: comparisonSchema.optional().describe('with what is in force, rule by rule; absent where nothing is'),
  sinceRejection: differenceSchema.optional().describe('what is proposed otherwise than what was rejected; absent where nothing was, or an earlier release did not note it'),
  preview: previewSchema,
  awaitedRuns: z.array(z.strictObject({ workload: workloadSchema, schedule: z.string(), next: timeSchema.optional(), why: z.string() })).describe('scheduled runs not observed yet'),
  quarantine: z.array(z.strictObject({ direction: directionSchema, rule: z.string(), reasons: z.array(z.string()) })),
  edits: z.array(z.strictObject({ ...decidedSchema.shape, edit: proposalEditSchema })),
  misfits: z.array(z.string()).describe('edits that do nothing, and why: their rule is not proposed any more'),
  leftOutBefore: z.array(z.string()).describe('rules proposed again although the approval in force left them out'),
  rejection: decidedSchema.optional(),
});

export const proposalPageSchema = pageSchema(proposalSummarySchema);

export const proposalQuery = z.strictObject({
  ...pageQuery,
  namespace: nameSchema.optional(),
  workload: workloadQuery.optional(),
  standing: standingSchema.optional(),
  ready: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
});

export const workloadParams = namedWorkloadSchema;

export type ProposalSummaryShape = Shape<typeof proposalSummarySchema>;
export type ProposalShape = Shape<typeof proposalSchema>;
export type DirectionProposalShape = Shape<typeof directionProposalSchema>;

export function directionsShape({ ingress, egress }: Proposal): ProposalShape['proposal'] {
  return { ingress: directionShape(ingress), egress: directionShape(egress) };
}

function directionShape(direction: DirectionProposal): DirectionProposalShape {
  return direction.kind === 'open' ? direction : { kind: 'closed', rules: direction.rules.map(ruleShape), why: direction.why };
}
