import { z } from 'zod';

import { shownProposalSchema } from './decision.ts';
import { countSchema, diagnosticSchema, modeSchema, nameSchema, type Shape, timeSchema } from './parts.ts';
import { proposalEditSchema } from './proposal-edit.ts';
import { fateSchema, givenScopeSchema, targetSchema } from './setting.ts';

const MOST_PROPOSALS = 5_000;

const reason = z.string().min(1).max(2_000).describe('why; it stays in the journal for good');
const rules = z.array(z.string().min(1).max(200)).max(1_000);
const ticket = z.string().min(1).max(200).optional();
const base = countSchema.optional().describe('the current revision as it was shown; another one is a conflict');

export const approvalBody = z.strictObject({
  proposals: z
    .array(z.strictObject({ ...shownProposalSchema.shape, leaveOut: rules.optional().describe('ids of rules not to approve'), admit: rules.optional().describe('ids of rules to approve although they are in quarantine; others in quarantine are left out') }))
    .min(1)
    .max(MOST_PROPOSALS)
    .describe('all of them become one revision'),
  reason,
  ticket,
  expiresAt: timeSchema.optional().describe('when every rule approved here ends that does not end sooner'),
  base,
});

export const rejectionBody = z.strictObject({ proposals: z.array(shownProposalSchema).min(1).max(MOST_PROPOSALS), reason });

export const editBody = z.strictObject({
  ...shownProposalSchema.shape,
  edit: z.union([proposalEditSchema, z.strictObject({ kind: z.literal('discard') }).describe('takes back every edit of this workload')]),
  reason: reason.optional(),
});

export const rollbackBody = z.strictObject({ to: countSchema.describe('0 leaves nothing approved'), reason, ticket, base });

export const modeBody = z.strictObject({
  scope: givenScopeSchema,
  mode: z.union([modeSchema, z.literal('cleared')]),
  reason: reason.optional(),
  shown: z.string().min(1).max(200).optional().describe('what a preview gave; where it would do something else by now, it is a conflict'),
  skipsRamp: z.boolean().optional().describe('sets the whole cluster to enforce although a namespace is not yet'),
});

export const fateBody = z.strictObject({ scope: givenScopeSchema, fate: z.union([fateSchema, z.literal('cleared')]), reason: reason.optional() });

export const targetBody = z.strictObject({ namespace: nameSchema, target: z.union([targetSchema, z.literal('cleared')]), reason: reason.optional() });

export const doneSchema = z.strictObject({
  seq: countSchema.describe('the last entry it made in the journal'),
  revision: countSchema.optional().describe('the revision it made'),
  notes: z.array(diagnosticSchema),
});

export type DoneShape = Shape<typeof doneSchema>;
