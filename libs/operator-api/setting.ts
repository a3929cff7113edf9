import { z } from 'zod';

import { decidedSchema } from './decision.ts';
import { modeSchema, namedWorkloadSchema, nameSchema, type Shape, workloadSchema } from './parts.ts';

function scopeOf(namespace: z.ZodString, workload: typeof workloadSchema) {
  return z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('cluster') }),
      z.strictObject({ kind: z.literal('namespace'), namespace }),
      z.strictObject({ kind: z.literal('workload'), workload }),
    ])
    .describe('the narrower scope wins');
}

export const scopeSchema = scopeOf(z.string(), workloadSchema);

/** A scope somebody sends. */
export const givenScopeSchema = scopeOf(nameSchema, namedWorkloadSchema);

export const fateSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('cut') }),
    z.strictObject({ kind: z.literal('drain'), seconds: z.number().int().min(1).max(604_800) }),
    z.strictObject({ kind: z.literal('keep') }),
  ])
  .describe('what becomes of established connections that a new revision forbids');

export const targetSchema = z.enum(['nftables', 'networkpolicy', 'folder', 'none']);

export const settingsSchema = z.strictObject({
  defaultMode: modeSchema,
  modes: z.array(z.strictObject({ scope: scopeSchema, mode: modeSchema, ...decidedSchema.shape })),
  fates: z.array(z.strictObject({ scope: scopeSchema, fate: fateSchema, ...decidedSchema.shape })),
  targets: z.array(z.strictObject({ namespace: z.string(), target: targetSchema, ...decidedSchema.shape })),
});

export type SettingsShape = Shape<typeof settingsSchema>;
export type ScopeShape = Shape<typeof scopeSchema>;
export type FateShape = Shape<typeof fateSchema>;
