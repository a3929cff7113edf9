import { z } from 'zod';

import { workloadFromKey } from './page.ts';
import { countSchema, namedWorkloadSchema } from './parts.ts';

export const MOST_DAYS = 90;

const rules = z.array(z.string().min(1).max(200)).max(1_000).describe('as for an approval; they may belong to any of the workloads');

export const simulationBody = z.strictObject({
  what: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('proposals'), workloads: z.array(namedWorkloadSchema).min(1).max(5_000), leaveOut: rules.optional(), admit: rules.optional() }),
    z.strictObject({ kind: z.literal('revision'), number: countSchema }),
  ]),
  days: z.number().int().min(1).max(MOST_DAYS).default(7).describe('how far back flows are replayed'),
});

const sideQuery = z
  .string()
  .min(1)
  .max(8_000)
  .regex(/^(?:\d{1,15}|proposals|[^/,]+\/[^/,]+\/[^/,]+(?:,[^/,]+\/[^/,]+\/[^/,]+)*)$/, 'give a revision number, proposals, or workloads as namespace/kind/name, separated by commas')
  .transform((text) => {
    if (/^\d+$/.test(text)) return { kind: 'revision', number: Number(text) } as const;
    return { kind: 'proposals', workloads: text === 'proposals' ? 'all' : text.split(',').map(workloadFromKey) } as const;
  })
  .describe('a revision number; proposals: the current revision with every proposal approved; or with those of these workloads');

export const diffQuery = z.strictObject({ before: sideQuery, after: sideQuery });
