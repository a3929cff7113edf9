import { z } from 'zod';

import { decidedSchema } from './decision.ts';
import { pageQuery, pageSchema, workloadQuery } from './page.ts';
import { countSchema, modeSchema, nameSchema, type Shape, timeSchema, workloadSchema } from './parts.ts';
import { scopeSchema, settingsSchema, targetSchema } from './setting.ts';

export const wouldDropsSchema = z
  .strictObject({
    kinds: countSchema.describe('different clients, servers and ports'),
    connections: countSchema,
    first: timeSchema.optional(),
    last: timeSchema.optional(),
  })
  .describe('what audit has counted and still lacks a rule; it would be dropped if it were enforced');

const fromSchema = z.enum(['workload', 'namespace', 'annotation', 'cluster', 'default']).describe('annotation: of the namespace; default: nobody says anything');

const modeFields = { mode: modeSchema, from: fromSchema, decided: decidedSchema.optional().describe('absent where nobody decided it here') };

export const scopeStandingSchema = z.strictObject({
  scope: scopeSchema,
  ...modeFields,
  workloads: z.strictObject({ observe: countSchema, audit: countSchema, enforce: countSchema }),
  open: countSchema.describe('in audit or enforce with nothing approved'),
  wouldDrops: wouldDropsSchema,
});

export const modesSchema = z.strictObject({
  ...settingsSchema.shape,
  scopes: z.array(scopeStandingSchema).describe('the cluster, namespaces, and workloads with a mode of their own: what a new workload starts in, and what all of it comes to'),
});

export const workloadModePageSchema = pageSchema(
  z.strictObject({
    workload: workloadSchema,
    ...modeFields,
    target: targetSchema,
    approved: countSchema.optional().describe('the revision that closed it; absent: nothing is approved, so it is open'),
    wouldDrops: wouldDropsSchema,
  }),
);

export const workloadModeQuery = z.strictObject({ ...pageQuery, namespace: nameSchema.optional(), workload: workloadQuery.optional() });

export type ModesShape = Shape<typeof modesSchema>;
export type WouldDropsShape = Shape<typeof wouldDropsSchema>;
export type WorkloadModeShape = Shape<typeof workloadModePageSchema>['items'][number];
