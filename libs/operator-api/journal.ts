import { z } from 'zod';

import { actorSchema } from './decision.ts';
import { LONGEST_PAGE } from './page.ts';
import { countSchema, type Shape, timeSchema, workloadSchema } from './parts.ts';

export const journalSchema = z.strictObject({
  entries: z.array(
    z.strictObject({
      seq: countSchema,
      at: timeSchema,
      digest: z.string().describe('SHA-256 over the digest before it and the rest of the entry; HMAC under the key of the journal where it begins with hmac-sha256:'),
      kind: z.string(),
      by: actorSchema,
      reason: z.string().optional(),
      ticket: z.string().optional(),
      revision: countSchema.optional(),
      workloads: z.array(workloadSchema),
      text: z.string(),
    }),
  ),
});

export const journalQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('entries after this one'),
  limit: z.coerce.number().int().min(1).max(LONGEST_PAGE).default(100),
});

export const verificationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('whole'), entries: countSchema, digest: z.string().describe('of the last entry'), sealedFrom: countSchema.optional().describe('the first entry that is sealed with a key; it covers those before it') }),
  z.strictObject({ kind: z.literal('broken'), seq: countSchema, why: z.string() }),
]);

export type VerificationShape = Shape<typeof verificationSchema>;
export type JournalShape = Shape<typeof journalSchema>;
