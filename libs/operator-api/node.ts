import { z } from 'zod';

import { countSchema, type Shape, timeSchema } from './parts.ts';

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
      z.strictObject({ kind: z.literal('drifted'), revision, since, why }),
      z.strictObject({ kind: z.literal('failed'), revision, since, why }),
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

export type NodesShape = Shape<typeof nodesSchema>;
