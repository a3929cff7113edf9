import { z } from 'zod';

import { countSchema, type Shape, timeSchema } from './parts.ts';

const at = { revision: countSchema, since: timeSchema };
const why = z.string();

export const outputNameSchema = z.enum(['networkpolicy', 'folder']).describe('NetworkPolicies on the API server, or files in a folder');

export const policyRealisationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('realised'), ...at }).describe('what is desired is there, word for word, and nothing else of ours'),
  z.strictObject({ kind: z.literal('pending'), ...at }).describe('nobody has looked yet'),
  z.strictObject({ kind: z.literal('waiting'), ...at, why }).describe('nothing may be written from here, such as without --enforce or where another replica leads'),
  z.strictObject({ kind: z.literal('drifted'), ...at, why }).describe('somebody changed it, and nothing may be written from here; what may be is healed at once'),
  z.strictObject({ kind: z.literal('conflict'), ...at, why, managers: z.array(z.string()), fields: z.array(z.string()) }).describe('others manage these fields; they are never forced'),
  z.strictObject({ kind: z.literal('refused'), ...at, why, by: z.enum(['access', 'admission', 'server']) }),
  z.strictObject({ kind: z.literal('failed'), ...at, why }).describe('nobody answered, or the disk would not'),
  z.strictObject({ kind: z.literal('pruned'), ...at }).describe('nothing is desired any more, and what there was is gone'),
]);

export const policyCountsSchema = z.strictObject({ realised: countSchema, pending: countSchema, waiting: countSchema, drifted: countSchema, conflict: countSchema, refused: countSchema, failed: countSchema });

export const healedSchema = countSchema.describe('changes of others that were undone since the controller started');

export const outputsSchema = z.strictObject({
  outputs: z.array(
    z.strictObject({
      output: outputNameSchema,
      place: z.string().optional().describe('URL of the server, path of the folder; absent where there is none'),
      revision: countSchema.describe('desired'),
      lookedAt: timeSchema.optional(),
      policies: policyCountsSchema.describe('how many stand how, in all namespaces'),
      healed: healedSchema,
      namespaces: z.array(
        z.strictObject({
          namespace: z.string(),
          realisation: policyRealisationSchema.describe('that of the policy that stands worst'),
          policies: countSchema.describe('policies desired'),
          troubled: z.array(z.strictObject({ name: z.string(), realisation: policyRealisationSchema })).describe('policies that are not realised, the first of many'),
          moreTroubled: countSchema.describe('troubled ones beyond these'),
          drift: z
            .strictObject({ at: timeSchema, policy: z.string(), what: z.string(), healedAt: timeSchema.optional().describe('absent: it is not as wanted again') })
            .optional()
            .describe('what somebody changed last'),
        }),
      ),
    }),
  ),
});

export type OutputsShape = Shape<typeof outputsSchema>;
export type PolicyRealisationShape = Shape<typeof policyRealisationSchema>;
