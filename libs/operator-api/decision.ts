import { z } from 'zod';

import type { Actor } from '#review';

import { countSchema, namedWorkloadSchema, type Shape, timeSchema } from './parts.ts';

export const actorSchema = z.strictObject({
  kind: z.enum(['person', 'rule']).describe('rule: an auto-approval rule somebody wrote'),
  name: z.string().describe('a person by how the controller knows: alice (claimed, uid 1000)'),
});

/** Who decided what is shown beside it, when and why. */
export const decidedSchema = z.strictObject({
  by: actorSchema,
  at: timeSchema,
  seq: countSchema.describe('entry of the journal'),
  reason: z.string().optional(),
});

export const approvalSchema = z.strictObject({ ...decidedSchema.shape, revision: countSchema.describe('the revision that brought it in'), ticket: z.string().optional() });

export const shownProposalSchema = z.strictObject({
  workload: namedWorkloadSchema,
  hash: z.string().min(1).max(200).describe('of the proposal as it was shown; a decision is about this and no later one'),
});

export type ActorShape = Shape<typeof actorSchema>;
export type DecidedShape = Shape<typeof decidedSchema>;
export type ApprovalShape = Shape<typeof approvalSchema>;

export function decidedShape({ by, at, seq }: { readonly by: Actor; readonly at: number; readonly seq: number }, reason?: string): DecidedShape {
  return { by, at, seq, ...(reason === undefined ? {} : { reason }) };
}
