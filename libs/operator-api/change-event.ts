import { z } from 'zod';

import { outputNameSchema } from './output.ts';
import { countSchema, type Shape, timeSchema, workloadSchema } from './parts.ts';

/** The data of a server-sent event: a hint to ask again. */
export const changeEventSchema = z.strictObject({
  at: timeSchema,
  change: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('reset') }).describe('events were missed: ask everything anew'),
    z.strictObject({ kind: z.literal('reviews'), workloads: z.array(workloadSchema) }),
    z.strictObject({ kind: z.literal('graph') }),
    z.strictObject({ kind: z.literal('revision'), number: countSchema }),
    z.strictObject({ kind: z.literal('modes') }),
    z.strictObject({ kind: z.literal('nodes'), nodes: z.array(z.string()) }),
    z.strictObject({ kind: z.literal('outputs'), outputs: z.array(outputNameSchema) }),
    z.strictObject({ kind: z.literal('journal'), seq: countSchema }),
    z.strictObject({ kind: z.literal('status') }),
  ]),
});

export type ChangeEventShape = Shape<typeof changeEventSchema>;
