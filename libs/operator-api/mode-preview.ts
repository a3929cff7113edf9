import { z } from 'zod';

import { connectivitySchema } from './connectivity.ts';
import { observedPeerSchema } from './flow.ts';
import { countSchema, decisionSchema, diagnosticSchema, directionSchema, modeSchema, protocolSchema, type Shape, timeSchema, workloadSchema } from './parts.ts';
import { MOST_DAYS } from './question.ts';
import { givenScopeSchema, scopeSchema } from './setting.ts';
import { remedySchema } from './why.ts';

export const modePreviewBody = z.strictObject({
  scope: givenScopeSchema,
  mode: z.union([modeSchema, z.literal('cleared')]),
  skipsRamp: z.boolean().optional().describe('as for setting it'),
  days: z.number().int().min(1).max(MOST_DAYS).default(7).describe('how far back flows are replayed; what audit has counted is told whatever its age'),
});

const doomedFlowSchema = z.strictObject({
  from: observedPeerSchema,
  to: observedPeerSchema,
  protocol: protocolSchema,
  port: z.number().int().nullable(),
  count: countSchema.describe('connections of these days'),
  wouldBeDenied: countSchema.describe('counted in audit, in all'),
  wouldBeDeniedIn: z.strictObject({ first: timeSchema, last: timeSchema }).optional(),
  decision: decisionSchema.describe('unknown: some of it may get through'),
  text: z.string(),
  missing: z.array(z.string()).describe('the rules it lacks'),
  remedies: z.array(remedySchema).describe('the smallest changes that would let it through, all of them needed'),
});

export const modePreviewSchema = z.strictObject({
  scope: scopeSchema,
  mode: z.union([modeSchema, z.literal('cleared')]),
  revision: countSchema.describe('in force when it was asked'),
  shown: z.string().describe('names what is shown here: setting the mode with it is refused where it would do something else by then'),
  isLowering: z.boolean().describe('nothing is taken more earnestly than before'),
  changes: z.array(
    z.strictObject({
      workload: workloadSchema,
      before: modeSchema,
      after: modeSchema,
      approved: countSchema.optional().describe('the revision that closed it; absent: nothing is approved, so it stays open'),
      closes: z.array(directionSchema).describe('what that closes in mode enforce'),
    }),
  ),
  unchanged: countSchema.describe('workloads of the scope that keep their mode: one of their own, or this one already'),
  open: z.array(workloadSchema).describe('in audit or enforce by then with nothing approved: they stay open'),
  from: timeSchema,
  to: timeSchema,
  flows: countSchema.describe('kinds of flow that were replayed'),
  connections: countSchema,
  lost: z.array(doomedFlowSchema).describe('gets through now and would be dropped; what audit has counted most first'),
  change: connectivitySchema.optional().describe('what opens and closes, path by path; absent where that is too much to work out'),
  notes: z.array(diagnosticSchema),
});

export type ModePreviewShape = Shape<typeof modePreviewSchema>;
export type DoomedFlowShape = Shape<typeof doomedFlowSchema>;
