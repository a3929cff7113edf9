import { z } from 'zod';

import { connectionEndSchema, protocolSchema } from './parts.ts';

export const explainSchema = z.strictObject({
  verdict: z.enum(['allow', 'deny', 'unknown', 'mixed']).describe('mixed where the connections below differ'),
  policies: z.enum(['given', 'generated']).describe('whether the policies of the input were asked, or ones generated from it'),
  connections: z.array(
    z.strictObject({
      from: connectionEndSchema,
      to: connectionEndSchema,
      port: z.number().int().describe('0 for ICMP'),
      protocol: protocolSchema,
      application: z.string().optional(),
      decision: z.enum(['allow', 'deny', 'unknown']),
      alike: z.number().int().describe('connections between the same ends this one stands for, itself included'),
      sides: z.array(
        z.strictObject({
          direction: z.enum(['egress', 'ingress']),
          subject: z.string(),
          isAllowed: z.boolean(),
          policies: z.array(z.string()).describe('policies that close this direction'),
          reasons: z.array(z.strictObject({ effect: z.enum(['allow', 'deny', 'pass']), policy: z.string().optional(), rule: z.string().optional(), text: z.string() })),
          openBecause: z.string().optional().describe('why generated policies leave the direction open'),
          missing: z.string().optional().describe('the smallest allowance that would let the connection through'),
        }),
      ),
    }),
  ),
});
