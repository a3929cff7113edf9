import { z } from 'zod';

import { protocolSchema } from './parts.ts';

export const checkSchema = z.strictObject({
  engine: z.enum(['evaluate', 'trace', 'kernel']),
  passed: z.number().int(),
  failed: z.number().int(),
  skipped: z.number().int().describe('probes of disputed cases'),
  mismatches: z.array(
    z.strictObject({
      case: z.string(),
      probe: z.strictObject({
        from: z.string(),
        to: z.string(),
        port: z.union([z.number(), z.string()]),
        protocol: protocolSchema,
        ipFamily: z.union([z.literal(4), z.literal(6)]).optional(),
      }),
      run: z.string().describe('which of the runs of the probe went wrong first: placement of the pods, from scratch or incremental'),
      expected: z.enum(['allow', 'deny']),
      got: z.enum(['allow', 'deny', 'unsupported']),
      decidedBy: z.string(),
    }),
  ),
});
