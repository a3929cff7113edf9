import { z } from 'zod';

import { countSchema, nameSchema, type Shape, timeSchema } from './parts.ts';

const revision = countSchema;
const since = timeSchema;
const why = z.string();

export const nodeSchema = z.strictObject({
  node: z.string(),
  isConnected: z.boolean(),
  realisation: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('realised'), revision, hash: z.string(), at: timeSchema }),
      z.strictObject({ kind: z.literal('pending'), revision, since }),
      z
        .strictObject({ kind: z.literal('trial'), revision, hash: z.string(), since, until: timeSchema.optional().describe('absent: the node does not say') })
        .describe('in the kernel, and taken away again by the node itself unless somebody confirms it'),
      z.strictObject({ kind: z.literal('drifted'), revision, since, why }),
      z.strictObject({ kind: z.literal('failed'), revision, hash: z.string(), since, why }),
      z.strictObject({ kind: z.literal('silent'), since }),
    ])
    .describe('realised: everything desired is in the kernel and everything else of ours is out'),
  driver: z.string().optional(),
  enforcerVersion: z.string().optional(),
  elements: countSchema.optional(),
  commitMs: z.number().min(0).optional(),
  lastReportAt: timeSchema.optional(),
  lostEvents: countSchema,
});

export const nodesSchema = z.strictObject({ nodes: z.array(nodeSchema) });

const MOST_TRIALS = 5_000;

export const trialsBody = z.strictObject({
  trials: z
    .array(z.strictObject({ node: nameSchema, hash: z.string().min(1).max(200).describe('of the bundle on trial as it was shown; a confirmation is about this and no later one') }))
    .min(1)
    .max(MOST_TRIALS),
  reason: z.string().min(1).max(2_000).optional().describe('why; it stays in the journal for good'),
});

export const nodeRemovalBody = z.strictObject({ node: nameSchema, reason: z.string().min(1).max(2_000).optional().describe('why; it stays in the journal for good') });

export type NodesShape = Shape<typeof nodesSchema>;
