import { z } from 'zod';

import { simulatedFlowSchema, simulationSchema, unusedPathsSchema } from '#operator-api';

import { diagnosticSchema } from './parts.ts';

const offlineSchema = z.strictObject({
  policies: z.enum(['given', 'generated']),
  flows: z.array(simulatedFlowSchema).describe('every kind of flow, in the order of the input'),
  lost: z.array(simulatedFlowSchema).describe('flows that got through and would not any more, most connections first'),
  unused: unusedPathsSchema,
  diagnostics: z.array(diagnosticSchema),
});

export const simulateSchema = z.union([offlineSchema.describe('with paths'), simulationSchema.describe('asked of a controller')]);
