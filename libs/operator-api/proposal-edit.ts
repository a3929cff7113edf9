import { z } from 'zod';

import { directionSchema, timeSchema } from './parts.ts';
import { peersSchema, portsSchema } from './rule.ts';

const rule = z.string().min(1).max(200).describe('id of the proposed rule');
const direction = directionSchema;
const why = z.string().min(1).max(1_000);

/** A change to what is proposed; kept and made again on every later proposal until it is approved or discarded. */
export const proposalEditSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('drop-rule'), direction, rule }),
  z.strictObject({
    kind: z.literal('add-rule'),
    direction,
    rule: z.strictObject({
      peers: peersSchema,
      ports: portsSchema,
      application: z.string().min(1).max(100).optional(),
      enforceApplication: z.boolean().optional(),
      expiresAt: timeSchema.optional(),
      why,
    }),
  }),
  z.strictObject({ kind: z.literal('narrow-rule'), direction, rule, peers: z.array(peersSchema.options[1].element).max(1_000).optional(), ports: z.array(portsSchema.options[1].element).max(1_000).optional() }),
  z.strictObject({ kind: z.literal('set-expiry'), direction, rule, expiresAt: z.union([timeSchema, z.literal('never')]) }),
  z.strictObject({ kind: z.literal('enforce-application'), direction, rule, isEnforced: z.boolean() }),
  z.strictObject({ kind: z.literal('leave-open'), direction }).describe('leaves a direction as open as it is, although it could be closed'),
]);
