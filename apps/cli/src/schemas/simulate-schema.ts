import { z } from 'zod';

import { diagnosticSchema, portSchema, protocolSchema, workloadSchema } from './parts.ts';

const flowSchema = z.strictObject({
  line: z.number().int().describe('line of the flow file it first stood on'),
  from: z.string().describe('who the client was taken for'),
  to: z.string().describe('who the server was taken for'),
  port: portSchema.nullable(),
  protocol: protocolSchema,
  application: z.string().optional(),
  count: z.number().int().describe('connections'),
  bytes: z.number().optional(),
  forwarded: z.boolean().describe('whether it got through when it was seen'),
  decision: z.enum(['allow', 'deny', 'unknown']),
  text: z.string(),
});

export const simulateSchema = z.strictObject({
  policies: z.enum(['given', 'generated']),
  flows: z.array(flowSchema).describe('every kind of flow, in the order of the input'),
  lost: z.array(flowSchema).describe('flows that got through and would not any more, most connections first'),
  unused: z
    .array(
      z.strictObject({
        from: workloadSchema,
        to: workloadSchema,
        ports: z.array(z.strictObject({ protocol: protocolSchema, from: z.number().int(), to: z.number().int() })),
        rules: z.array(z.string()),
      }),
    )
    .describe('paths open by a rule, although no flow used them and no evidence asks for them'),
  diagnostics: z.array(diagnosticSchema),
});
