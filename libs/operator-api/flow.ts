import { z } from 'zod';

import { ENTITIES } from '#model';

import { countSchema, nameSchema, protocolSchema, type Shape, timeSchema, workloadSchema } from './parts.ts';
import { pageQuery, pageSchema, workloadQuery } from './page.ts';

export const observedPeerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('workload'), workload: workloadSchema }),
  z.strictObject({ kind: z.literal('entity'), entity: z.enum(ENTITIES) }),
  z.strictObject({ kind: z.literal('node'), node: z.string(), mayBe: z.array(workloadSchema).describe('workloads that share the address of the node') }),
  z.strictObject({ kind: z.literal('service'), service: z.string().describe('a Service nobody translated') }),
  z.strictObject({ kind: z.literal('external'), host: z.string().describe('DNS name its clients knew it by, which is hearsay, else its address'), addresses: z.array(z.string()) }),
]);

export const flowSchema = z.strictObject({
  from: observedPeerSchema,
  to: observedPeerSchema,
  protocol: protocolSchema,
  port: z.number().int().nullable(),
  firstSeen: timeSchema,
  lastSeen: timeSchema,
  buckets: countSchema.describe('hours in which it was seen at all'),
  spells: countSchema.optional().describe('runs of such hours without a gap; absent where nobody counted'),
  connections: countSchema.describe('let through, those included that would be denied'),
  bytes: z.number().min(0),
  replied: countSchema.optional().describe('known to be answered; absent where no reporter could tell'),
  denied: countSchema,
  wouldBeDenied: countSchema.describe('let through because the mode was audit'),
  wouldBeDeniedIn: z.strictObject({ first: timeSchema, last: timeSchema }).optional().describe('when the first and the last of those were seen'),
  clientPods: countSchema,
  serverPods: countSchema,
  applications: z.array(z.string()),
  processes: z.array(z.string()),
  reporters: z.array(z.string()),
  missing: z.string().optional().describe('the rule it lacks, where it was or would be denied'),
});

export const flowPageSchema = pageSchema(flowSchema);

export const flowQuery = z.strictObject({
  ...pageQuery,
  namespace: nameSchema.optional().describe('flows with an end in this namespace'),
  workload: workloadQuery.optional(),
  verdict: z.enum(['allowed', 'denied', 'would-be-denied']).optional(),
  since: z.coerce.number().int().min(0).optional().describe('seen at this time or later; milliseconds since 1970'),
});

export type FlowShape = Shape<typeof flowSchema>;
