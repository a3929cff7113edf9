import { z } from 'zod';

import { approvalSchema } from './decision.ts';
import { edgeSchema } from './graph.ts';
import { outputNameSchema, policyRealisationSchema } from './output.ts';
import { countSchema, decisionSchema, directionSchema, modeSchema, protocolSchema, type Shape, workloadSchema } from './parts.ts';
import { ruleSchema } from './rule.ts';

export const remedySchema = z.strictObject({
  kind: z.enum(['approve', 'add-rule', 'change-others']).describe('approve what is proposed, add a rule to it first, or have a policy changed that is not managed here'),
  text: z.string(),
  workload: workloadSchema,
  admit: z.array(z.string()).describe('rules in quarantine that have to be admitted by their ids'),
  direction: directionSchema.optional().describe('of the rule to add'),
  rule: ruleSchema.pick({ peers: true, ports: true }).optional().describe('the rule to add'),
});

const sideSchema = z.strictObject({
  direction: directionSchema,
  subject: z.string().describe('the pod or address whose policies are asked'),
  workload: workloadSchema.optional(),
  mode: modeSchema.optional(),
  written: z
    .strictObject({ output: outputNameSchema, policy: z.string().optional().describe('namespace/name; absent: it has none'), realisation: policyRealisationSchema.optional() })
    .optional()
    .describe('where the policies of the workload go beside the nodes, and how that stands'),
  isAllowed: z.boolean(),
  policies: z.array(z.string()).describe('policies that close this direction'),
  reasons: z.array(
    z.strictObject({
      effect: z.enum(['allow', 'deny', 'pass']),
      policy: z.string().optional(),
      rule: z.string().optional(),
      enforcedBy: z.enum(['enforcers', 'network']).optional().describe("whose reason it is: the enforcers on the nodes, or the cluster's network; each drops what its own policies do not let through"),
      text: z.string(),
    }),
  ),
  rules: z
    .array(
      z.strictObject({
        policy: z.string(),
        rule: ruleSchema,
        approval: approvalSchema.optional().describe('absent: found in the input, nobody approved it here'),
      }),
    )
    .describe('the rules that let it through, with the approval that put them there'),
  missing: z.string().optional().describe('the smallest allowance that would let it through, as often as it is missing'),
  closedBy: approvalSchema.optional().describe('the approval that closed the direction, where one did'),
  remedy: remedySchema.optional().describe('the first of the remedies'),
  remedies: z.array(remedySchema).describe('the smallest things people can do about it, all of them needed'),
});

export const whySchema = z.strictObject({
  revision: countSchema.describe('in force when it was asked'),
  connections: z.array(
    z.strictObject({
      from: z.string(),
      to: z.string(),
      protocol: protocolSchema,
      port: z.number().int().describe('0 for ICMP'),
      decision: decisionSchema.describe('by all that is approved, as if it were enforced, and by policies of others'),
      now: decisionSchema.describe('as the modes are: what is only observed or audited drops nothing'),
      alike: countSchema.describe('connections between pods of the same ends with the very same answer, this one included'),
      sides: z.array(sideSchema).describe('egress first'),
    }),
  ),
  known: z.array(edgeSchema).describe('what is known between the two, on any port'),
});

const endQuery = z.string().min(1).max(800).describe('namespace/kind/name, namespace/pod, an address or internet');

export const whyQuery = z.strictObject({
  from: endQuery,
  to: endQuery,
  port: z.coerce.number().int().min(0).max(65_535).optional().describe('absent: every port a rule or the evidence names between the two'),
  protocol: protocolSchema.optional(),
});

export type RemedyShape = Shape<typeof remedySchema>;
export type WhyShape = Shape<typeof whySchema>;
export type WhySideShape = Shape<typeof sideSchema>;
