import { z } from 'zod';

import { diagnosticSchema, evidenceSchema, peerSchema, portSchema, protocolSchema } from './parts.ts';

export const graphSchema = z.strictObject({
  edges: z.array(
    z.strictObject({
      from: peerSchema,
      to: peerSchema,
      port: portSchema.nullable(),
      protocol: protocolSchema,
      host: z.string().optional().describe('DNS name or address of a server outside, where one is named'),
      application: z.string().optional().describe('protocol spoken, where metadata tells'),
      tier: z.enum(['strong', 'weak']).describe('strong may be proposed for enforcement, weak never alone'),
      confidence: z.number().min(0).max(1),
      evidence: z.array(evidenceSchema),
    }),
  ),
  unresolved: z
    .array(z.strictObject({ from: peerSchema, text: z.string(), port: portSchema.nullable(), evidence: evidenceSchema }))
    .describe('names that lead to nothing in the input; they open nothing'),
  diagnostics: z.array(diagnosticSchema),
});
