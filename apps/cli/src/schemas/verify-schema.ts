import { z } from 'zod';

import { connectionEndSchema, protocolSchema } from './parts.ts';

export const verifySchema = z.strictObject({
  policies: z.enum(['given', 'generated']),
  invariants: z.array(
    z.strictObject({
      name: z.string(),
      outcome: z.enum(['holds', 'violated', 'unknown']).describe('unknown does not hold: an end matches nothing, or hangs on what the input does not say'),
      text: z.string(),
      counterExample: z
        .strictObject({
          from: connectionEndSchema,
          to: connectionEndSchema,
          port: z.number().int(),
          protocol: protocolSchema,
          decision: z.enum(['allow', 'deny', 'unknown']),
          reasons: z.array(z.strictObject({ direction: z.enum(['egress', 'ingress']), text: z.string() })),
        })
        .optional(),
    }),
  ),
});
