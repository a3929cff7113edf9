import { z } from 'zod';

import { countSchema, directionSchema, type Shape, timeSchema } from './parts.ts';
import { ruleSchema } from './rule.ts';

const changedSchema = z.array(z.strictObject({ rule: z.string(), what: z.array(z.string()) })).describe('rules that let through the same, and what else is different');

const useFields = {
  lastSeen: timeSchema.optional().describe('its last use; absent: none is known of'),
  unusedSince: timeSchema.optional().describe('its last use, else as long as somebody watched; absent where it is used or nobody can tell'),
  why: z.string(),
};
const approvedRuleSchema = z.strictObject({ rule: ruleSchema, ...useFields });

const stateSchema = z.enum(['open', 'closed']);

const directionComparisonSchema = z.strictObject({
  approved: stateSchema,
  proposed: stateSchema,
  added: z.array(z.string()).describe('ids of proposed rules that are not in force'),
  changed: changedSchema,
  missing: z.array(approvedRuleSchema).describe('in force and not proposed any more, but used, or nobody can tell; or a person added them'),
  stale: z.array(approvedRuleSchema).describe('in force, and nothing speaks for them any more'),
  unused: z.array(z.strictObject({ rule: z.string(), ...useFields })).describe('in force and still proposed, but used by nobody for two weeks'),
});

/** What an approval of the proposal would change of what is approved. */
export const comparisonSchema = z.strictObject({ ingress: directionComparisonSchema, egress: directionComparisonSchema });

const directionDifferenceSchema = z.strictObject({
  before: stateSchema,
  now: stateSchema,
  added: z.array(z.string()).describe('ids of proposed rules that were not'),
  gone: z.array(ruleSchema),
  changed: changedSchema,
});

/** What is proposed otherwise than it was. */
export const differenceSchema = z.strictObject({ ingress: directionDifferenceSchema, egress: directionDifferenceSchema });

const directionPreviewSchema = z.strictObject({ rules: z.array(ruleSchema), quarantine: z.array(z.strictObject({ direction: directionSchema, rule: z.string(), reasons: z.array(z.string()) })) });

export const previewSchema = z
  .strictObject({ ingress: directionPreviewSchema.optional(), egress: directionPreviewSchema.optional() })
  .describe('what directions left open would be closed but for, on what is known now; approving approves none of it');

export const sinceApprovalSchema = z
  .strictObject({ added: countSchema, changed: countSchema, missing: countSchema, stale: countSchema, unused: countSchema })
  .describe('how many rules an approval would add, change, and take away though used (missing) or because nothing speaks for them (stale); and that nobody uses');

export type ComparisonShape = Shape<typeof comparisonSchema>;
export type DirectionComparisonShape = ComparisonShape['ingress'];
export type DifferenceShape = Shape<typeof differenceSchema>;
export type PreviewShape = Shape<typeof previewSchema>;
export type SinceApprovalShape = Shape<typeof sinceApprovalSchema>;
